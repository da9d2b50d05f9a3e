"""Leads: one open for each topic of a customer. A trigger opens it or joins it; nothing that somebody said is lost."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from accounts.models import Journal
from accounts.origin import Origin
from accounts.services import journal
from offramps.models import Countdown, CountdownState, Fit, HandRaise, Lead, LeadState, LeadTrigger, Offer, OfferOutcome
from offramps.queries import fit
from offramps.queries import leads as queries
from offramps.services import slots

OVER = (CountdownState.CONTACTED, CountdownState.OVER)
FIT = ("fit", "fit_score", "fit_parts", "fit_decided_by")
FOR_A_PERSON = (Fit.ROUTED, Fit.AT_ONCE)
CONTACT = ("contact_name", "contact_email", "contact_phone", "channel")
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
    organization = made.organization
    wanted = Lead(
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
    seats = int(made.answers.get("seats") or made.basket.get("seats") or 0)
    found = fit.verdict(
        organization=organization, email=made.contact_email, answers=made.answers, topic=made.reason, seats=seats, at=at
    )
    fit.keep(wanted, found)
    joined = opened_or_joined(wanted, at=at, origin=origin)
    LeadTrigger.objects.create(lead=joined.lead, hand_raise=made, at=at)
    return joined


def opened_or_joined(wanted: Lead, *, at: datetime, origin: Origin, is_said: bool = True) -> Joined:
    """The open lead of a topic: `wanted` itself, saved, or the one that was open, with what is new.

    `is_said`: somebody said how to reach them, which counts from now on. Raises IntegrityError as `of_hand_raise`.
    """
    lead = queries.open_of(wanted.organization, wanted.contact_email, wanted.topic)
    if lead is None:
        wanted.pool_id = queries.home(wanted, at) if wanted.fit in FOR_A_PERSON else None
        wanted.save(force_insert=True)
        return Joined(wanted, True, _fact("offramps.lead.opened", wanted, at, origin, segment=wanted.segment))
    _join(lead, wanted, is_said=is_said, at=at)
    return Joined(lead, False, _fact("offramps.lead.joined", lead, at, origin, priority=lead.priority))


def turn_away(lead: Lead, *, at: datetime, origin: Origin) -> None:
    """Close the lead of somebody who is not served, with what decided. Call inside the trigger's transaction."""
    close(lead, outcome=LeadState.NOT_A_FIT, reason=str(Fit(lead.fit).label), at=at, origin=origin)


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


def _join(lead: Lead, wanted: Lead, *, is_said: bool, at: datetime) -> None:
    """The latest words count for how to reach them and what they want; each trigger keeps its own. What was for the store to
    answer is for a person once one trigger is.
    """
    said: dict[str, Any] = {name: getattr(wanted, name) for name in CONTACT} if is_said else {}
    if STRONGER.get(lead.channel, 0) > STRONGER.get(wanted.channel, 0):
        said = {name: value for name, value in said.items() if name not in ("channel", "contact_phone")}
    said = {name: value for name, value in said.items() if value}
    if wanted.basket:
        said |= {"basket": wanted.basket, "cart": wanted.cart}
    if lead.fit not in FOR_A_PERSON and wanted.fit in FOR_A_PERSON:
        said |= {name: getattr(wanted, name) for name in FIT} | {"pool_id": queries.home(lead, at)}
    Lead.objects.filter(pk=lead.pk).update(priority=F("priority") + 1, **said)
    lead.refresh_from_db()


def _contact(made: HandRaise) -> dict[str, Any]:
    return {name: getattr(made, name) for name in CONTACT}


def _fact(kind: str, lead: Lead, at: datetime, origin: Origin, **more: object) -> Journal:
    data = {"lead": lead.public_id, "topic": lead.topic, **more}
    return journal.fact(kind=kind, organization=lead.organization, at=at, origin=origin, data=data)
