"""The 90-second clock: a lane that moves each countdown along its rule (offramps.rules.countdown), from rows in Postgres alone.

A click commits its countdown and takes the first step itself; whatever dies then, the lane takes the next. One step is one
short transaction that holds the countdown's row, so that two workers never take the same. Order of locks: countdown, rep, pool.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal
from config import clock, pulse
from offramps.models import Countdown, CountdownState, Lead, Miss, Offer, OfferOutcome, Pool
from offramps.queries import leads, roster
from offramps.rules import countdown as rules
from offramps.rules import round_robin, routing
from offramps.rules.countdown import Do, Standing, Timing
from offramps.services import offer_news, presence, slots

BATCH = 50
TRIES = 3  # two pools may choose the same rep at the same instant
SYSTEM = Origin.system()


def timing(at: datetime) -> Timing:
    """The numbers in force."""
    return Timing(
        offer=policies.value("offramps.offer_seconds", at),
        promise=policies.value("offramps.call_seconds", at),
        again=policies.value("offramps.look_again_seconds", at),
    )


def start(lead: Lead, *, clicked_at: datetime) -> Countdown | None:
    """Promise a call: a countdown from the click on, in the click's transaction. None: one runs already, which the click joins.

    Take its first step with `advance` once that is committed.
    """
    try:
        with transaction.atomic():
            return Countdown.objects.create(
                lead=lead,
                clicked_at=clicked_at,
                deadline_at=rules.deadline(clicked_at, timing(clicked_at)),
                due_at=clicked_at,
            )
    except IntegrityError:
        return None


def drain(now: datetime) -> pulse.Drained:
    """The lane. Countdowns live on store time, whatever the wall says."""
    at = clock.now()
    waiting = Countdown.objects.filter(due_at__isnull=False).order_by("due_at")
    due = list(waiting.filter(due_at__lte=at).values_list("pk", flat=True)[:BATCH])
    handled = sum(advance(pk, at) for pk in due)
    handled += slots.conclude_missed(at)
    next_at = waiting.values_list("due_at", flat=True).first()
    return pulse.Drained(handled=handled, next_due_at=now + (next_at - at) if next_at else None)


def advance(countdown_id: int, at: datetime) -> bool:
    """Take the next step of one countdown, if it is due and nobody else is taking it. True: something was done."""
    with transaction.atomic(durable=True):
        held = _held(countdown_id, at)
        if held is None:
            return False
        offer = held.offers.filter(outcome="").first() if held.routed_at else None
        numbers = timing(at)
        step = rules.next_step(_standing(held, offer), numbers, at)
        if step.do is Do.OFFER:
            _ring(held, offer, numbers, at)
        elif step.do is Do.HOLD_SLOT:
            _hold_slot(held, offer, at)
        else:
            held.due_at = step.at
        held.save()
    return True


def _held(countdown_id: int, at: datetime) -> Countdown | None:
    rows = Countdown.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    return rows.select_related("lead__organization").filter(pk=countdown_id, due_at__lte=at).first()


def _standing(held: Countdown, offer: Offer | None) -> Standing:
    return Standing(
        clicked_at=held.clicked_at,
        offer_until=offer.until_at if offer else None,
        offers_ran_until=held.offers_ran_until,
        is_accepted=held.rep_id is not None and held.accepted_at is not None,
        is_contacted=held.contacted_at is not None,
        is_slot_held=held.slot_held_at is not None,
        is_offered_on=held.is_offered_on,
    )


def _ring(held: Countdown, offer: Offer | None, numbers: Timing, at: datetime) -> None:
    """Let it ring at the next rep. Nobody can take it: look again soon, or date a call at once if nobody is on duty."""
    if offer is not None:
        _pass(held, offer, at)
    is_first = held.routed_at is None
    held.routed_at = held.routed_at or at
    made = _offered(held, numbers, at)
    if made is not None:
        held.offered_at = held.offered_at or at
        held.due_at = min(made.until_at, held.deadline_at) if at < held.deadline_at else made.until_at
        offer_news.made(made, held.lead, at)
    elif is_first and not _is_anybody_on_duty(held.lead, at):
        held.is_dated = True
        _hold_slot(held, None, at)
    else:
        held.due_at = rules.look_again_at(_standing(held, None), numbers, at)


def _pass(held: Countdown, offer: Offer, at: datetime) -> None:
    """Nobody answered it in time. Two in a row send the rep offline."""
    offer.outcome, offer.outcome_at = OfferOutcome.PASSED, at
    offer.save(update_fields=["outcome", "outcome_at"])
    held.offers_ran_until = offer.until_at
    presence.note_passed(offer.rep_id, at)


def _offered(held: Countdown, numbers: Timing, at: datetime) -> Offer | None:
    """The next offer, made: routed, dealt by turns within its pool, rung. None: nobody can take it now."""
    known = roster.roster(at)
    passed = frozenset(held.offers.values_list("rep_id", flat=True)) if held.offered_at else frozenset()
    asked = leads.asked(held.lead, passed=passed, at=at)
    until_at = rules.offer_until(_standing(held, None), numbers, at)
    looked_at = frozenset(asked.owners).union(*(pool.members for pool in routing.in_order(asked, known.pools.values())))
    for _try in range(TRIES):
        route = routing.route(asked, roster.live(known, looked_at, at), known.pools.values())
        _note_pool(held.lead, route.pool)
        if not route.candidates:
            break
        try:
            with transaction.atomic():
                return _made(held, route, known, until_at, at)
        except IntegrityError:  # the rep was rung by another pool's turn since we looked
            continue
    return None


def _note_pool(lead: Lead, pool: int | None) -> None:
    if lead.pool_id != pool:
        lead.pool_id = pool
        lead.save(update_fields=["pool"])


def _made(held: Countdown, route: routing.Route, known: roster.Roster, until_at: datetime, at: datetime) -> Offer:
    rep, eligible, explained = _turn(route, known)
    return Offer.objects.create(
        countdown=held,
        rep_id=rep,
        pool_id=route.pool,
        step=route.step,
        eligible=eligible,
        explained={**explained, "passed_over": route.passed_over, "speaks_language": route.speaks_language},
        offered_at=at,
        until_at=until_at,
    )


def _turn(route: routing.Route, known: roster.Roster) -> tuple[int, list[int], dict[str, float]]:
    """Whose turn it is among the candidates. The pool's row is held, so that its turns are dealt one after the other."""
    if route.step is routing.Step.OWNER or route.pool is None:
        return min(route.candidates), [], {}
    Pool.objects.select_for_update(no_key=True).only("pk").get(pk=route.pool)
    dealt = Offer.objects.filter(pool=route.pool).exclude(eligible=[]).order_by("-pk")
    rows = list(dealt.values_list("rep_id", "eligible")[: round_robin.WINDOW - 1])
    past = [round_robin.Dealt(rep, frozenset(eligible)) for rep, eligible in reversed(rows)]
    turn = round_robin.turn(known.weights.get(route.pool, {}), route.candidates, past)
    explained = {"share": round(turn.shares[turn.rep], 4), "lacks": round(turn.lacks[turn.rep], 4)}
    return turn.rep, sorted(route.candidates), explained


