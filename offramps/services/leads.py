"""Leads: one open for each topic of a customer. A trigger opens it or joins it; nothing that somebody said is lost."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from accounts.models import Journal
from accounts.origin import Origin
from accounts.services import journal
from offramps.models import Countdown, CountdownState, HandRaise, Lead, LeadState, LeadTrigger, Offer, OfferOutcome
from offramps.queries import leads as queries
from offramps.services import slots

OVER = (CountdownState.CONTACTED, CountdownState.OVER)
STRONGER = {"mail": 0, "video": 1, "phone": 2}


class AlreadyClosed(Exception):
    """The lead has its outcome: reload it."""


class Joined(NamedTuple):
    """The lead of a trigger, whether that opened it, and the fact that is to be written down."""

    lead: Lead
    is_new: bool
    fact: Journal


def of_hand_raise(made: HandRaise, *, locale: str, at: datetime, origin: Origin) -> Joined:
    """The open lead of the hand-raise's topic: opened by it, or joined. Call inside the hand-raise's transaction.

    Raises IntegrityError if somebody else opens it this instant: begin the transaction anew, and it is joined.
    """
    known = queries.open_of(made.organization, made.contact_email, made.reason)
    lead = known or _open(made, locale, at)
    LeadTrigger.objects.create(lead=lead, hand_raise=made, at=at)
    if known is None:
        return Joined(lead, True, _fact("offramps.lead.opened", lead, at, origin, segment=lead.segment))
    _join(lead, made)
    return Joined(lead, False, _fact("offramps.lead.joined", lead, at, origin, priority=lead.priority))


def close(lead: Lead, *, outcome: LeadState, reason: str, at: datetime, origin: Origin) -> None:
    """Note the outcome. The clock is over with it: nothing rings any more, and a dated call is not needed.

    Raises AlreadyClosed; ValueError without a reason, or for an outcome that is none.
    """
    if outcome == LeadState.OPEN or not reason.strip():
        raise ValueError("An outcome is won, lost, handed back or not a fit, with a reason.")
    with transaction.atomic():
        _stop_clock(lead, at, origin, has_talked=outcome in (LeadState.WON, LeadState.LOST))
        closed = Lead.objects.open().filter(pk=lead.pk)
        if not closed.update(state=outcome, outcome_reason=reason.strip()[:300], closed_at=at):
            raise AlreadyClosed
        journal.write([_fact("offramps.lead.closed", lead, at, origin, outcome=outcome)])


def _stop_clock(lead: Lead, at: datetime, origin: Origin, *, has_talked: bool) -> None:
    held = Countdown.objects.select_for_update(no_key=True).filter(lead=lead).exclude(state__in=OVER).first()
    if held is not None:
        Offer.objects.filter(countdown=held, outcome="").update(outcome=OfferOutcome.WITHDRAWN, outcome_at=at)
        slots.give_up(held, has_talked=has_talked, at=at, origin=origin)
        held.state, held.due_at = CountdownState.OVER, None
        held.save(update_fields=["state", "due_at"])


def _open(made: HandRaise, locale: str, at: datetime) -> Lead:
    organization = made.organization
    lead = Lead(
        **_contact(made),
        organization=organization,
        user=made.user,
        topic=made.reason,
        time_zone=organization.time_zone if organization else str(made.answers.get("time_zone") or "UTC"),
        segment=queries.segment_of(organization, made.answers, at),
        region=organization.region if organization else "",
        language=(locale or (organization.locale if organization else "")).partition("-")[0] or "en",
        line=str(made.basket.get("plan", "")).partition("/")[0],
        cart=made.cart,
        basket=made.basket,
        opened_at=at,
    )
    lead.pool_id = queries.home(lead, at)
    lead.save(force_insert=True)
    return lead


def _join(lead: Lead, made: HandRaise) -> None:
    """The latest words count for how to reach them and what they want; each trigger keeps its own."""
    said = _contact(made)
    if STRONGER.get(lead.channel, 0) > STRONGER.get(made.channel, 0):
        said.pop("channel")
        said.pop("contact_phone")
    said = {name: value for name, value in said.items() if value}
    if made.basket:
        said |= {"basket": made.basket, "cart": made.cart}
    Lead.objects.filter(pk=lead.pk).update(priority=F("priority") + 1, **said)
    lead.refresh_from_db()


def _contact(made: HandRaise) -> dict[str, Any]:
    return {
        "contact_name": made.contact_name,
        "contact_email": made.contact_email,
        "contact_phone": made.contact_phone,
        "channel": made.channel,
    }


def _fact(kind: str, lead: Lead, at: datetime, origin: Origin, **more: object) -> Journal:
    data = {"lead": lead.public_id, "topic": lead.topic, **more}
    return journal.fact(kind=kind, organization=lead.organization, at=at, origin=origin, data=data)
