"""Who is told of a deal: who decides, who made it, and the customer. Each in the transaction of its cause."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from accounts.services import outbox
from billing.services.books import quote_rows
from offramps.models import DealVersion, Lead
from offramps.queries import deals as queries


def asked(version: DealVersion, *, at: datetime) -> None:
    """To those who may allow it: the narrowest group that has somebody."""
    for person in queries.asked_to_decide(version):
        _staff("deal_asked", version, person, at)


def decided(version: DealVersion, *, at: datetime) -> None:
    """To whoever made it: yes or no, by whom, and the note."""
    is_approved = version.state == "approved"
    by = str(version.decided_by) if version.decided_by else ""
    _staff("deal_decided", version, version.made_by, at, is_approved=is_approved, by=by, note=version.decision_note)


def came_of(version: DealVersion, *, at: datetime) -> None:
    """To whoever answers for it: the customer accepted it, or it is over."""
    _staff("deal_over", version, version.deal.owner, at, is_accepted=version.state == "accepted", outcome=version.state)


def expired(version: DealVersion, *, at: datetime) -> None:
    """To whoever answers for it: nobody decided in time, or what was allowed was not sent in time."""
    _staff("deal_over", version, version.deal.owner, at, is_accepted=False, outcome="expired")


def sent(version: DealVersion, *, at: datetime) -> None:
    """To the customer, with the link."""
    assert version.quote is not None
    quote, owner = version.quote, version.deal.owner
    outbox.write(
        kind="offramps/deal_sent",
        subject_row=f"deal_version:{version.pk}",
        to=version.approver_email,
        organization=version.deal.organization,
        locale=version.deal.organization.locale,
        context={
            "customer": version.deal.organization.name,
            "rep": owner.name or owner.email,
            "number": quote.number,
            "plan": quote.document["plan"],
            "seats": quote.document["seats"],
            "interval": quote.document["interval"],
            "due_minor": quote.due_minor,
            "currency": quote.currency,
            "valid_on": quote.valid_on,
            "open_url": quote_rows.link(quote),
        },
        at=at,
    )


def question(lead: Lead, to: User, *, name: str, text: str, subject_row: str, at: datetime) -> None:
    """To whoever answers for the deal: the customer asks something on its page."""
    outbox.write(
        kind="offramps/deal_question",
        subject_row=subject_row,
        to=to,
        organization=None,
        context={
            "customer": lead.organization.name if lead.organization else lead.contact_email,
            "who": name,
            "question": text,
            "case_url": settings.STORE_URL + reverse("offramps:case", args=[lead.public_id]),
        },
        at=at,
    )


def _staff(kind: str, version: DealVersion, to: User, at: datetime, **more: Any) -> None:
    deal = version.deal
    context = {
        "customer": deal.organization.name,
        "made_by": str(version.made_by),
        "version": version.number,
        "plan": version.document["plan"],
        "seats": version.seats,
        "interval": version.interval,
        "period_minor": version.document["net_minor"],
        "currency": version.currency,
        "why": version.reason,
        "deal_url": settings.STORE_URL + reverse("offramps:deal", args=[deal.public_id]),
        **more,
    }
    row = f"deal_version:{version.pk}:{version.state}"
    outbox.write(kind=f"offramps/{kind}", subject_row=row, to=to, organization=None, context=context, at=at)
