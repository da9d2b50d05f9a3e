"""Codes on timelines are words: all that the store itself writes, and Stripe's that are known."""

import pytest

from billing.models import AdjustmentKind, AdjustmentReason, DifferenceKind, SubscriptionStatus
from billing.rules.tax import Exempt, Reason
from config.admin import codes, facts


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("reason", {str(one) for one in Reason}),
        ("reason", set(AdjustmentReason.values) - {"goodwill", "outage", "other"}),
        ("exempt", {str(one) for one in Exempt}),
        ("how", set(AdjustmentKind.values)),
        ("difference_kind", set(DifferenceKind.values)),
        ("status", set(SubscriptionStatus.values)),
    ],
)
def test_every_code_of_ours_has_words(name, written):
    assert written <= codes.WORDS[name].keys()


def test_words_on_the_timeline():
    said = facts.told({"reason": "confirmed", "before": "no_id", "exempt": "reverse", "why": "insufficient_funds"})
    for word in ("The VAT ID is confirmed", "No VAT ID of the EU", "Reverse charge", "Not enough money on the account"):
        assert word in said
    assert "zebra_code" in facts.told({"why": "zebra_code"})
