"""The ladder of a failed payment: what is said when, when access becomes less, and what waits. No I/O; `now` is given.

billing.services.recovery.dunning_sweep decides the same in one SQL statement for many at once; a test holds the two together.
Source: docs/decisions/dunning.md.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SATURDAY: Final = 5
# How long until an announcement that was not sent yet, or a dispute that goes on, is looked at again.
LOOK_AGAIN: Final = timedelta(hours=1)
# A weekend and some hours: who is looked at later than that after a date hears of a new one first.
LATE: Final = timedelta(days=3)


class Step(StrEnum):
    """What happens on the ladder. The first three and the fourth say something; the last two also take access away."""

    FAILED = "failed"
    SECOND = "second"
    THIRD = "third"
    AGAIN = "again"  # new dates: nobody had looked when the old ones came
    READ_ONLY = "read_only"
    OFF = "off"


class Access(StrEnum):
    """What of what was bought can be used, from all of it to nothing."""

    FULL = "full"
    READ_ONLY = "read_only"
    OFF = "off"


# How far up each step is; "again" is none: it says what was said, with other dates.
RANKS: Final = {Step.FAILED: 0, Step.SECOND: 1, Step.THIRD: 2, Step.READ_ONLY: 3, Step.OFF: 4}
BELOW: Final = -1
STEPS: Final = {rank: step for step, rank in RANKS.items()}


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """The policies: days after the failure (0: that notice is left out), and how long before a cut it must have been said."""

    second_days: int
    third_days: int
    read_only_days: int
    grace_days: int
    notice_days: int


@dataclass(frozen=True, kw_only=True)
class Dates:
    """What is agreed with the customer: access is reduced at `read_only_at` and ends at `off_at`, never earlier."""

    second_at: datetime | None
    third_at: datetime | None
    read_only_at: datetime
    off_at: datetime


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What is said of a payment that is missing: since when, the newest step, and what happens when."""

    since: datetime
    step: str
    read_only_at: datetime
    off_at: datetime

    @property
    def cut_at(self) -> datetime | None:
        """When access becomes less next; None: it can't any more."""
        if self.step == Step.OFF:
            return None
        return self.off_at if self.step == Step.READ_ONLY else self.read_only_at


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where an episode stands. `told_at`: since when the present dates are known to the customer (None: not yet).

    `reached` is the rank of the highest step; `is_held`: a dispute about it goes on, so nothing happens meanwhile.
    """

    dates: Dates
    reached: int = BELOW
    told_at: datetime | None = None
    notice_days: int
    is_held: bool = False

    @property
    def cut_at(self) -> datetime | None:
        """When access becomes less next."""
        if self.reached >= RANKS[Step.OFF]:
            return None
        return self.dates.off_at if self.reached == RANKS[Step.READ_ONLY] else self.dates.read_only_at


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What happens now: a step (None: nothing), the dates as they are from now on, and when to look again (None: never)."""

    step: Step | None
    dates: Dates
    reached: int
    due_at: datetime | None
    is_anew: bool = False
    """Whether dates that the customer knew were replaced: what was told before counts for nothing."""


def plan(*, failed_at: datetime, ladder: Ladder, zone: str) -> Dates:
    """The ladder's dates for a payment that failed at `failed_at`. Cuts fall on working days and in their order."""
    day = timedelta(days=1)
    read_only_at = working(failed_at + ladder.read_only_days * day, zone)
    off_at = working(failed_at + ladder.grace_days * day, zone)
    return Dates(
        second_at=failed_at + ladder.second_days * day if ladder.second_days else None,
        third_at=failed_at + ladder.third_days * day if ladder.third_days else None,
        read_only_at=read_only_at,
        off_at=max(off_at, working(read_only_at + day, zone)),
    )


def working(at: datetime, zone: str) -> datetime:
    """The same time of day on the next day that is no Saturday or Sunday where the organization is."""
    local = at.astimezone(zone_named(zone))
    beyond = local.weekday() - SATURDAY
    return at if beyond < 0 else (local + timedelta(days=2 - beyond)).astimezone(UTC)


