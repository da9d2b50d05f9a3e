"""The roster as routing reads it: who is in which pool, when each works, and who can take a lead this instant.

What changes a few times a day (pools, skills, shifts, leave) is kept by a process, with each rep's next change of duty worked
out once, and read again when its version has changed, which is asked every two seconds. Presence, ringing and load are asked
each time, in one query.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from accounts.queries import rows
from offramps.models import Leave, PoolMember, Rep, WorkingHours
from offramps.models import Pool as PoolRow
from offramps.rules import hours, routing
from offramps.rules.hours import Away, Hours, Shift, Span

KEPT_SECONDS = 2.0
LIVE = """
    SELECT r.id, r.presence = 'online',
        EXISTS (SELECT 1 FROM offramps_offer o WHERE o.rep_id = r.id AND o.outcome = ''),
        (SELECT count(*) FROM offramps_lead l WHERE l.rep_id = r.id AND l.state = 'open')
    FROM offramps_rep r WHERE r.id = ANY(%(reps)s)
"""
# Triggers raise it (migration 0008): by whatever way a row of the roster was changed.
VERSION = "SELECT number, changed_by FROM offramps_rosterversion"


@dataclass(frozen=True, kw_only=True)
class Roster:
    """Pools and reps without what changes by the second. `weights` are of (pool, rep), `duty` is what was worked out so far."""

    pools: Mapping[int, routing.Pool]
    weights: Mapping[int, Mapping[int, int]]
    reps: Mapping[int, routing.Rep]
    hours: Mapping[int, Hours]
    duty: dict[int, tuple[Span, bool]] = field(default_factory=dict)

    def is_at_work(self, rep: int, at: datetime) -> bool:
        """Whether the rep works at `at`; worked out once for the stretch around it."""
        known = self.duty.get(rep)
        if known is None or not known[0].covers(at):
            known = self.duty[rep] = hours.stretch(self.hours[rep], at)
        return known[1]

    def is_on_duty(self, reps: Iterable[int], at: datetime) -> bool:
        return any(self.is_at_work(rep, at) for rep in reps)


def roster(at: datetime) -> Roster:
    """The roster as of two seconds ago at most. No query, or one, or six after a change."""
    return _kept.get(at)


def forget() -> None:
    """Drop this process's copy: after a write, and between tests."""
    _kept.drop()


def live(known: Roster, reps: Iterable[int], at: datetime) -> dict[int, routing.Rep]:
    """These reps as they are now: at work, present, ringing, how many open leads. One query."""
    found = rows.fetch(LIVE, {"reps": [rep for rep in reps if rep in known.reps]})
    return {
        rep: _now(known.reps[rep], is_at_work=known.is_at_work(rep, at), is_online=is_online, is_ringing=is_ringing, load=load)
        for rep, is_online, is_ringing, load in found
    }


def _now(rep: routing.Rep, **said: Any) -> routing.Rep:
    """The rep as kept, which is one who could: most are, and need no copy."""
    return replace(rep, **said) if any(getattr(rep, name) != value for name, value in said.items()) else rep


def _read(at: datetime, before: Roster | None = None) -> Roster:
    members: dict[int, dict[int, int]] = defaultdict(dict)
    for pool, rep, weight in PoolMember.objects.values_list("pool_id", "rep_id", "weight"):
        members[pool][rep] = weight
    people = {row.pk: row for row in Rep.objects.filter(Q(left_on=None) | Q(left_on__gt=at.date()))}
    theirs = _hours(people, at.date())
    # Who works as before need not be worked out again.
    same = {rep: known for rep, known in before.duty.items() if theirs.get(rep) == before.hours[rep]} if before else {}
    return Roster(
        pools={row.pk: _pool(row, members[row.pk]) for row in PoolRow.objects.all()},
        weights=members,
        reps={pk: _rep(row) for pk, row in people.items()},
        hours=theirs,
        duty=same,
    )


def _pool(row: PoolRow, members: Mapping[int, int]) -> routing.Pool:
    return routing.Pool(
        id=row.pk,
        segments=frozenset(row.segments),
        regions=frozenset(row.regions),
        members=frozenset(members),
        is_paused=row.paused_at is not None,
        is_fallback=row.is_fallback,
    )


def _rep(row: Rep) -> routing.Rep:
    return routing.Rep(
        id=row.pk,
        skills=frozenset(row.skills),
        lines=frozenset(row.lines),
        regions=frozenset(row.regions),
        languages=frozenset(row.languages),
        capacity=row.capacity,
    )


def _hours(people: Mapping[int, Rep], today: date) -> dict[int, Hours]:
    shifts: dict[int, list[Shift]] = defaultdict(list)
    # Thousands of rows: as tuples, not as models.
    found = WorkingHours.objects.filter(rep__in=people).values_list("rep_id", "weekday", "starts_minute", "ends_minute")
    for rep, weekday, starts, ends in found:
        shifts[rep].append(Shift(weekday=weekday, starts=starts, ends=ends))
    away: dict[int, list[Away]] = defaultdict(list)
    for leave in Leave.objects.filter(rep__in=people, ends_on__gt=today - timedelta(days=2)):
        away[leave.rep_id].append(Away(starts_on=leave.starts_on, ends_on=leave.ends_on))
    return {
        pk: Hours(zone=_zone(row.time_zone), shifts=tuple(shifts[pk]), away=tuple(_until_left(row, away[pk])))
        for pk, row in people.items()
    }


def _until_left(row: Rep, away: list[Away]) -> list[Away]:
    return [*away, Away(starts_on=row.left_on, ends_on=date.max)] if row.left_on else away


def _zone(name: str) -> str:
    return ZoneInfo(name).key


class _Kept:
    """The copy of this process, what it is a copy of, and until when it need not be compared again."""

    def __init__(self) -> None:
        self._held: Roster | None = None
        self._of: tuple[object, ...] = ()
        self._until = 0.0

    def get(self, at: datetime) -> Roster:
        held = self._held
        if held is None or time.monotonic() >= self._until:
            # Asked before the rows are read: what changes in between is read once more, never missed.
            of = (at.date(), *rows.fetch(VERSION, {}))
            if held is None or of != self._of:
                held = _read(at, held)
            self._held, self._of, self._until = held, of, time.monotonic() + KEPT_SECONDS
        return held

    def drop(self) -> None:
        self._held = None


_kept = _Kept()
