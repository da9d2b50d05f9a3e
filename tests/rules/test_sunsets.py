"""Until when each customer has a plan that ends, and when it is told."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.rules import intervals, sunsets

ENDS = datetime(2027, 6, 1, tzinfo=UTC)
DAYS = (60, 30, 7)
instants = (
    st.integers(-17_000, 5_000)
    .map(lambda hours: ENDS + timedelta(hours=hours))
    .filter(lambda at: (at.month, at.day) != (2, 29))
)


@given(instants, st.integers(0, 20), st.sampled_from(["month", "year"]))
def test_it_is_the_first_renewal_from_the_day_on(begun, before, interval):
    step = 12 if interval == "year" else 1
    renewals = [intervals.months_after(begun, count * step) for count in range(60)]
    found = sunsets.had_until((renewals[before], renewals[before + 1]), interval, ENDS)
    assert found == next(one for one in renewals[before + 1 :] if one >= ENDS)


def test_the_newest_of_the_notices_and_then_the_day_before():
    renews_at = ENDS
    told = [sunsets.notices_due(renews_at - timedelta(days=day), renews_at, DAYS) for day in (61, 60, 31, 30, 8, 7, 0)]
    assert told == [0, 1, 1, 2, 2, 3, 3]
    looks = [sunsets.next_look(renews_at - timedelta(days=day), renews_at, DAYS) for day in (90, 60, 30, 7)]
    assert looks == [renews_at - timedelta(days=day) for day in (60, 30, 7, 1)]
    assert sunsets.notices_due(renews_at, renews_at, (0, 0, 7)) == 1
