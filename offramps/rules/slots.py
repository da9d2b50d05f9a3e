"""Call slots: when somebody can call, within working hours, between what is held already, and at an hour fit for the customer.

A slot lasts `length` and begins on the marks of `step` after the hour, in UTC (zones that are a quarter of an hour off still
get quarters).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from offramps.rules import hours
from offramps.rules.hours import Hours, Span


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How slots are cut, and when the customer is awake: `[from_hour, to_hour)` on the wall of `zone`, any day of the week but
    the weekend there.
    """

    zone: str
    length: timedelta = timedelta(minutes=30)
    step: timedelta = timedelta(minutes=15)
    notice: timedelta = timedelta(minutes=15)
    from_hour: int = 8
    to_hour: int = 19
    days: int = 10


@dataclass(frozen=True, order=True)
class Free:
    """A slot that a rep could take."""

    starts_at: datetime
    rep: int


def free(people: Mapping[int, Hours], busy: Mapping[int, Sequence[Span]], wish: Wish, now: datetime) -> list[Free]:
    """Every slot of everybody within the wished days, earliest first; of one instant, the rep with the fewest things held
    first.
    """
    since = _on_mark(now + wish.notice, wish.step)
    until = now + timedelta(days=wish.days)
    found = [
        Free(starts_at, rep)
        for rep, theirs in people.items()
        for starts_at in _starts(theirs, sorted(busy.get(rep, ())), wish, since, until)
    ]
    return sorted(found, key=lambda slot: (slot.starts_at, len(busy.get(slot.rep, ())), slot.rep))


def first(people: Mapping[int, Hours], busy: Mapping[int, Sequence[Span]], wish: Wish, now: datetime) -> Free | None:
    """The first slot at an hour fit for the customer; if there is none in all those days, the first at any hour."""
    slots = free(people, busy, wish, now)
    return next((slot for slot in slots if is_fit(slot.starts_at, wish)), slots[0] if slots else None)


def fitting(slots: Iterable[Free], wish: Wish) -> Iterator[Free]:
    """One for each instant, at hours fit for the customer: what is offered for choosing."""
    seen: set[datetime] = set()
    for slot in slots:
        if slot.starts_at not in seen and is_fit(slot.starts_at, wish):
            seen.add(slot.starts_at)
            yield slot


def by_day(slots: Iterable[Free], zone: str) -> list[tuple[date, list[datetime]]]:
    """The slots' instants under their days on the wall of `zone`, in order."""
    place = ZoneInfo(zone)
    return [
        (day, [slot.starts_at for slot in group])
        for day, group in groupby(slots, lambda slot: slot.starts_at.astimezone(place).date())
    ]


def is_fit(starts_at: datetime, wish: Wish) -> bool:
    local = starts_at.astimezone(ZoneInfo(wish.zone))
    ends = (starts_at + wish.length).astimezone(ZoneInfo(wish.zone))
    fits = wish.from_hour <= local.hour and (ends.hour, ends.minute) <= (wish.to_hour, 0) and ends.date() == local.date()
    return fits and local.weekday() < 5


def _starts(theirs: Hours, taken: Sequence[Span], wish: Wish, since: datetime, until: datetime) -> Iterator[datetime]:
    for span in hours.spans(theirs, since, until):
        for left in hours.without(span, taken):
            starts_at = _on_mark(max(left.starts_at, since), wish.step)
            while starts_at + wish.length <= left.ends_at and starts_at < until:
                yield starts_at
                starts_at += wish.step


def _on_mark(at: datetime, step: timedelta) -> datetime:
    """The first mark at or after `at`."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -(-(at - midnight) // step) * step
