"""The 90-second clock: a lane that moves each countdown along its rule (offramps.rules.countdown), from rows in Postgres alone.

A click commits its countdown and lets it ring itself; whatever dies then, the lane goes on. What rings, rings together
(offramps.services.ringing); calls are dated one by one. Each is one short transaction that holds the countdown's row, so that
two workers never take the same.
"""

from datetime import datetime

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet

from accounts.origin import Origin
from accounts.services import journal
from config import clock, pulse
from offramps.models import Countdown, CountdownState, Lead, Miss, Offer
from offramps.rules import countdown as rules
from offramps.rules.countdown import Do
from offramps.services import ringing, slots

BATCH = 50
SYSTEM = Origin.system()
OVER = (CountdownState.CONTACTED, CountdownState.OVER)
log = structlog.get_logger(__name__)


def start(lead: Lead, *, clicked_at: datetime, is_new: bool) -> Countdown | None:
    """Promise a call: a countdown from the click on, in the click's transaction. None: one runs already, which the click joins.

    Take its first step with `begin` once that is committed. Raises IntegrityError if somebody else starts one this instant.
    """
    if not is_new and Countdown.objects.filter(lead=lead).exclude(state__in=OVER).exists():
        return None
    return Countdown.objects.create(
        lead=lead,
        clicked_at=clicked_at,
        deadline_at=rules.deadline(clicked_at, ringing.timing(clicked_at)),
        due_at=clicked_at,
    )


def begin(started: Countdown, at: datetime, *, is_dated: bool) -> None:
    """What a click does for its countdown once that is committed: it rings, or (`is_dated`) its call is dated.

    A shortcut: what does not come to pass here, the lane does.
    """
    try:
        ringing.ring_due(at)
        if is_dated:
            _date(started.pk, at)
    except DatabaseError:
        log.exception("countdown_not_begun", countdown=started.pk)


def drain(now: datetime) -> pulse.Drained:
    """The lane. Countdowns live on store time, whatever the wall says."""
    at = clock.now()
    waiting = Countdown.objects.filter(due_at__isnull=False).order_by("due_at")
    handled = ringing.ring_due(at)
    handled += sum(_date(pk, at) for pk in list(_to_be_dated(at).order_by("due_at").values_list("pk", flat=True)[:BATCH]))
    handled += slots.conclude_missed(at)
    next_at = waiting.values_list("due_at", flat=True).first()
    return pulse.Drained(handled=handled, next_due_at=now + (next_at - at) if next_at else None)


def advance(countdown_id: int, at: datetime) -> bool:
    """Take what is next of one countdown, if it is due and nobody else is at it. True: something was done."""
    has_rung = ringing.ring_due(at, only=countdown_id)
    return _date(countdown_id, at) or bool(has_rung)


def _to_be_dated(at: datetime) -> QuerySet[Countdown]:
    """Whose seconds are over, or never began."""
    over = Q(is_dated=True) | Q(deadline_at__lte=at)
    return Countdown.objects.filter(over, slot_held_at=None, due_at__lte=at)


def _date(countdown_id: int, at: datetime) -> bool:
    """Hold the slot of one countdown, if it is time and nobody else is at it."""
    with transaction.atomic(durable=True):
        found = _to_be_dated(at).select_for_update(of=("self",), skip_locked=True, no_key=True)
        held = found.select_related("lead__organization").filter(pk=countdown_id).first()
        if held is None:
            return False
        offer = held.offers.filter(outcome="").first()
        step = rules.next_step(ringing.standing(held, offer), ringing.timing_of(held, ringing.timing(at)), at)
        if held.is_dated or step.do is Do.HOLD_SLOT:
            _hold_slot(held, offer, at)
        else:
            held.due_at = step.at
        held.save()
    return True


def _hold_slot(held: Countdown, offer: Offer | None, at: datetime) -> None:
    """The seconds are over (or never began): a dated call. Whoever had accepted and not called loses it, and it is offered
    on.
    """
    if offer is not None:
        ringing.pass_on(held, offer, at)
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
