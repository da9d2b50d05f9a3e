"""What lists are narrowed by: the product line, the subscription, the state."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from billing.api import inputs, paging, references

M = TypeVar("M", bound=Model)


class SubscriptionQuery(paging.PageQuery, inputs.LineQuery):
    """Add `state` where the list has one."""

    subscription = references.ReferenceField(
        required=False, help_text="Only of this subscription: its id, or `external:` and your own."
    )


def narrowed(rows: QuerySet[M], asked: dict[str, Any], *, line: str = "subscription__line") -> QuerySet[M]:
    """The rows of what a SubscriptionQuery names; `line` is the way from a row to its product line."""
    if asked.get("line"):
        rows = rows.filter(**{f"{line}__code": asked["line"]})
    if asked.get("state"):
        rows = rows.filter(state=asked["state"])
    if asked.get("subscription"):
        named = references.parse(asked["subscription"], "subscription")
        wanted = {"external_id": named.external_id} if named.external_id else {"stripe_id": named.id}
        rows = rows.filter(**{f"subscription__{name}": value for name, value in wanted.items()})
    return rows