def is_weekend(at: datetime, zone: str) -> bool:
    return at.astimezone(zone_named(zone)).weekday() >= SATURDAY


def access(reached: int) -> Access:
    """What an episode that came so far leaves."""
    if reached >= RANKS[Step.OFF]:
        return Access.OFF
    return Access.READ_ONLY if reached == RANKS[Step.READ_ONLY] else Access.FULL


def least(*levels: Access) -> Access:
    """Of several that apply, the one that leaves least."""
    return max(levels, key=list(Access).index, default=Access.FULL)


def decide(position: Position, *, now: datetime, zone: str) -> Decision:
    """The one thing that is to happen at `now`, of what was missed only the newest.

    Access becomes less only on a working day, at least `notice_days` after that date was told, and no more than LATE after
    it: whoever was forgotten for longer hears of new dates first.
    """
    dates, cut_at, step = position.dates, position.cut_at, _notice(position, now)
    if cut_at is None or position.is_held:
        return _wait(position, None if cut_at is None else now + LOOK_AGAIN)
    if position.reached == BELOW:
        return _say(position, step or Step.FAILED, _moved(position, now, zone), now)
    if now < cut_at:
        return _say(position, step, dates, now) if step else _wait(position, _next(dates, position.reached, now))
    return _at_the_cut(position, cut_at, step, now=now, zone=zone)


def _at_the_cut(position: Position, cut_at: datetime, step: Step | None, *, now: datetime, zone: str) -> Decision:
    """The date has come: whether access may become less."""
    if position.told_at is None:
        return _wait(position, now + LOOK_AGAIN)
    if now > cut_at + LATE:
        return replace(_say(position, step or Step.AGAIN, _moved(position, now, zone), now), is_anew=True)
    may_from = position.told_at + timedelta(days=position.notice_days)
    if may_from > now or is_weekend(now, zone):
        return _wait(position, may_from if may_from > now else working(now, zone))
    rank = max(position.reached + 1, RANKS[Step.READ_ONLY])
    return _say(position, STEPS[rank], position.dates, now)


def _notice(position: Position, now: datetime) -> Step | None:
    """The newest notice that is due and was not given."""
    if position.reached >= RANKS[Step.READ_ONLY]:
        return None
    instants = {Step.THIRD: position.dates.third_at, Step.SECOND: position.dates.second_at}
    due = (step for step, at in instants.items() if at is not None and at <= now and position.reached < RANKS[step])
    return next(due, Step.FAILED if position.reached == BELOW else None)


def _moved(position: Position, now: datetime, zone: str) -> Dates:
    """Dates that are at least the notice away; what was further away stays."""
    dates, soonest = position.dates, working(now + timedelta(days=position.notice_days), zone)
    if position.reached == RANKS[Step.READ_ONLY]:
        return replace(dates, off_at=max(dates.off_at, soonest))
    if soonest <= dates.read_only_at:
        return dates
    return replace(dates, read_only_at=soonest, off_at=working(soonest + (dates.off_at - dates.read_only_at), zone))


def _wait(position: Position, due_at: datetime | None) -> Decision:
    return Decision(step=None, dates=position.dates, reached=position.reached, due_at=due_at)


def _say(position: Position, step: Step, dates: Dates, now: datetime) -> Decision:
    reached = max(position.reached, RANKS.get(step, BELOW))
    return Decision(step=step, dates=dates, reached=reached, due_at=_next(dates, reached, now))


def _next(dates: Dates, reached: int, now: datetime) -> datetime | None:
    if reached >= RANKS[Step.OFF]:
        return None
    if reached == RANKS[Step.READ_ONLY]:
        return dates.off_at
    notices = ((dates.second_at, Step.SECOND), (dates.third_at, Step.THIRD))
    coming = [at for at, step in notices if at is not None and at > now and reached < RANKS[step]]
    return min([*coming, dates.read_only_at])


@cache
def zone_named(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
