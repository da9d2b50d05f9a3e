"""From when to when usage is counted, and what grants a feature."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import entitlements, intervals, metering
from billing.rules.catalog import Resets

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
YEAR = metering.Period(started_at=START, starts_at=START, ends_at=intervals.end(START, "year"), interval="year")
MONTH = metering.Period(started_at=START, starts_at=START, ends_at=intervals.end(START, "month"), interval="month")


def day(month, number, hour=9):
    return datetime(2026, month, number, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("resets", "now", "starts_at", "ends_at"),
    [
        (Resets.MONTH, day(2, 1), START, day(2, 28)),
        (Resets.MONTH, day(2, 28), day(2, 28), day(3, 31)),
        (Resets.MONTH, day(3, 31, hour=8), day(2, 28), day(3, 31)),
        (Resets.MONTH, day(12, 31), day(12, 31), datetime(2027, 1, 31, 9, 30, tzinfo=UTC)),
        (Resets.PERIOD, day(12, 31), START, datetime(2027, 1, 31, 9, 30, tzinfo=UTC)),
        (Resets.NEVER, day(12, 31), START, None),
    ],
)
def test_windows_of_a_year(resets, now, starts_at, ends_at):
    assert metering.window(resets, YEAR, now) == metering.Window(starts_at=starts_at, ends_at=ends_at)


def test_a_renewal_not_heard_of_yet_begins_where_the_period_ends():
    late = metering.window(Resets.MONTH, MONTH, MONTH.ends_at + timedelta(hours=1))
    assert (late.starts_at, late.ends_at) == (day(2, 28), day(3, 31))


def test_a_trials_window_ends_with_it():
    trial = metering.Period(started_at=START, starts_at=START, ends_at=START + timedelta(days=14), interval="month")
    assert metering.window(Resets.MONTH, trial, START).ends_at == trial.ends_at


@given(st.integers(0, 800 * 24), st.sampled_from([YEAR, MONTH]), st.sampled_from([Resets.MONTH, Resets.PERIOD]))
def test_every_instant_falls_into_one_window_which_all_its_instants_share(hours, period, resets):
    now = START + timedelta(hours=hours)
    found = metering.window(resets, period, now)
    assert found.starts_at <= now < found.ends_at
    for inside in (found.starts_at, found.ends_at - timedelta(microseconds=1)):
        assert metering.window(resets, period, inside) == found
    assert metering.window(resets, period, found.ends_at).starts_at == found.ends_at


def bringer(limit, count=1, code="reports"):
    feature = {"code": code, "limit": limit, "resets": "month"}
    kind = entitlements.SourceKind.ADDON
    return entitlements.Bringer(kind=kind, code="x", name="x", since=START, features=[feature], count=count)


def holding(*bringers, status="active"):
    return entitlements.Holding(plan="line/plan", status=status, bringers=bringers, period=MONTH, is_member=False)


def asked(*holdings, is_personal=False, code="reports"):
    used = {("reports", START): 70}
    return entitlements.answer(holdings, code, is_personal=is_personal, used=used, now=day(2, 1))


def test_what_grants_adds_up():
    found = asked(holding(bringer(50), bringer(25, count=2)))
    assert (found.limit, found.used, found.remaining, found.resets_at) == (100, 70, 30, day(2, 28))
    assert asked(holding(bringer(50))).remaining == 0
    assert (asked(holding(bringer(None), bringer(5))).limit, asked(holding(bringer(None))).remaining) == (None, None)


def test_of_several_subscriptions_the_one_that_entitles_answers():
    found = asked(holding(bringer(9), status="unpaid"), holding(bringer(8)), holding(bringer(7)))
    assert (found.entitled, found.limit) == (True, 8)
    assert asked(holding(bringer(1, code="other")), holding(bringer(9), status="unpaid")).reason == "subscription_suspended"
    assert (asked().reason, asked(holding()).reason) == ("no_subscription", "not_in_plan")
    assert asked(holding(bringer(1)), is_personal=True).reason == "not_a_member"
