"""The ladder of a failed payment: nobody is cut off on a weekend or without notice, or told twenty things at once."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from billing.rules import dunning
from billing.rules.dunning import Access, Ladder, Position, Step

LADDER = Ladder(second_days=3, third_days=7, read_only_days=14, grace_days=21, notice_days=3)
MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "no/such")
DAY = timedelta(days=1)


def story(failed_at, looks, *, ladder=LADDER, zone="UTC", sent_from=MONDAY - 99 * DAY, held=lambda _at: False):
    """What happens if somebody looks at these instants: (instant, step, the dates told), as rows of the ladder."""
    dates = dunning.plan(failed_at=failed_at, ladder=ladder, zone=zone)
    position = Position(dates=dates, notice_days=ladder.notice_days)
    told, due_at, steps = [], failed_at, []
    for now in looks:
        if due_at is None or now < due_at:
            continue
        known = told if now >= sent_from else []
        position = Position(
            dates=position.dates,
            reached=position.reached,
            told_at=min(known, default=None),
            notice_days=ladder.notice_days,
            is_held=held(now),
        )
        decision = dunning.decide(position, now=now, zone=zone)
        assert decision.due_at is None or decision.due_at >= now
        if decision.is_anew:
            told = []
        if decision.step is not None:
            told.append(now)
            steps.append((now, decision.step, decision.dates))
        position = Position(dates=decision.dates, reached=decision.reached, notice_days=ladder.notice_days)
        due_at = decision.due_at
    return steps


def every(hours, *, days=60, since=MONDAY):
    return [since + timedelta(hours=hours) * count for count in range(days * 24 // hours)]


def test_the_ladder_as_it_is_meant():
    steps = story(MONDAY, every(1))
    assert [(at - MONDAY, step) for at, step, _dates in steps] == [
        (0 * DAY, Step.FAILED),
        (3 * DAY, Step.SECOND),
        (7 * DAY, Step.THIRD),
        (14 * DAY, Step.READ_ONLY),
        (21 * DAY, Step.OFF),
    ]
    assert len({dates for _at, _step, dates in steps}) == 1  # one word all the way


@pytest.mark.parametrize("zone", ZONES)
def test_whatever_the_hour_the_cuts_are_on_working_days_after_notice_and_in_order(zone):
    """Every third hour of a week as the beginning, in each zone, looked at every four hours."""
    for start in every(3, days=7):
        steps = story(start, every(4, since=start), zone=zone)
        assert [step for _at, step, _dates in steps] == [*[*Step][:3], Step.READ_ONLY, Step.OFF]
        check(steps, zone)


@pytest.mark.parametrize("zone", ZONES)
def test_wherever_the_beat_stops_and_for_however_long(zone):
    """Silent from any day on, for a day or a year: told the newest thing once, cut only after a notice of new dates."""
    for start, silent_from, silence in itertools.product(every(17, days=7), range(0, 26, 2), (1, 2, 4, 9, 30, 365)):
        until = start + (silent_from + silence) * DAY
        before = [at for at in every(6, days=26, since=start) if at < start + silent_from * DAY]
        steps = story(start, [*before, *every(6, days=60, since=until)], zone=zone)
        check(steps, zone)
        assert steps[-1][1] is Step.OFF
        assert len([step for _at, step, _dates in steps if step is Step.AGAIN]) <= 1
        assert len({step for _at, step, _dates in steps}) == len(steps)
        after = [at for at, _step, _dates in steps if at >= until]
        assert not after or not [at for at in after[1:] if at < after[0] + timedelta(hours=12)], "two at once"


def check(steps, zone):
    for place, (at, step, _dates) in enumerate(steps):
        if step not in (Step.READ_ONLY, Step.OFF):
            continue
        assert not dunning.is_weekend(at, zone), (at, zone)
        named = "read_only_at" if step is Step.READ_ONLY else "off_at"
        said = [(then, getattr(dates, named)) for then, _step, dates in steps[:place]]
        assert any(then + 3 * DAY <= at and when <= at for then, when in said), (step, at, said)
        assert step is Step.READ_ONLY or steps[place - 1][1] is not Step.THIRD  # never from all to nothing


def test_a_year_of_missed_beats_says_one_thing_and_waits():
    late = MONDAY + 365 * DAY
    steps = story(MONDAY, [MONDAY, *every(6, since=late)])
    assert [step for _at, step, _dates in steps] == [Step.FAILED, Step.THIRD, Step.READ_ONLY, Step.OFF]
    told, cut = steps[1][0], steps[2][0]
    assert (told, cut >= told + 3 * DAY) == (late, True)
    assert steps[1][2].read_only_at <= cut  # as the mail named it


def test_who_was_read_only_when_the_beat_stopped_is_told_again_before_all_of_it_goes():
    looks = [*every(6, days=15), *every(6, since=MONDAY + 90 * DAY)]
    steps = story(MONDAY, looks)
    assert [step for _at, step, _dates in steps][-3:] == [Step.READ_ONLY, Step.AGAIN, Step.OFF]
    assert steps[-1][0] >= steps[-2][0] + 3 * DAY


def test_nothing_is_taken_while_no_mail_got_out():
    steps = story(MONDAY, every(6, days=200), sent_from=MONDAY + 100 * DAY)
    cut = next(at for at, step, _dates in steps if step is Step.READ_ONLY)
    assert cut >= MONDAY + 103 * DAY  # the dates of old were over: new ones first
    assert len(steps) == 6


def test_nothing_happens_while_a_dispute_goes_on():
    steps = story(MONDAY, every(6), held=lambda at: MONDAY + 5 * DAY < at < MONDAY + 30 * DAY)
    assert [step for _at, step, _dates in steps] == [
        Step.FAILED,
        Step.SECOND,
        Step.THIRD,
        Step.READ_ONLY,
        Step.OFF,
    ]
    assert steps[2][0] >= MONDAY + 30 * DAY
    assert steps[3][0] >= steps[2][0] + 3 * DAY


@pytest.mark.parametrize("second", [0, 3, 40])
@pytest.mark.parametrize("third", [0, 7, 40])
@pytest.mark.parametrize(("read_only", "grace"), [(0, 0), (1, 1), (14, 14), (14, 21), (30, 60)])
@pytest.mark.parametrize("notice", [0, 3, 10])
def test_policies_of_any_size_end_in_order(second, third, read_only, grace, notice):
    ladder = Ladder(second_days=second, third_days=third, read_only_days=read_only, grace_days=grace, notice_days=notice)
    steps = story(MONDAY, every(6, days=120), ladder=ladder)
    ranks = [dunning.RANKS[step] for _at, step, _dates in steps if step is not Step.AGAIN]
    assert ranks == sorted(set(ranks))
    assert ranks[-2:] == [3, 4]
    cut = next(at for at, step, _dates in steps if step is Step.READ_ONLY)
    assert cut >= MONDAY + notice * DAY


def test_of_several_levels_the_least_holds():
    assert dunning.least() is Access.FULL
    assert dunning.least(Access.FULL, Access.OFF, Access.READ_ONLY) is Access.OFF
    assert [dunning.access(reached) for reached in range(-1, 5)] == [Access.FULL] * 4 + [Access.READ_ONLY, Access.OFF]


def test_the_clocks_change_and_the_hour_stays():
    """Berlin leaves winter time on Sunday, 28 March 2027."""
    saturday = datetime(2027, 3, 27, 9, 0, tzinfo=UTC)  # 10:00 there
    assert dunning.working(saturday, "Europe/Berlin") == datetime(2027, 3, 29, 8, 0, tzinfo=UTC)
    assert dunning.working(MONDAY, "Europe/Berlin") == MONDAY
