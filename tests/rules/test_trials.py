"""When a trial's end is announced, and how long one can be made longer."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.rules import trials
from billing.rules.trials import Told

START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
END = START + timedelta(days=14)
STAGES = (7, 1)


def day(number):
    return START + timedelta(days=number)


def stage(now, told=None, since=START, ends_at=END, stages=STAGES):
    return trials.stage(since=since, ends_at=ends_at, now=now, stages=stages, told=told or Told())


def test_each_stage_is_due_from_its_day_until_it_is_told():
    assert stage(day(7) - timedelta(seconds=1)) is None
    assert stage(day(7)) == 7
    assert stage(day(8), Told(ends_at=END, days=7)) is None
    assert stage(day(13), Told(ends_at=END, days=7)) == 1
    assert stage(day(13), Told(ends_at=END, days=1)) is None


def test_a_late_beat_says_the_last_stage_alone_and_nothing_of_what_has_happened():
    assert stage(day(13)) == 1
    assert stage(END) is None
    assert stage(END + timedelta(days=3)) is None


def test_what_falls_on_the_start_was_said_then():
    """A trial of seven days begins with its end; one made longer three days before it has a stage left."""
    assert stage(START, ends_at=day(7)) is None
    assert stage(day(6), ends_at=day(7)) == 1
    assert stage(day(12), since=day(11), ends_at=day(18)) is None
    assert stage(day(17), Told(ends_at=END, days=1), since=day(11), ends_at=day(18)) == 1


def test_a_stage_of_zero_days_is_none():
    assert stage(END - timedelta(minutes=1), stages=(0, 0)) is None
    assert trials.next_at(since=START, ends_at=END, stages=(0, 0), told=Told()) is None


def test_the_next_one_is_the_earliest_not_told():
    def after(told):
        return trials.next_at(since=START, ends_at=END, stages=STAGES, told=told)

    assert after(Told()) == day(7)
    assert after(Told(ends_at=END, days=7)) == day(13)
    assert after(Told(ends_at=END, days=1)) is None
    assert after(Told(ends_at=day(10), days=1)) == day(7)  # that was of another end


@pytest.mark.parametrize(
    ("now", "left"), [(START, 14), (day(13), 1), (day(13) + timedelta(hours=5), 1), (END, 0), (day(15), 0), (day(7), 7)]
)
def test_a_day_begun_is_a_day_left(now, left):
    assert trials.days_left(END, now) == left


def test_it_is_made_longer_once_in_its_last_days():
    def longer(now, extended_at=None, days=7):
        return trials.extended_end(ends_at=END, now=now, extended_at=extended_at, window_days=7, extension_days=days)

    assert longer(day(7) - timedelta(seconds=1)) is None
    assert longer(day(7)) == END + timedelta(days=7)
    assert longer(END) is None
    assert longer(day(8), extended_at=day(8)) is None
    assert longer(day(8), days=0) is None
