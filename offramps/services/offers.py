"""A rep's answer to an offer: accept, decline, talking. Of two who accept at once, one wins and the other is told."""

from datetime import datetime

from django.db import transaction

from accounts.origin import Origin
from accounts.services import journal
from offramps.models import Countdown, CountdownState, Lead, Offer, OfferOutcome, Rep
from offramps.services import presence, slots


class TakenByAnother(Exception):
    """Somebody else accepted it first; `rep` says who."""

    def __init__(self, rep: Rep | None) -> None:
        super().__init__(f"Taken by {rep}." if rep else "It is over.")
        self.rep = rep


class NotOffered(Exception):
    """It was never offered to this rep."""


def accept(countdown: Countdown, *, rep: Rep, at: datetime, origin: Origin) -> Countdown:
    """Take the lead: the rep now has to call before the deadline. Twice by the same rep is once.

    A rep whose offer ran out may still accept while nobody else has. Raises TakenByAnother, NotOffered.
    """
    with transaction.atomic(durable=True):
        held = _held(countdown)
        _to_be_theirs(held, rep)
        if held.rep_id == rep.pk and held.accepted_at is not None:
            return held
        if held.rep_id is not None or held.state not in (CountdownState.RINGING, CountdownState.SLOT):
            raise TakenByAnother(held.rep)
        _conclude(held, rep, at)
        held.rep, held.accepted_at = rep, at
        if held.state == CountdownState.RINGING:
            held.state, held.due_at = CountdownState.ACCEPTED, held.deadline_at
        else:
            held.due_at = None
        held.save()
        Lead.objects.filter(pk=held.lead_id).update(rep=rep)
        presence.note_answered(rep.pk)
        _tell("offramps.call.accepted", held, rep, at, origin)
    return held


def decline(countdown: Countdown, *, rep: Rep, at: datetime, origin: Origin) -> bool:
    """Pass the offer on at once. False: it does not ring there any more. Raises NotOffered."""
    with transaction.atomic(durable=True):
        held = _held(countdown)
        _to_be_theirs(held, rep)
        offer = held.offers.filter(rep=rep, outcome="").first()
        if offer is None:
            return False
        offer.outcome, offer.outcome_at = OfferOutcome.DECLINED, at
        offer.save(update_fields=["outcome", "outcome_at"])
        held.offers_ran_until = held.due_at = at
        held.save(update_fields=["offers_ran_until", "due_at"])
        presence.note_answered(rep.pk)
        _tell("offramps.call.declined", held, rep, at, origin)
    return True


def talking(countdown: Countdown, *, rep: Rep | None, at: datetime, origin: Origin) -> bool:
    """Rep or customer says that they are talking: the promise is kept. A call slot still ahead is not needed any more.

    `rep` is None when the customer says so. False: it was said already. Raises TakenByAnother.
    """
    with transaction.atomic(durable=True):
        held = _held(countdown)
        if held.contacted_at is not None:
            return False
        slot = held.slots.filter(state="held").select_related("rep").first()
        caller = held.rep or (slot.rep if slot else None)
        if caller is None or (rep is not None and rep.pk not in {caller.pk, slot.rep_id if slot else None}):
            raise TakenByAnother(caller)
        by = rep or caller
        held.state, held.contacted_at, held.rep, held.due_at = CountdownState.CONTACTED, at, by, None
        held.save()
        _withdraw(held, at)
        if slot is not None:
            slots.conclude(slot, by=by, at=at)
        Lead.objects.filter(pk=held.lead_id).update(rep=by)
        _tell("offramps.call.begun", held, by, at, origin)
    return True


def _held(countdown: Countdown) -> Countdown:
    rows = Countdown.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("lead__organization", "rep__user").get(pk=countdown.pk)


def _to_be_theirs(held: Countdown, rep: Rep) -> None:
    if not held.offers.filter(rep=rep).exists():
        raise NotOffered


def _conclude(held: Countdown, rep: Rep, at: datetime) -> None:
    """The rep's own offer is accepted; one that rings elsewhere was too slow."""
    mine = held.offers.filter(rep=rep).order_by("-pk").first()
    Offer.objects.filter(countdown=held, outcome="").exclude(rep=rep).update(outcome=OfferOutcome.TAKEN, outcome_at=at)
    if mine is not None:
        mine.outcome, mine.outcome_at = OfferOutcome.ACCEPTED, at
        mine.save(update_fields=["outcome", "outcome_at"])


def _withdraw(held: Countdown, at: datetime) -> None:
    Offer.objects.filter(countdown=held, outcome="").update(outcome=OfferOutcome.WITHDRAWN, outcome_at=at)


def _tell(kind: str, held: Countdown, rep: Rep, at: datetime, origin: Origin) -> None:
    data = {"lead": held.lead.public_id, "rep": rep.public_id, "after_seconds": int((at - held.clicked_at).total_seconds())}
    journal.append(kind=kind, organization=held.lead.organization, at=at, origin=origin, data=data)
