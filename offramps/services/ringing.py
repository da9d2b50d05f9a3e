"""Offers: every countdown that is to ring at the next rep, all of them together in one short transaction.

One process rings at a time, and nobody waits for it: whoever finds the lock taken goes on, and whoever held it looks again once
it is free. So what came meanwhile is never left behind, and the more comes the larger the batches are. Turns are dealt one
after the other, as if each had come alone. Order of locks: the one who rings, countdowns (never waited for), reps, leads.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from accounts.queries import policies, rows
from offramps.models import Countdown, Lead, Offer, OfferOutcome
from offramps.queries import leads, roster
from offramps.rules import countdown as rules
from offramps.rules import round_robin, routing
from offramps.rules.countdown import Do, Standing, Timing
from offramps.services import offer_news, presence

BATCH = 50
TURNS = 4  # so long a click at most rings for others too
NEW_CLICKS = timedelta(seconds=2)  # a click that came after `at` was asked rings along
log = structlog.get_logger(__name__)

# A process that hangs within its transaction loses it, so that the others can go on.
TAKE_TURN = """
    SELECT pg_try_advisory_xact_lock(hashtext('offramps.ringing')),
           set_config('idle_in_transaction_session_timeout', '10s', true)
"""
# Whose call is to be dated does not ring any more: offramps.services.countdowns dates it, one by one.
DUE = """
    SELECT id FROM offramps_countdown
    WHERE due_at <= %(soon)s AND (due_at <= %(at)s OR routed_at IS NULL)
        AND (slot_held_at IS NOT NULL OR NOT is_dated AND deadline_at > %(at)s)
        AND (%(only)s::bigint IS NULL OR id = %(only)s)
    ORDER BY due_at, id LIMIT %(most)s
"""
CLAIM = DUE + "FOR NO KEY UPDATE SKIP LOCKED"
PAST = """
    SELECT rep_id, eligible FROM offramps_offer WHERE pool_id = %(pool)s AND eligible <> '{}' ORDER BY id DESC LIMIT %(most)s
"""
SAVE = """
    UPDATE offramps_countdown c SET routed_at = n.routed_at, offered_at = n.offered_at, offers_ran_until = n.offers_ran_until,
        due_at = n.due_at, is_dated = n.is_dated
    FROM unnest(
        %(id)s::bigint[], %(routed_at)s::timestamptz[], %(offered_at)s::timestamptz[], %(offers_ran_until)s::timestamptz[],
        %(due_at)s::timestamptz[], %(is_dated)s::boolean[]
    ) AS n (id, routed_at, offered_at, offers_ran_until, due_at, is_dated)
    WHERE c.id = n.id RETURNING c.id