def _is_anybody_on_duty(lead: Lead, at: datetime) -> bool:
    """Whether, by working hours, anybody works now who could ever take it, here or not."""
    known = roster.roster(at)
    asked = leads.asked(lead, passed=frozenset(), at=at)
    return known.is_on_duty(routing.who_qualify(asked, known.pools.values(), known.reps), at)


def _hold_slot(held: Countdown, offer: Offer | None, at: datetime) -> None:
    """The seconds are over (or never began): a dated call. Whoever had accepted and not called loses it, and it is offered
    on.
    """
    if offer is not None:
        _pass(held, offer, at)
    held.is_offered_on = held.accepted_at is not None
    if not held.is_dated:
        held.missed_because = _why_missed(held)
    if held.is_offered_on:
        Lead.objects.filter(pk=held.lead_id, rep=held.rep_id).update(rep=None)
        held.lead.rep = None
    held.rep, held.accepted_at = None, None
    slot = slots.hold(held, at)
    held.slot_held_at = at
    held.state = CountdownState.SLOT if slot else CountdownState.OVER
    held.due_at = at if held.is_offered_on else None
    data = {
        "lead": held.lead.public_id,
        "starts_at": slot.starts_at if slot else None,
        "missed_because": held.missed_because,
    }
    journal.append(kind="offramps.call.dated", organization=held.lead.organization, at=at, origin=SYSTEM, data=data)


def _why_missed(held: Countdown) -> Miss:
    if held.accepted_at is not None:
        return Miss.NOT_CALLED
    return Miss.NOBODY_ANSWERED if held.offered_at is not None else Miss.NOBODY_PRESENT
