"""How an object is named: by its own id, or as `external:<your id>` by the id that it has in the vendor's product.

The same form in paths (`/organizations/external:crm-42`), in bodies (`"members": ["external:u-93"]`) and in the header
`Storefront-Organization`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_field
from rest_framework import exceptions, serializers

from accounts.models import Membership, Organization
from billing.api.problems import Problem, field

M = TypeVar("M", bound=Model)

PREFIX: Final = "external:"
# What stands in a path as it is: letters, digits and a few marks.
EXTERNAL_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._:@+~=-]{0,119}\Z"
# Our ids are 16 small letters and digits, rows' are numbers, Stripe's begin like sub_.
SHAPE: Final = re.compile(rf"^(?:[A-Za-z0-9_]{{1,64}}|{PREFIX}{EXTERNAL_ID[1:-2]})\Z")
ROW_ID: Final = re.compile(r"^[0-9]{1,18}\Z")
WRONG = _("Send an id, or `external:` and your own id: letters, digits and . _ : @ + ~ = -, 120 at most.")


@dataclass(frozen=True)
class Reference:
    """One of the two is empty."""

    id: str
    external_id: str = ""


def parse(said: str, name: str) -> Reference:
    """Take a reference apart. Raises ValidationError that names the field `name`."""
    if not SHAPE.match(said):
        raise exceptions.ValidationError({name: [WRONG]})
    return Reference("", said.removeprefix(PREFIX)) if said.startswith(PREFIX) else Reference(said)


def named(rows: QuerySet[M], said: str, name: str, *, by: str = "public_id") -> M:
    """The one of `rows` that a path names, by its own id (the field `by`) or the vendor's. One query.

    Raises ValidationError, which names the path's `name`, and Http404.
    """
    found = find(rows, parse(said, name), by=by)
    if found is None:
        raise Http404
    return found


def find(rows: QuerySet[M], reference: Reference, *, by: str = "public_id") -> M | None:
    """The one of `rows` so named; of several subscriptions' changes of one external id the newest. One query."""
    if reference.external_id:
        return rows.filter(external_id=reference.external_id).order_by("-pk").first()
    if by == "pk" and not ROW_ID.match(reference.id):
        return None
    return rows.filter(**{by: reference.id}).first()


def made_once(
    rows: QuerySet[M], external_id: str | None, make: Callable[[], M], *, at: datetime, began: str = "created_at"
) -> tuple[M, bool]:
    """ "Create if absent": the one of `rows` with this external id, or what `make` makes at `at`, and whether it is new.

    One that is there stays as it is. Of two calls at once the later finds what the earlier has made, whatever its own attempt
    ran into: the database lets an id be given once. `began` is the field that says when a row was made.
    """
    if external_id is None:
        only: Any = make()
        return only, getattr(only, began) == at
    known = rows.filter(external_id=external_id).order_by("-pk")
    found = known.first()
    if found is not None:
        return found, False
    try:
        made: Any = make()
    except Exception:
        found = known.first()
        if found is None:
            raise
        return found, False
    return made, getattr(made, began) == at


def path(name: str, what: str) -> OpenApiParameter:
    """How a path's reference is described."""
    return OpenApiParameter(
        name=name,
        type={"type": "string", "pattern": SHAPE.pattern.replace(r"\Z", "$").replace("(?:", "("), "maxLength": 130},
        location=OpenApiParameter.PATH,
        description=f"{what}: its id, or `external:` and your own id of it.",
        examples=[OpenApiExample("Your own id", value=f"{PREFIX}crm-42")],
    )


class ExternalIdField(serializers.RegexField):
    """The vendor's own id of an object, as it is set."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Your own id of it: letters, digits and . _ : @ + ~ = -.")
        super().__init__(EXTERNAL_ID, max_length=120, error_messages={"invalid": WRONG}, **kwargs)


class ReferenceField(serializers.RegexField):
    """An object in a body: its id, or `external:` and the vendor's own id of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(SHAPE, max_length=130, error_messages={"invalid": WRONG}, **kwargs)


@extend_schema_field(
    {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": f"^({PREFIX}[A-Za-z0-9]|[0-9]).*$"}]}
)
class MemberField(serializers.CharField):
    """A member in a body: the id (as a number, or its digits), or `external:` and the vendor's own id of the person."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 130)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        said: str = super().to_internal_value(data)
        if not (ROW_ID.match(said) or (said.startswith(PREFIX) and SHAPE.match(said))):
            raise serializers.ValidationError(WRONG)
        return said


PERSON: Final = re.compile(r"^[^@\s]+@[^@\s]+\Z")


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": f"^({PREFIX}[A-Za-z0-9]|[0-9]|[^@ ]+@[^@ ]).*$", "maxLength": 254},
        ]
    }
)
class PersonField(MemberField):
    """As MemberField, or the person's e-mail address."""

    def to_internal_value(self, data: Any) -> str:
        said: str = serializers.CharField.to_internal_value(self, data)
        return said.lower() if PERSON.match(said) and not said.startswith(PREFIX) else super().to_internal_value(data)


def rows(organization: Organization) -> QuerySet[Membership]:
    """The living members, with who they are."""
    return Membership.objects.live().filter(organization=organization).select_related("user", "organization")


def one_of(found: QuerySet[Membership], said: str) -> Membership | None:
    """The member of a valid reference, or of an address, among `found`. One query."""
    if "@" in said and not said.startswith(PREFIX):
        return found.filter(user__email=said).first()
    if said.startswith(PREFIX):
        return found.filter(user__external_id=said.removeprefix(PREFIX)).first()
    return found.filter(pk=int(said)).first() if ROW_ID.match(said) else None


def member(organization: Organization, said: str) -> Membership:
    """The living member that a path names. Raises ValidationError and Http404. One query."""
    parse(said, "member")
    found = one_of(rows(organization), said)
    if found is None:
        raise Http404
    return found


def members(organization: Organization, said: list[str], pointer: str) -> list[int]:
    """The ids of the living members that a body names, in its order. Raises 422 with all that are none. One query."""
    if not said:
        return []
    externals = [one.removeprefix(PREFIX) for one in said if one.startswith(PREFIX)]
    numbers = [int(one) for one in said if not one.startswith(PREFIX)]
    found = rows(organization).filter(Q(pk__in=numbers) | Q(user__external_id__in=externals))
    known = {name: row.pk for row in found for name in (str(row.pk), f"{PREFIX}{row.user.external_id}")}
    named = [one if one.startswith(PREFIX) else str(int(one)) for one in said]
    missing = sorted(set(named) - known.keys())
    if missing:
        raise unknown(missing, pointer)
    return [known[one] for one in named]


def unknown(missing: list[str], pointer: str) -> Problem:
    detail = str(_("These are no members of the organization: %(ids)s.")) % {"ids": ", ".join(missing)}
    return Problem("not-a-member", detail, status_code=422, errors=[field(pointer, detail, "not-a-member")])
