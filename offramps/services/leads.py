"""Leads: one open for each topic of a customer. A trigger opens it or joins it; nothing that somebody said is lost."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import journal
from offramps.models import Countdown, CountdownState, HandRaise, Lead, LeadState, LeadTrigger, Offer, OfferOutcome
from offramps.queries import leads as queries
from offramps.services import slots

OVER = (CountdownState.CONTACTED, CountdownState.OVER)
STRONGER = {"mail": 0, "video": 1, "phone": 2}


class AlreadyClosed(Exception):
    """The lead has its outcome: reload it."""


def of_hand_raise(made: HandRaise, *, locale: str, at: datetime, origin: Origin) -> Lead:
    """The open lead of the hand-raise's topic: opened by it, or joined. Call inside the hand-raise's transaction."""
    lead = queries.open_of(made.organization, made.contact_email, made.reason)
    if lead is None:
        lead = _open(made, locale, at, origin)
    else:
        _join(lead, made, at, origin)
    LeadTrigger.objects.create(lead=lead, hand_raise=made, at=at)
    return lead


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
        _tell("offramps.lead.closed", lead, at, origin, outcome=outcome)


def _stop_clock(lead: Lead, at: datetime, origin: Origin, *, has_talked: bool) -> None:
    held = Countdown.objects.select_for_update(no_key=True).filter(lead=lead).exclude(state__in=OVER).first()
    if held is not None:
        Offer.objects.filter(countdown=held, outcome="").update(outcome=OfferOutcome.WITHDRAWN, outcome_at=at)
        slots.give_up(held, has_talked=has_talked, at=at, origin=origin)
        held.state, held.due_at = CountdownState.OVER, None
        held.save(update_fields=["state", "due_at"])


def _open(made: HandRaise, locale: str, at: datetime, origin: Origin) -> Lead:
    organization = made.organization
    values: dict[str, Any] = {
        **_contact(made),
        "organization": organization,
        "user": made.user,
        "topic": made.reason,
        "time_zone": organization.time_zone if organization else str(made.answers.get("time_zone") or "UTC"),
        "segment": queries.segment_of(organization, made.answers, at),
        "region": organization.region if organization else "",
        "language": (locale or (organization.locale if organization else "")).partition("-")[0] or "en",
        "line": str(made.basket.get("plan", "")).partition("/")[0],
        "cart": made.cart,
        "basket": made.basket,
        "opened_at": at,
    }
    values["pool_id"] = queries.home(Lead(**values), at)
    try:
        with transaction.atomic():
            lead = Lead.objects.create(**values)
    except IntegrityError:  # somebody else's trigger opened it this instant
        lead = Lead.objects.get(pk=_found(organization, made).pk)
        _join(lead, made, at, origin)
        return lead
    _tell("offramps.lead.opened", lead, at, origin, segment=lead.segment)
    return lead


def _found(organization: Organization | None, made: HandRaise) -> Lead:
    lead = queries.open_of(organization, made.contact_email, made.reason)
    if lead is None:
        raise AlreadyClosed
    return lead


def _join(lead: Lead, made: HandRaise, at: datetime, origin: Origin) -> None:
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
    _tell("offramps.lead.joined", lead, at, origin, priority=lead.priority)


def _contact(made: HandRaise) -> dict[str, Any]:
    return {
        "contact_name": made.contact_name,
        "contact_email": made.contact_email,
        "contact_phone": made.contact_phone,
        "channel": made.channel,
    }


def _tell(kind: str, lead: Lead, at: datetime, origin: Origin, **more: object) -> None:
    data = {"lead": lead.public_id, "topic": lead.topic, **more}
    journal.append(kind=kind, organization=lead.organization, at=at, origin=origin, data=data)
