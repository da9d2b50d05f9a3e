"""Leaving: who may end at once and what goes back, exhaustively; and which one thing is offered before."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from billing.models import CancelReason
from billing.rules import endings, pauses, retention
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


AT = datetime(2026, 3, 31, tzinfo=UTC)
FINE = {
    "status": "active",
    "interval": "month",
    "is_in_trial": False,
    "is_on_card": True,
    "is_behind": False,
    "ends": False,
    "waits": False,
}


@pytest.mark.parametrize(
    ("change", "limits", "why"),
    [
        ({}, {}, None),
        ({}, {"most_months": 0}, "not_offered"),
        ({}, {"per_year": 0}, "not_offered"),
        ({}, {"months": 0}, "too_long"),
        ({}, {"months": 4}, "too_long"),
        ({"is_in_trial": True, "status": "trialing"}, {}, "in_trial"),
        ({"is_behind": True, "status": "past_due"}, {}, "pay_first"),
        ({"is_behind": True}, {}, "pay_first"),
        ({"status": "unpaid"}, {}, "not_active"),
        ({"interval": "year"}, {}, "not_monthly"),
        ({"is_on_card": False}, {}, "no_card"),
        ({"ends": True}, {}, "ends"),
        ({"waits": True}, {}, "waits"),
        ({"is_unbilled": True}, {}, "unbilled"),
        ({"before": (AT - timedelta(days=364),)}, {}, "too_soon"),
        ({"before": (AT - timedelta(days=365),)}, {}, None),
        ({"before": (AT - timedelta(days=364),)}, {"per_year": 2}, None),
        ({"before": (AT - timedelta(days=364), AT - timedelta(days=9))}, {"per_year": 2}, "too_soon"),
    ],
)
def test_whether_it_can_be_paused(change, limits, why):
    asked = {"months": 2, "most_months": 3, "per_year": 1} | limits
    assert pauses.refusal(pauses.Facts(**FINE | change), **asked, now=AT) == why


def test_when_a_pause_is_over_announced_and_tried_again():
    assert pauses.resumes_at(AT, 1) == datetime(2026, 4, 30, tzinfo=UTC)
    assert pauses.announced_at(AT, pauses.resumes_at(AT, 1), days=7) == datetime(2026, 4, 23, tzinfo=UTC)
    assert pauses.announced_at(AT, AT + timedelta(days=14), days=7) is None
    assert pauses.announced_at(AT, AT + timedelta(days=90), days=0) is None
    assert pauses.next_at([AT - timedelta(days=100), AT - timedelta(days=9)], per_year=1, now=AT) == AT + timedelta(days=356)
    assert pauses.next_at([AT - timedelta(days=100), AT - timedelta(days=9)], per_year=2, now=AT) == AT + timedelta(days=265)
    tries = [pauses.again_at(number, AT) for number in range(5)]
    assert tries == [None, AT + timedelta(days=3), AT + timedelta(days=4), None, None]
