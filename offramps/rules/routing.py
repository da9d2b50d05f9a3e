"""Who is offered a lead: the order of the product plan, with the reason for everybody who was passed over.

    1. the rep who has the customer's other open lead, or whose account it is
    2. enterprise: the reps of the customer's region, in no pool's turn but their own
    3. the pool of segment and region, by turns (round_robin)
    4. the fallback pool

Within a step, whoever lacks the skill that the topic needs, or does not sell the product line, never qualifies; of those who
do, those who speak the customer's language come first, and the others only when none of them can take it now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

ENTERPRISE = "enterprise"


class Step(StrEnum):
    """Which part of the order decided."""

    OWNER = "owner"
    REGIONAL = "regional"
    POOL = "pool"
    FALLBACK = "fallback"


class Why(StrEnum):
    """Why a rep was passed over, the first that holds."""

    PASSED = "passed"  # had this lead's offer before
    SKILL = "skill"
    LINE = "line"
    OFF_HOURS = "off_hours"
    OFFLINE = "offline"
    RINGING = "ringing"  # another lead rings there
    FULL = "full"
    LANGUAGE = "language"  # somebody who speaks it can take it
    REGION = "region"  # of an enterprise lead: not theirs


@dataclass(frozen=True, kw_only=True)
class Rep:
    """A rep as routing sees one now. Empty sets of lines, segments and regions mean all of them."""

    id: int
    skills: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    weight: int = 1
    capacity: int = 1
    load: int = 0
    is_online: bool = True
    is_at_work: bool = True
    is_ringing: bool = False

    def cannot_now(self) -> Why | None:
        """Why nothing can be offered now, whatever the lead."""
        if not self.is_at_work:
            return Why.OFF_HOURS
        if not self.is_online:
            return Why.OFFLINE
        if self.is_ringing:
            return Why.RINGING
        return Why.FULL if self.load >= self.capacity else None


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Reps who take turns. Empty sets of segments and regions mean all of them."""

    id: int
    segments: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    members: frozenset[int] = frozenset()
    is_paused: bool = False
    is_fallback: bool = False

    def fits(self, asked: "Asked") -> bool:
        return (not self.segments or asked.segment in self.segments) and (not self.regions or asked.region in self.regions)

    @property
    def narrowness(self) -> tuple[bool, bool, int]:
        """Sorts the narrowest first: both named before one before none, the older of two."""
        return (not self.segments, not self.regions, self.id)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What routing knows of a lead. `owners` are reps who have the customer already, the nearest first; `passed` had its
    offer; `pool` was chosen by a manager and comes before those that fit.
    """

    segment: str
    region: str
    language: str = "en"
    line: str = ""
    skill: str = ""
    owners: Sequence[int] = ()
    passed: frozenset[int] = frozenset()
    pool: int | None = None


@dataclass(frozen=True, kw_only=True)
class Route:
    """Who may be offered it now: `candidates` take turns when there are several. Nobody: `candidates` is empty.

    `pool` is whose leads it is, even when nobody can take it now. `passed_over` holds everybody who was looked at before, and
    those of the deciding step who could not.
    """

    step: Step
    pool: int | None
    candidates: frozenset[int] = frozenset()
    passed_over: Mapping[int, Why] = field(default_factory=dict)
    speaks_language: bool = True


def route(asked: Asked, reps: Mapping[int, Rep], pools: Iterable[Pool]) -> Route:
    """Decide who may be offered the lead now, and whose it is when nobody can."""
    ordered = in_order(asked, pools)
    home = ordered[0] if ordered else None
    over: dict[int, Why] = {}
    for owner in asked.owners:
        rep = reps.get(owner)
        why = _why_not(asked, rep) if rep else None
        if rep and why is None:
            return Route(step=Step.OWNER, pool=home.id if home else None, candidates=frozenset({owner}), passed_over=over)
        if why:
            over[owner] = why
    for pool in ordered:
        found = _of_pool(asked, pool, reps, over)
        over = {**over, **found.passed_over}
        if found.candidates:
            return found
    step = Step.FALLBACK if home is None or home.is_fallback else Step.POOL
    return Route(step=step, pool=home.id if home else None, passed_over=over)


def members_who_qualify(asked: Asked, pool: Pool, reps: Mapping[int, Rep]) -> frozenset[int]:
    """The pool's reps who could ever take it, present or not: whose calendars have the slots."""
    return frozenset(rep.id for rep in _members(pool, reps) if _unfit(asked, rep, by_region=_by_region(asked, pool)) is None)


