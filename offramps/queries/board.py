"""The manager's board: who waits, who is on, what is uncovered next week, how fast each stage is, and what was missed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from accounts.queries import rows
from offramps.models import Countdown, CountdownState, Lead, Leave, Pool, Rep
from offramps.queries import roster
from offramps.rules import hours
from offramps.rules.hours import Span

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
MOST = 50
RUNNING = (CountdownState.RINGING, CountdownState.ACCEPTED, CountdownState.SLOT)
STAGES = ("routed", "offered", "accepted", "contacted", "all")
# Seconds of each stage: p50, p90 and p99, by pool and by rep. What was dated at once counted no seconds.
STATEMENT = """
    SELECT lead.pool_id, held.rep_id, count(*),
        percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM held.routed_at - held.clicked_at)),
        percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM held.offered_at - held.routed_at)),
        percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM held.accepted_at - held.offered_at)),
        percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM held.contacted_at - held.accepted_at)),
        percentile_cont(ARRAY[0.5, 0.9, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM held.contacted_at - held.clicked_at))
    FROM offramps_countdown held JOIN offramps_lead lead ON lead.id = held.lead_id
    WHERE held.clicked_at >= %(since)s AND held.clicked_at < %(until)s AND NOT held.is_dated
    GROUP BY GROUPING SETS ((lead.pool_id), (held.rep_id))
"""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A rep now: at work by hours, on leave today, and how many open cases of how many."""

    rep: Rep
    load: int
    is_at_work: bool
    is_on_leave: bool

    @property
    def is_full(self) -> bool:
        return self.load >= self.rep.capacity


@dataclass(frozen=True, kw_only=True)
class Group:
    """A pool, its people, and the stretches of next week in which somebody should work and nobody does."""

    pool: Pool
    people: int
    uncovered: list[Span]


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Seconds of each stage (STAGES), as (p50, p90, p99); None where nothing came that far."""

    name: str
    count: int
    stages: list[tuple[int, int, int] | None]


@dataclass(frozen=True, kw_only=True)
class Board:
    """What the page draws."""

    waiting: list[Lead]
    people: list[Person]
    groups: list[Group]
    by_pool: list[Speed]
    by_rep: list[Speed]
    missed: list[Countdown]


def board(at: datetime) -> Board:
    """Six queries, beside the roster's own."""
    reps = list(_reps())
    pools = list(Pool.objects.annotate(_people=Count("members")))
    names = {pool.pk: str(pool) for pool in pools}, {rep.pk: str(rep) for rep in reps}
    by_pool, by_rep = speeds(at, *names)
    missed = Countdown.objects.exclude(missed_because="").filter(clicked_at__gte=at - MONTH)
    return Board(
        waiting=list(_waiting()),
        people=_people(reps, at),
        groups=_groups(pools, at),
        by_pool=by_pool,
        by_rep=by_rep,
        missed=list(missed.select_related("lead__organization", "lead__pool", "rep__user").order_by("-clicked_at")[:MOST]),
    )


def speeds(at: datetime, pools: Mapping[int, str], reps: Mapping[int, str]) -> tuple[list[Speed], list[Speed]]:
    """How fast the last 30 days were, by pool and by rep. One query."""
    by_pool: list[Speed] = []
    by_rep: list[Speed] = []
    for pool, rep, count, *stages in rows.fetch(STATEMENT, {"since": at - MONTH, "until": at}):
        names, key, found = (pools, pool, by_pool) if pool is not None else (reps, rep, by_rep)
        if key in names:
            found.append(Speed(name=names[key], count=count, stages=[_whole(stage) for stage in stages]))
    return sorted(by_pool, key=lambda speed: speed.name), sorted(by_rep, key=lambda speed: speed.name)


def _whole(stage: Iterable[float | None] | None) -> tuple[int, int, int] | None:
    found = [round(one) for one in stage or () if one is not None]
    return (found[0], found[1], found[2]) if len(found) == len(("p50", "p90", "p99")) else None


def _waiting() -> Iterable[Lead]:
    """Open leads that nobody has, or to whom a call is still owed, the longest waiting first."""
    running = Countdown.objects.filter(lead=OuterRef("pk"), state__in=RUNNING)
    rows_ = Lead.objects.open().filter(Q(rep=None) | Exists(running)).select_related("organization", "pool", "rep__user")
    return rows_.order_by("opened_at")[:MOST]


def _reps() -> Iterable[Rep]:
    rows_ = Rep.objects.filter(left_on=None).select_related("user")
    return rows_.annotate(_load=Count("leads", filter=Q(leads__state="open"))).order_by("-presence", "user__name")


def _people(reps: Sequence[Rep], at: datetime) -> list[Person]:
    known = roster.roster(at)
    away = set(Leave.objects.filter(starts_on__lte=at.date(), ends_on__gt=at.date()).values_list("rep_id", flat=True))
    return [
        Person(
            rep=rep,
            load=getattr(rep, "_load", 0),
            is_at_work=rep.pk in known.hours and known.is_at_work(rep.pk, at),
            is_on_leave=rep.pk in away,
        )
        for rep in reps
    ]


def _groups(pools: Sequence[Pool], at: datetime) -> list[Group]:
    known = roster.roster(at)
    return [
        Group(
            pool=pool,
            people=getattr(pool, "_people", 0),
            uncovered=_uncovered([known.hours[rep] for rep in known.weights.get(pool.pk, {}) if rep in known.hours], at),
        )
        for pool in pools
    ]


def _uncovered(members: list[hours.Hours], at: datetime) -> list[Span]:
    """Where the members' usual hours of the next seven days, all together, are covered by none of them: their leave."""
    usual = (replace(one, away=()) for one in members)
    found = sorted(span for wanted in usual for span in hours.uncovered(members, wanted, at, at + WEEK))
    merged: list[Span] = []
    for span in found:
        if merged and span.starts_at <= merged[-1].ends_at:
            merged[-1] = Span(merged[-1].starts_at, max(merged[-1].ends_at, span.ends_at))
        else:
            merged.append(span)
    return merged
