"""Lists, page by page, one way everywhere: `limit`, and `after` with the `next` of the page before.

A cursor is a place, not a number of rows: what is added or goes meanwhile neither repeats nor skips the rest.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

MOST: Final = 200
USUAL: Final = 50
PLACE: Final = r"^[0-9]{1,18}(-[0-9]{1,18})?\Z"


class PageQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=USUAL)
    after = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=40, help_text="`next` of the page before, as it was."
    )

    def validate_after(self, value: str) -> str:
        if value and not re.match(PLACE, value):
            raise serializers.ValidationError(_("Send the `next` of the page before, as it was."))
        return value


def paged(item: type[serializers.Serializer[Any]], name: str) -> type[serializers.Serializer[Any]]:
    """The shape of a page of such items."""
    members = {
        "data": item(many=True),
        "next": serializers.CharField(allow_null=True, help_text="`after` of the next page; null: this is the last."),
    }
    return type(name, (serializers.Serializer,), members)


def page(
    rows: QuerySet[Any], asked: dict[str, Any], plain: Callable[[Any], Any], *, newest_first: bool = False
) -> dict[str, Any]:
    """A page of rows in the order of their ids. One query."""
    place = int(asked["after"].partition("-")[0]) if asked["after"] else None
    if place is not None:
        rows = rows.filter(pk__lt=place) if newest_first else rows.filter(pk__gt=place)
    found: Sequence[Model] = list(rows.order_by("-pk" if newest_first else "pk")[: asked["limit"] + 1])
    shown = found[: asked["limit"]]
    return {"data": [plain(row) for row in shown], "next": str(shown[-1].pk) if len(found) > len(shown) else None}
