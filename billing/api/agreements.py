"""What programs are told of what was agreed beside the catalog: kind, value, days, and what is true afterwards."""

from collections.abc import Mapping
from typing import Any, Final

from rest_framework import serializers

from billing.models import Terms, TermsKind, TermsState
from billing.queries import terms_words
from billing.queries.standing_facts import Agreed

# What nobody has approved is nobody's business yet.
AGREED_STATES = [
    choice for choice in TermsState.choices if choice[0] in (TermsState.APPROVED, TermsState.ENDED, TermsState.ENDED_EARLY)
]
VALUES: Final = ("percent_bps", "net_days", "amount_minor", "currency", "seats", "plan", "feature", "limit")
EXAMPLE: dict[str, Any] = {
    "id": "a8w3n6t5h7m2q9x4",
    "kind": "payment_terms",
    "value": dict.fromkeys(VALUES) | {"net_days": 45},
    "summary": "45 days to pay an invoice",
    "line": None,
    "state": "approved",
    "is_in_force": True,
    "starts_on": "2026-03-01",
    "ends_on": "2027-03-01",
    "ended_at": None,
    "afterwards": "Invoices from then on are paid as everybody pays them.",
}


class AgreementValueOutput(serializers.Serializer[Any]):
    """What it says; of a kind that does not say it, null."""

    percent_bps = serializers.IntegerField(allow_null=True, help_text="`discount`: in hundredths of a percent.")
    net_days = serializers.IntegerField(allow_null=True, help_text="`payment_terms`: days to pay an invoice.")
    amount_minor = serializers.IntegerField(allow_null=True, help_text="`credit_limit`: what may be open at once.")
    currency = serializers.CharField(allow_null=True, help_text="`credit_limit`: of its amount.")
    seats = serializers.IntegerField(
        allow_null=True, help_text="`seat_ceiling`: up to how many self-service sells. `term`: the fewest until its end."
    )
    plan = serializers.CharField(allow_null=True, help_text="`term`: the code of the smallest plan until its end.")
    feature = serializers.CharField(allow_null=True, help_text="`feature`: its code.")
    limit = serializers.IntegerField(allow_null=True, help_text="`feature`: how much more; null: without limit.")


class AgreementOutput(serializers.Serializer[Any]):
    """What was agreed with a person beside the catalog, until a day. It is read here, and changed by talking to us."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=TermsKind.choices)
    value = AgreementValueOutput()
    summary = serializers.CharField(help_text="The same in words.")
    line = serializers.CharField(allow_null=True, help_text="Of which product line; null: of the organization as a whole.")
    state = serializers.ChoiceField(choices=AGREED_STATES)
    is_in_force = serializers.BooleanField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text="The first day without it, in the organization's time zone.")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Since when it is over.")
    afterwards = serializers.CharField(help_text="What is true from its end on, in words.")


def of_row(row: Terms) -> dict[str, Any]:
    """As AgreementOutput has it; `row` with its line."""
    return _plain(row, row.line.code if row.line else None)


def of_standing(one: Agreed, line: str) -> dict[str, Any]:
    return _plain(one, line if one.is_of_line else None)


def _plain(one: Terms | Agreed, line: str | None) -> dict[str, Any]:
    said: Mapping[str, Any] = one.value
    return {
        "id": one.public_id,
        "kind": one.kind,
        "value": {name: said.get(name) for name in VALUES},
        "summary": terms_words.gives(one.kind, said),
        "line": line,
        "state": one.state,
        "is_in_force": one.is_in_force,
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
        "ended_at": one.ended_at,
        "afterwards": terms_words.after(one.kind),
    }
