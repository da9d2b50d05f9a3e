"""Quotes' numbers and days: in the customer's own calendar, never beyond the day their discount ends."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from billing.rules import quotes

BERLIN = ZoneInfo("Europe/Berlin")
ISSUED = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # in Berlin it is the 24th


def test_a_number_says_year_and_count():
    assert quotes.number(2026, 42) == "Q-2026-00042"
    assert quotes.number(2027, 123_456) == "Q-2027-123456"


def test_thirty_days_are_counted_where_the_customer_is():
    assert quotes.valid_on(ISSUED, 30, BERLIN) == date(2026, 12, 24)
    assert quotes.valid_on(ISSUED, 30, UTC) == date(2026, 12, 23)


def test_a_discount_that_ends_before_ends_it():
    ends_at = datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert quotes.valid_on(ISSUED, 30, BERLIN, ends_at=ends_at) == date(2026, 11, 30)
    assert quotes.valid_on(ISSUED, 30, BERLIN, ends_at=ISSUED + timedelta(hours=2)) == date(2026, 11, 24)  # today at least


@given(st.integers(1, 180), st.integers(0, 400))
def test_it_holds_through_its_last_day_and_is_reminded_of_within(days, notice):
    last = quotes.valid_on(ISSUED, days, BERLIN)
    over = quotes.lapses_at(last, BERLIN)
    assert (over - timedelta(seconds=1)).astimezone(BERLIN).date() == last
    assert over.astimezone(BERLIN).date() == last + timedelta(days=1)
    remind_at = quotes.remind_at(ISSUED, over, notice)
    assert remind_at is None or ISSUED + timedelta(days=1) < remind_at < over
