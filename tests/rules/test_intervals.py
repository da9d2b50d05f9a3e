"""Periods keep the day that a subscription began on, through shorter months, as Stripe does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import intervals

instants = st.integers(0, 5 * 366 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))


@given(instants)
def test_months_follow_each_other_on_the_day_of_the_first(begun):
    starts_at, ends_at = begun, intervals.end(begun, "month")
    for count in range(2, 40):
        starts_at, ends_at = ends_at, intervals.following(starts_at, ends_at, "month")
        assert ends_at == intervals.months_after(begun, count)


@pytest.mark.parametrize(
    ("starts", "ends", "interval", "then"),
    [
        ((2027, 1, 31), (2027, 2, 28), "month", (2027, 3, 31)),
        ((2027, 2, 28), (2027, 3, 30), "month", (2027, 4, 30)),
        ((2028, 2, 29), (2029, 2, 28), "year", (2030, 2, 28)),
        ((2027, 1, 20), (2027, 2, 3), "month", (2027, 3, 3)),  # a trial: the month begins with its end
    ],
)
def test_what_comes_after_a_period(starts, ends, interval, then):
    starts_at, ends_at, wanted = (datetime(*day, tzinfo=UTC) for day in (starts, ends, then))
    assert intervals.following(starts_at, ends_at, interval) == wanted
