"""Working hours: when somebody is at work, in instants, across time zones, leave and changes of clocks.

Hours are said on the wall of a zone ("Monday 9:00 to 17:30 in Berlin"), kept as minutes of a weekday, and asked in instants.
All spans are half-open `[starts_at, ends_at)` in UTC.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTES_OF_A_DAY = 24 * 60
BREAK = timedelta(hours=2)  # a shift of two parts is one while no more than this lies between them
FARTHEST = timedelta(days=62)  # as far as anybody asks: two months of leave and more is no date to promise


@dataclass(frozen=True, kw_only=True, order=True)
class Shift:
    """Working time on one weekday (Monday is 0): minutes after midnight on the wall, `0 <= starts < ends <= 1440`."""

    weekday: int
    starts: int
    ends: int


@dataclass(frozen=True, kw_only=True)
class Away:
    """Days off, `[starts_on, ends_on)`: leave, or a holiday."""

    starts_on: date
    ends_on: date


@dataclass(frozen=True, kw_only=True)
class Hours:
    """The working hours of somebody, or of a pool: shifts on the wall of `zone`, and days off."""

    zone: str
    shifts: tuple[Shift, ...] = ()
    away: tuple[Away, ...] = ()


@dataclass(frozen=True, order=True)
class Span:
    """`[starts_at, ends_at)`, aware, UTC."""

    starts_at: datetime
    ends_at: datetime

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at

    def meets(self, other: "Span") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def spans(hours: Hours, since: datetime, until: datetime) -> Iterator[Span]:
    """Working time that overlaps `[since, until)`, in order, none touching the next. Shifts that meet at midnight are one."""
    held: Span | None = None
    for span in _of_days(hours, since, until):
        if held is None:
            held = span
        elif span.starts_at <= held.ends_at:
            held = Span(held.starts_at, max(held.ends_at, span.ends_at))
        else:
            yield held
            held = span
    if held is not None:
        yield held


def is_at_work(hours: Hours, at: datetime) -> bool:
    return any(span.covers(at) for span in _of_days(hours, at, at + timedelta(minutes=1)))


def stretch(hours: Hours, at: datetime) -> tuple[Span, bool]:
    """The stretch of work or of rest that `at` lies in, from `at` on and looked at for a day, and whether it is work."""
    day = at + timedelta(days=1)
    first = next(spans(hours, at, day), None)
    if first is None or not first.covers(at):
        return Span(at, first.starts_at if first else day), False
    return Span(at, min(first.ends_at, day)), True


def has_shift_ended(hours: Hours, since: datetime, at: datetime) -> bool:
    """Whether a shift of somebody who came at `since` was over by `at`: work ended, and did not begin again within a break."""
    worked = spans(hours, max(since, at - timedelta(days=2)), at)
    ends = [span.ends_at for span in worked if since < span.ends_at <= at]
    return any(next(spans(hours, end, end + BREAK), None) is None for end in ends)


def next_at_work(hours: Iterable[Hours], at: datetime) -> datetime | None:
    """When the first of several people is at work: `at` itself if somebody is. None: nobody within two months."""
    firsts = [max(span.starts_at, at) for one in hours if (span := next(_of_days(one, at, at + FARTHEST), None))]
    return min(firsts, default=None)


def uncovered(hours: Sequence[Hours], wanted: Hours, since: datetime, until: datetime) -> list[Span]:
    """The parts of the `wanted` hours in which nobody is at work: what a manager sees of next week."""
    taken = sorted(span for one in hours for span in spans(one, since, until))
    return [left for span in spans(wanted, since, until) for left in without(span, taken)]


def without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """What is left of `span` without the `taken` ones, which are in order."""
    left, begins = [], span.starts_at
    for other in taken:
        if not other.meets(span):
            continue
        if other.starts_at > begins:
            left.append(Span(begins, other.starts_at))
        begins = max(begins, other.ends_at)
    if begins < span.ends_at:
        left.append(Span(begins, span.ends_at))
    return left


def _of_days(hours: Hours, since: datetime, until: datetime) -> Iterator[Span]:
    zone, shifts = ZoneInfo(hours.zone), sorted(hours.shifts)
    # A day early: a shift that began yesterday on that wall may not be over.
    day, last = since.astimezone(zone).date() - timedelta(days=1), until.astimezone(zone).date()
    while day <= last:
        if not any(away.starts_on <= day < away.ends_on for away in hours.away):
            for shift in shifts:
                span = _instants(day, shift, zone) if shift.weekday == day.weekday() else None
                if span and span.starts_at < until and span.ends_at > since:
                    yield span
        day += timedelta(days=1)


def _instants(day: date, shift: Shift, zone: ZoneInfo) -> Span | None:
    """The shift of a day; None when a change of clocks leaves nothing of it."""
    span = Span(_instant(day, shift.starts, zone), _instant(day, shift.ends, zone))
    return span if span.starts_at < span.ends_at else None


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, minute = divmod(minutes, MINUTES_OF_A_DAY)
    on = day + timedelta(days=days)
    return datetime(on.year, on.month, on.day, minute // 60, minute % 60, tzinfo=zone).astimezone(UTC)
