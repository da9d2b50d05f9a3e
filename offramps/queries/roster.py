"""The roster as routing reads it: who is in which pool, when each works, and who can take a lead this instant.

What changes a few times a day (pools, skills, shifts, leave) is kept by a process for some seconds, with each rep's next change
of duty worked out once; presence, ringing and load are asked each time, in one query.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q

from offramps.models import Leave, Offer, PoolMember, Presence, Rep, WorkingHours
from offramps.models import Pool as PoolRow
from offramps.rules import hours, routing
from offramps.rules.hours import Away, Hours, Shift, Span

KEPT_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Roster:
    """Pools and reps without what changes by the second. `weights` are of (pool, rep)."""

    pools: Mapping[int, routing.Pool]
    weights: Mapping[int, Mapping[int, int]]
    reps: Mapping[int, routing.Rep]
    hours: Mapping[int, Hours]
    _duty: dict[int, tuple[Span, bool]] = field(default_factory=dict)

    def is_at_work(self, rep: int, at: datetime) -> bool:
        """Whether the rep works at `at`; worked out once for the stretch around it."""
        known = self._duty.get(rep)
        if known is None or not known[0].covers(at):
            known = self._duty[rep] = hours.stretch(self.hours[rep], at)
        return known[1]

    def is_on_duty(self, reps: Iterable[int], at: datetime) -> bool:
        return any(self.is_at_work(rep, at) for rep in reps)


def roster(at: datetime) -> Roster:
    """The roster as of some seconds ago at most. Five queries, or none."""
    return _kept.get(at)


def forget() -> None:
    """Drop this process's copy: after a write, and between tests."""
    _kept.drop()


def live(known: Roster, reps: Iterable[int], at: datetime) -> dict[int, routing.Rep]:
    """These reps as they are now: at work, present, ringing, how many open leads. One query."""
    wanted = [rep for rep in reps if rep in known.reps]
    ringing = Offer.objects.filter(rep=OuterRef("pk"), outcome="")
    rows = (
        Rep.objects.filter(pk__in=wanted)
        .annotate(rings=Exists(ringing), load=Count("leads", filter=Q(leads__state="open")))
        .values_list("pk", "presence", "rings", "load")
    )
    return {
        pk: replace(
            known.reps[pk],
            is_online=presence == Presence.ONLINE,
            is_ringing=rings,
            load=load,
            is_at_work=known.is_at_work(pk, at),
        )
        for pk, presence, rings, load in rows
    }


def _read(at: datetime) -> Roster:
    members: dict[int, dict[int, int]] = defaultdict(dict)
    for pool, rep, weight in PoolMember.objects.values_list("pool_id", "rep_id", "weight"):
        members[pool][rep] = weight
    rows = {row.pk: row for row in Rep.objects.filter(Q(left_on=None) | Q(left_on__gt=at.date()))}
    return Roster(
        pools={row.pk: _pool(row, members[row.pk]) for row in PoolRow.objects.all()},
        weights=members,
        reps={pk: _rep(row) for pk, row in rows.items()},
        hours=_hours(rows, at.date()),
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


def _hours(rows: Mapping[int, Rep], today: date) -> dict[int, Hours]:
    shifts: dict[int, list[Shift]] = defaultdict(list)
    # Thousands of rows: as tuples, not as models.
    found = WorkingHours.objects.filter(rep__in=rows).values_list("rep_id", "weekday", "starts_minute", "ends_minute")
    for rep, weekday, starts, ends in found:
        shifts[rep].append(Shift(weekday=weekday, starts=starts, ends=ends))
    away: dict[int, list[Away]] = defaultdict(list)
    for leave in Leave.objects.filter(rep__in=rows, ends_on__gt=today - timedelta(days=2)):
        away[leave.rep_id].append(Away(starts_on=leave.starts_on, ends_on=leave.ends_on))
    return {
        pk: Hours(zone=_zone(row.time_zone), shifts=tuple(shifts[pk]), away=tuple(_until_left(row, away[pk])))
        for pk, row in rows.items()
    }


def _until_left(row: Rep, away: list[Away]) -> list[Away]:
    return [*away, Away(starts_on=row.left_on, ends_on=date.max)] if row.left_on else away


def _zone(name: str) -> str:
    return ZoneInfo(name).key


class _Kept:
    """The copy of this process, and until when it is good enough."""

    def __init__(self) -> None:
        self._held: Roster | None = None
        self._until = 0.0

    def get(self, at: datetime) -> Roster:
        if self._held is None or time.monotonic() >= self._until:
            self._held, self._until = _read(at), time.monotonic() + KEPT_SECONDS
        return self._held

    def drop(self) -> None:
        self._held = None


_kept = _Kept()
