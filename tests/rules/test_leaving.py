"""Leaving: who may end at once and what goes back, exhaustively; and which one thing is offered before."""

from itertools import product

import pytest

from billing.models import CancelReason
from billing.rules import endings, retention
from billing.rules.endings import Facts, OpenInvoices
from billing.rules.retention import Offer

STATUSES = ("trialing", "active", "past_due", "unpaid", "paused")
EVERYTHING = frozenset(Offer)


@pytest.mark.parametrize("status", STATUSES)
def test_what_goes_back_and_what_is_settled(status):
    for is_in_trial, owes, is_overdue, gives_back, voids in product((False, True), repeat=5):
        facts = Facts(status=status, is_in_trial=is_in_trial, owes=owes, is_overdue=is_overdue)
        found = endings.terms(facts, gives_back=gives_back, voids=voids)
        is_behind = status in ("past_due", "unpaid") or is_overdue
        assert endings.may_anybody(facts) == (is_behind or status == "paused")
        is_paid = status == "active" and not is_in_trial and not owes and not is_overdue
        assert found.gives_back == (is_paid and gives_back)
        if owes or is_behind:
            assert found.invoices is (OpenInvoices.VOID if voids else OpenInvoices.WRITTEN_OFF)


def test_every_reason_has_a_row_and_a_possible_offer_or_none():
    assert set(retention.TABLE) == set(CancelReason.values)
    for reason, segment in product(CancelReason.values, ("", "smb", "mid_market", "enterprise")):
        assert retention.offer(reason, segment, frozenset()) is None
        for one in Offer:
            assert retention.offer(reason, segment, {one}) in (one, None)


@pytest.mark.parametrize(
    ("reason", "segment", "possible", "shown"),
    [
        ("price", "smb", EVERYTHING, Offer.SMALLER),
        ("price", "smb", {Offer.ANNUAL, Offer.HUMAN}, Offer.ANNUAL),
        ("price", "enterprise", EVERYTHING, Offer.HUMAN),
        ("unused", "smb", EVERYTHING, Offer.PAUSE),
        ("unused", "smb", {Offer.HUMAN, Offer.SMALLER}, Offer.SMALLER),
        ("unused", "mid_market", EVERYTHING, Offer.SMALLER),
        ("missing", "smb", EVERYTHING, Offer.HUMAN),
        ("switched", "smb", EVERYTHING, None),
        ("switched", "enterprise", EVERYTHING, Offer.HUMAN),
        ("closed", "enterprise", EVERYTHING, None),
    ],
)
def test_the_table(reason, segment, possible, shown):
    assert retention.offer(reason, segment, possible) is shown


def test_a_policy_overrides_the_table():
    lines = ["price: annual, nonsense, smaller", "unused:", "no colon"]
    assert retention.offer("price", "enterprise", EVERYTHING, lines) is Offer.ANNUAL
    assert retention.offer("unused", "smb", EVERYTHING, lines) is None
    assert retention.offer("missing", "smb", EVERYTHING, lines) is Offer.HUMAN