"""
SAVED = ("id", "routed_at", "offered_at", "offers_ran_until", "due_at", "is_dated")


@dataclass(frozen=True)
class Ring:
    """A countdown that rings on, and the offer of it that has run out."""

    held: Countdown
    ran_out: Offer | None
    timing: Timing


def timing(at: datetime) -> Timing:
    """The numbers in force."""
    return Timing(
        offer=policies.value("offramps.offer_seconds", at),
        promise=policies.value("offramps.call_seconds", at),
        again=policies.value("offramps.look_again_seconds", at),
    )


def timing_of(held: Countdown, numbers: Timing) -> Timing:
    """With the promise as it was made at the click."""
    promised = int((held.deadline_at - held.clicked_at).total_seconds())
    return numbers if promised == numbers.promise else replace(numbers, promise=promised)


def standing(held: Countdown, offer: Offer | None) -> Standing:
    """Where it stands; `offer` is the one that rings."""
    return Standing(
        clicked_at=held.clicked_at,
        offer_until=offer.until_at if offer else None,
        offers_ran_until=held.offers_ran_until,
        is_accepted=held.rep_id is not None and held.accepted_at is not None,
        is_contacted=held.contacted_at is not None,
        is_slot_held=held.slot_held_at is not None,
        is_offered_on=held.is_offered_on,
    )


def ring_due(at: datetime, *, only: int | None = None) -> int:
    """Let ring at the next rep what is due at `at`; `only` one countdown, by its key. Returns how many were looked after.

    0 at once while somebody else does it, who then finds what is due as well.
    """
    handled = 0
    for _turn in range(TURNS):
        rung = _ring(at, only)
        handled += rung
        if not rung or only is not None or not _due(at, 1):
            break
    return handled


def pass_on(held: Countdown, offer: Offer, at: datetime) -> None:
    """Nobody answered this offer in time. Call inside a transaction that holds the countdown, and save it after."""
    _pass([Ring(held, offer, timing(at))], at)


def _ring(at: datetime, only: int | None) -> int:
    """One batch. If it fails, each alone: a countdown that cannot ring must not keep the others from it."""
    try:
        return _ring_batch(at, only)
    except Exception:
        if only is not None:
            raise
        log.exception("ringing_failed")
        return sum(_ring_alone(key, at) for key in _due(at, BATCH))


def _ring_alone(key: int, at: datetime) -> int:
    try:
        return _ring_batch(at, key)
    except Exception:
        log.exception("ringing_failed", countdown=key)
        later = at + timedelta(seconds=timing(at).again)
        return Countdown.objects.filter(pk=key, due_at__lte=at).update(due_at=later)


def _ring_batch(at: datetime, only: int | None) -> int:
    with transaction.atomic(durable=True):
        ((is_my_turn, _timeout),) = rows.fetch(TAKE_TURN, {})
        keys = _due(at, BATCH, only=only, statement=CLAIM) if is_my_turn else []
        if keys:
            held = list(Countdown.objects.filter(pk__in=keys).select_related("lead__organization").order_by("due_at", "pk"))
            _step(held, max(at, *(one.clicked_at for one in held)))
            _save(held)
    return len(keys)


def _due(at: datetime, most: int, *, only: int | None = None, statement: str = DUE) -> list[int]:
    return [key for (key,) in rows.fetch(statement, {"at": at, "soon": at + NEW_CLICKS, "most": most, "only": only})]


def _step(held: Sequence[Countdown], at: datetime) -> None:
    """What the rule says of each: those that are to ring do, the others only learn when to look again."""
    numbers = timing(at)
    routed = [one.pk for one in held if one.routed_at]
    offers = {offer.countdown_id: offer for offer in Offer.objects.filter(countdown__in=routed, outcome="")} if routed else {}
    rings = []
    for one in held:
        offer, theirs = offers.get(one.pk), timing_of(one, numbers)
        step = rules.next_step(standing(one, offer), theirs, at)
        if step.do is Do.OFFER:
            rings.append(Ring(one, offer, theirs))
        else:
            one.due_at = step.at
    _pass([ring for ring in rings if ring.ran_out], at)
    if rings:
        _offer(rings, at)


def _pass(rings: Sequence[Ring], at: datetime) -> None:
    """Nobody answered these in time. Two in a row send a rep offline."""
    ran_out = [ring.ran_out for ring in rings if ring.ran_out]
    if not ran_out:
        return
    Offer.objects.filter(pk__in=[offer.pk for offer in ran_out]).update(outcome=OfferOutcome.PASSED, outcome_at=at)
    for ring in rings:
        ring.held.offers_ran_until = ring.ran_out.until_at if ring.ran_out else ring.held.offers_ran_until
    presence.note_passed(sorted(offer.rep_id for offer in ran_out), at)


def _offer(rings: Sequence[Ring], at: datetime) -> None:
    """To the next rep each. Nobody can take it: look again soon, or have a call dated at once if nobody is on duty."""
    known = roster.roster(at)
    asked = leads.asked_of([ring.held.lead for ring in rings], _who_passed(rings), at)
    table = Table(known, asked, at)
    made = []
    for ring, wanted in zip(rings, asked, strict=True):
        held, is_first = ring.held, ring.held.routed_at is None
        held.routed_at = held.routed_at or at
        offer = _offered(ring, table, wanted, at)
        if offer is not None:
            made.append((offer, held.lead))
            held.offered_at = held.offered_at or at
            held.due_at = min(offer.until_at, held.deadline_at) if at < held.deadline_at else offer.until_at
        elif is_first and not known.is_on_duty(routing.who_qualify(wanted, known.pools.values(), known.reps), at):
            held.is_dated, held.due_at = True, at
        else:
            held.due_at = rules.look_again_at(standing(held, None), ring.timing, at)
    Offer.objects.bulk_create(offer for offer, _lead in made)
    offer_news.made(made, at)


def _who_passed(rings: Iterable[Ring]) -> dict[int, frozenset[int]]:
    """Who had the offer of each lead before."""
    found: dict[int, set[int]] = defaultdict(set)
    again = {ring.held.pk: ring.held.lead_id for ring in rings if ring.held.offered_at}
    if again:
        for countdown, rep in Offer.objects.filter(countdown__in=again).values_list("countdown_id", "rep_id"):
            found[again[countdown]].add(rep)
    return {lead: frozenset(reps) for lead, reps in found.items()}


def _offered(ring: Ring, table: "Table", wanted: routing.Asked, at: datetime) -> Offer | None:
    """The next offer, not written yet: routed, dealt by turns within its pool. None: nobody can take it now."""
    route = routing.route(wanted, table.reps, table.pools)
    lead = ring.held.lead
    if lead.pool_id != route.pool:
        lead.pool_id = route.pool
        Lead.objects.filter(pk=lead.pk).update(pool=route.pool)
    if not route.candidates:
        return None
    rep, eligible, explained = table.deal(route)
    return Offer(
        countdown=ring.held,
        rep_id=rep,
        pool_id=route.pool,
        step=route.step,
        eligible=eligible,
        explained={**explained, "passed_over": route.passed_over, "speaks_language": route.speaks_language},
        offered_at=at,
        until_at=rules.offer_until(standing(ring.held, None), ring.timing, at),
    )


class Table:
    """Who can take a lead now, and whose turn it is in each pool; with each deal, whoever got it is ringing."""

    def __init__(self, known: roster.Roster, asked: Iterable[routing.Asked], at: datetime) -> None:
        self.pools = list(known.pools.values())
        self._weights = known.weights
        people: set[int] = set()
        for one in asked:
            people.update(one.owners, *(pool.members for pool in routing.in_order(one, self.pools)))
        self.reps = roster.live(known, people, at)
        self._past: dict[int, list[round_robin.Dealt]] = {}

    def deal(self, route: routing.Route) -> tuple[int, list[int], dict[str, float]]:
        """Whose turn it is among the candidates, who they were, and why."""
        if route.step is routing.Step.OWNER or route.pool is None:
            return self._rings(min(route.candidates)), [], {}
        past = self._past_of(route.pool)
        turn = round_robin.turn(self._weights.get(route.pool, {}), route.candidates, past)
        past.append(round_robin.Dealt(turn.rep, route.candidates))
        explained = {"share": round(turn.shares[turn.rep], 4), "lacks": round(turn.lacks[turn.rep], 4)}
        return self._rings(turn.rep), sorted(route.candidates), explained

    def _rings(self, rep: int) -> int:
        self.reps[rep] = replace(self.reps[rep], is_ringing=True)
        return rep

    def _past_of(self, pool: int) -> list[round_robin.Dealt]:
        if pool not in self._past:
            dealt = rows.fetch(PAST, {"pool": pool, "most": round_robin.WINDOW - 1})
            self._past[pool] = [round_robin.Dealt(rep, frozenset(eligible)) for rep, eligible in reversed(dealt)]
        return self._past[pool]


def _save(held: Sequence[Countdown]) -> None:
    values: Mapping[str, list[Any]] = {name: [getattr(one, name) for one in held] for name in SAVED}
    rows.fetch(SAVE, values)
