"""Working hours and call slots: across zones, changes of clocks, leave, and what is held already."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offramps.rules import hours, slots
from offramps.rules.hours import Away, Hours, Shift, Span

WEEK = tuple(Shift(weekday=day, starts=9 * 60, ends=17 * 60) for day in range(5))
BERLIN = Hours(zone="Europe/Berlin", shifts=WEEK)
AUCKLAND = Hours(zone="Pacific/Auckland", shifts=WEEK)
MONDAY = datetime(2027, 3, 22, 10, tzinfo=UTC)  # 11:00 in Berlin
WEDNESDAY_EVENING = datetime(2027, 3, 24, 20, tzinfo=UTC)


def at(*said, zone="UTC"):
    return datetime(*said, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("when", "works"),
    [
        (at(2027, 3, 22, 8, 59, 59, zone="Europe/Berlin"), False),
        (at(2027, 3, 22, 9, zone="Europe/Berlin"), True),
        (at(2027, 3, 22, 16, 59, 59, zone="Europe/Berlin"), True),
        (at(2027, 3, 22, 17, zone="Europe/Berlin"), False),
        (at(2027, 3, 27, 12, zone="Europe/Berlin"), False),  # Saturday
        (at(2027, 3, 29, 9, zone="Europe/Berlin"), True),  # the day after clocks changed: an hour earlier in UTC
        (at(2027, 3, 29, 7, 0), True),
        (at(2027, 3, 26, 7, 30), False),
        (at(2027, 10, 31, 23, 0), False),
    ],
)
def test_hours_are_on_the_wall(when, works):
    assert hours.is_at_work(BERLIN, when) is works


SPLIT = Hours(zone="UTC", shifts=(Shift(weekday=0, starts=540, ends=720), Shift(weekday=0, starts=780, ends=1020)))


@pytest.mark.parametrize(
    ("theirs", "since", "when", "is_over"),
    [
        (BERLIN, at(2027, 3, 22, 8), at(2027, 3, 22, 15, 59), False),
        (BERLIN, at(2027, 3, 22, 8), at(2027, 3, 22, 16), True),
        (BERLIN, at(2027, 3, 22, 16, 5), at(2027, 3, 22, 18), False),  # came after its end
        (BERLIN, at(2027, 3, 22, 7, 50), at(2027, 3, 22, 7, 55), False),  # came before it began
        (BERLIN, at(2027, 3, 22, 8), at(2027, 3, 24, 7), True),  # nobody looked for two days
        (SPLIT, at(2027, 3, 22, 9), at(2027, 3, 22, 12, 30), False),  # lunch
        (SPLIT, at(2027, 3, 22, 9), at(2027, 3, 22, 17), True),
    ],
)
def test_a_shift_is_over_once_it_does_not_go_on(theirs, since, when, is_over):
    assert hours.has_shift_ended(theirs, since, when) is is_over


def test_leave_and_the_next_time_somebody_works():
    away = Hours(zone="Europe/Berlin", shifts=WEEK, away=(Away(starts_on=date(2027, 3, 22), ends_on=date(2027, 3, 25)),))
    assert not hours.is_at_work(away, MONDAY)
    assert hours.stretch(away, MONDAY) == (Span(MONDAY, MONDAY + timedelta(days=1)), False)
    assert hours.stretch(away, WEDNESDAY_EVENING) == (Span(WEDNESDAY_EVENING, at(2027, 3, 25, 9, zone="Europe/Berlin")), False)
    assert hours.next_at_work([away], MONDAY) == at(2027, 3, 25, 9, zone="Europe/Berlin")
    assert hours.next_at_work([away, AUCKLAND], MONDAY) == at(2027, 3, 23, 9, zone="Pacific/Auckland")
    assert hours.next_at_work([BERLIN, away], MONDAY) == MONDAY
    assert hours.stretch(BERLIN, MONDAY) == (Span(MONDAY, at(2027, 3, 22, 17, zone="Europe/Berlin")), True)
    forever = Hours(zone="UTC", shifts=WEEK, away=(Away(starts_on=date(2027, 1, 1), ends_on=date.max),))
    assert hours.next_at_work([forever, Hours(zone="UTC")], MONDAY) is None


def test_a_shift_over_midnight_is_two_that_meet():
    night = Hours(
        zone="America/Los_Angeles",
        shifts=(Shift(weekday=0, starts=22 * 60, ends=24 * 60), Shift(weekday=1, starts=0, ends=6 * 60)),
    )
    begins = at(2027, 3, 22, 22, zone="America/Los_Angeles")
    assert list(hours.spans(night, begins, begins + timedelta(days=2))) == [Span(begins, begins + timedelta(hours=8))]
    later = begins + timedelta(hours=1)
    assert hours.stretch(night, later) == (Span(later, begins + timedelta(hours=8)), True)


def test_who_works_around_the_clock_is_asked_about_for_a_day():
    always = Hours(zone="Europe/Berlin", shifts=tuple(Shift(weekday=day, starts=0, ends=24 * 60) for day in range(7)))
    assert hours.stretch(always, MONDAY) == (Span(MONDAY, MONDAY + timedelta(days=1)), True)
    assert hours.next_at_work([always], MONDAY) == MONDAY


def test_what_nobody_covers():
    wanted = Hours(zone="UTC", shifts=(Shift(weekday=0, starts=0, ends=24 * 60),))
    since = at(2027, 3, 22)
    left = hours.uncovered([BERLIN, AUCKLAND], wanted, since, since + timedelta(days=7))
    assert left == [
        Span(at(2027, 3, 22, 4), at(2027, 3, 22, 8)),
        Span(at(2027, 3, 22, 16), at(2027, 3, 22, 20)),
    ]


INSTANTS = st.integers(0, 365 * 24 * 60).map(lambda minutes: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


@st.composite
def some_hours(draw):
    shift = st.tuples(st.integers(0, 6), st.integers(0, 1438), st.integers(1, 1440)).filter(lambda said: said[1] < said[2])
    shifts = draw(st.lists(shift, max_size=6))
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland", "America/St_Johns", "Asia/Kathmandu"]))
    return Hours(zone=zone, shifts=tuple(Shift(weekday=day, starts=one, ends=two) for day, one, two in shifts))


@settings(max_examples=40, deadline=None)
@given(some_hours(), INSTANTS, st.integers(1, 20 * 24))
def test_spans_are_in_order_apart_and_what_is_at_work(theirs, since, span_hours):
    # Asked a week further: a shift that only meets the end of the question is not part of the answer.
    found = list(hours.spans(theirs, since, since + timedelta(hours=span_hours, days=8)))
    found = [span for span in found if span.ends_at <= since + timedelta(hours=span_hours, days=1)]
    assert all(one.ends_at < two.starts_at for one, two in pairwise(found))
    for span in found:
        assert span.starts_at < span.ends_at
        assert hours.is_at_work(theirs, span.starts_at)
        assert hours.is_at_work(theirs, span.ends_at - timedelta(seconds=1))
        assert not hours.is_at_work(theirs, span.ends_at)


WISH = slots.Wish(zone="America/New_York")


def test_the_first_slot_is_at_an_hour_fit_for_the_customer():
    first = slots.first({1: BERLIN}, {}, WISH, MONDAY)  # 6:00 in New York
    assert first == slots.Free(at(2027, 3, 22, 8, zone="America/New_York"), 1)
    assert slots.first({1: BERLIN}, {}, slots.Wish(zone="Europe/Berlin"), MONDAY).starts_at == MONDAY + timedelta(minutes=15)
    late = at(2027, 3, 26, 16, 50, zone="Europe/Berlin")
    assert slots.first({1: BERLIN}, {}, slots.Wish(zone="Europe/Berlin"), late).starts_at == at(
        2027, 3, 29, 9, zone="Europe/Berlin"
    )


def test_no_hour_fits_so_it_is_any():
    """Auckland works while New York sleeps: better a call at an odd hour than none."""
    night = slots.Wish(zone="America/New_York", from_hour=8, to_hour=9)
    afternoon = Hours(zone="Europe/Berlin", shifts=tuple(Shift(weekday=day, starts=15 * 60, ends=17 * 60) for day in range(5)))
    assert slots.first({1: afternoon}, {}, night, MONDAY).starts_at == at(2027, 3, 22, 15, zone="Europe/Berlin")
    assert slots.first({}, {}, night, MONDAY) is None


def test_slots_leave_out_what_is_held_and_share_the_load():
    taken = {1: [Span(MONDAY + timedelta(minutes=15), MONDAY + timedelta(minutes=45))]}
    wish = slots.Wish(zone="Europe/Berlin")
    assert slots.first({1: BERLIN}, taken, wish, MONDAY).starts_at == MONDAY + timedelta(minutes=45)
    assert slots.first({1: BERLIN, 2: BERLIN}, taken, wish, MONDAY) == slots.Free(MONDAY + timedelta(minutes=15), 2)
    both = slots.free({1: BERLIN, 2: BERLIN}, taken, wish, MONDAY)
    later = [slot for slot in both if slot.starts_at == MONDAY + timedelta(hours=2)]
    assert [slot.rep for slot in later] == [2, 1], "whoever has less held is first"
    offered = list(slots.fitting(both, wish))
    assert len(offered) == len({slot.starts_at for slot in offered})


@settings(max_examples=40, deadline=None)
@given(some_hours(), INSTANTS, st.integers(0, 48), st.integers(1, 48))
def test_a_slot_lies_within_work_and_meets_nothing(theirs, now, busy_from, busy_hours):
    taken = Span(now + timedelta(hours=busy_from), now + timedelta(hours=busy_from + busy_hours))
    for slot in slots.free({1: theirs}, {1: [taken]}, slots.Wish(zone="UTC", days=4), now):
        span = Span(slot.starts_at, slot.starts_at + timedelta(minutes=30))
        assert hours.is_at_work(theirs, span.starts_at)
        assert hours.is_at_work(theirs, span.ends_at - timedelta(seconds=1))
        assert not span.meets(taken)
        assert span.starts_at >= now + timedelta(minutes=15)