def home(asked: Asked, pools: Iterable[Pool], reps: Mapping[int, Rep]) -> Pool | None:
    """The pool that answers for the lead: the first of the order with anybody who could ever take it. None: there is none."""
    ordered = in_order(asked, pools)
    return next((pool for pool in ordered if members_who_qualify(asked, pool, reps)), ordered[0] if ordered else None)


def who_qualify(asked: Asked, pools: Iterable[Pool], reps: Mapping[int, Rep]) -> frozenset[int]:
    """Everybody who could ever be offered it: its owners, and those of every pool in its order."""
    members = (members_who_qualify(asked, pool, reps) for pool in in_order(asked, pools))
    return frozenset(asked.owners).intersection(reps).union(*members)


def in_order(asked: Asked, pools: Iterable[Pool]) -> list[Pool]:
    """The pool that a manager chose, then fitting pools, the narrowest first, the fallback last."""
    every = [pool for pool in pools if not pool.is_paused]
    chosen = [pool for pool in every if pool.id == asked.pool]
    known = [pool for pool in every if pool.id != asked.pool]
    fitting = sorted((pool for pool in known if not pool.is_fallback and pool.fits(asked)), key=lambda pool: pool.narrowness)
    return [*chosen, *fitting, *sorted((pool for pool in known if pool.is_fallback), key=lambda pool: pool.id)]


def _of_pool(asked: Asked, pool: Pool, reps: Mapping[int, Rep], over: Mapping[int, Why]) -> Route:
    by_region = _by_region(asked, pool)
    free: list[Rep] = []
    found: dict[int, Why] = {}
    for rep in _members(pool, reps):
        why = _why_not(asked, rep, by_region=by_region)
        if why:
            found[rep.id] = over.get(rep.id, why)
        else:
            free.append(rep)
    speakers = [rep for rep in free if asked.language in rep.languages]
    if speakers:
        found |= {rep.id: Why.LANGUAGE for rep in free if asked.language not in rep.languages}
    step = Step.FALLBACK if pool.is_fallback else Step.REGIONAL if by_region else Step.POOL
    return Route(
        step=step,
        pool=pool.id,
        candidates=frozenset(rep.id for rep in speakers or free),
        passed_over=found,
        speaks_language=bool(speakers) or not free,
    )


def _members(pool: Pool, reps: Mapping[int, Rep]) -> list[Rep]:
    return [reps[rep] for rep in sorted(pool.members) if rep in reps]


def _by_region(asked: Asked, pool: Pool) -> bool:
    """Enterprise goes straight to the regional rep; the fallback pool has no regions to respect."""
    return asked.segment == ENTERPRISE and not pool.is_fallback


def _why_not(asked: Asked, rep: Rep, *, by_region: bool = False) -> Why | None:
    return Why.PASSED if rep.id in asked.passed else _unfit(asked, rep, by_region=by_region) or rep.cannot_now()


def _unfit(asked: Asked, rep: Rep, *, by_region: bool) -> Why | None:
    if asked.skill and asked.skill not in rep.skills:
        return Why.SKILL
    if asked.line and rep.lines and asked.line not in rep.lines:
        return Why.LINE
    return Why.REGION if by_region and rep.regions and asked.region not in rep.regions else None
