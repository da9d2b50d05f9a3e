"""A quote that was accepted and paid: whoever hears of it first books it, once."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.services import journal, links, outbox
from billing.models import CheckoutAttempt, Customer, Quote, QuoteDecision, QuoteState, QuoteWay, SeatChange
from billing.queries import quotes as queries
from billing.rules import collecting
from billing.services import notices


def nonce(quote: Quote, tries: int) -> str:
    return f"{queries.NONCE}{quote.public_id}-{tries}"


def link(quote: Quote) -> str:
    """Where it is read and accepted, without an account. It opens as long as the quote's row says."""
    return f"{settings.STORE_URL}{reverse('storefront:quote_approval', args=[links.token(links.QUOTE, quote.pk)])}"


def page_url(quote: Quote) -> str:
    """Where the buyer sees it."""
    return f"{settings.STORE_URL}{reverse('storefront:quote', args=[quote.public_id])}"


def bought(attempt: CheckoutAttempt, at: datetime) -> None:
    """A purchase was paid: if it was a quote's, that is accepted, whatever had become of it meanwhile. In a transaction."""
    found = Quote.objects.filter(cart=attempt.cart_id).first()
    if found is not None:
        _accept(found, at)


def made(change: SeatChange, at: datetime) -> None:
    """A change was paid for, or invoiced. In a transaction."""
    found = _of_change(change)
    if found is not None:
        _accept(found, at)


def failed(change: SeatChange, at: datetime) -> None:
    """A change was declined, refused, dropped or not paid in time: whoever approved it hears so. In a transaction."""
    found = _of_change(change)
    if found is not None:
        _tell_approver("quote_failed", found, f"quote:{found.pk}:{change.pk}", at, refusal=change.message)


def not_bought(attempt: CheckoutAttempt, at: datetime) -> None:
    """A purchase that was approved could not be made. In a transaction."""
    found = Quote.objects.filter(cart=attempt.cart_id).first()
    if found is not None:
        _tell_approver("quote_failed", found, f"quote:{found.pk}:bought:{attempt.pk}", at, refusal="")


def _of_change(change: SeatChange) -> Quote | None:
    if not change.nonce.startswith(queries.NONCE):
        return None
    found = Quote.objects.filter(public_id=change.nonce.removeprefix(queries.NONCE).partition("-")[0]).first()
    return found if found is not None and found.subscription_id == change.subscription_id else None


def _accept(found: Quote, at: datetime) -> None:
    quote = Quote.objects.select_for_update(of=("self",)).select_related("organization", "actor").get(pk=found.pk)
    if quote.state == QuoteState.ACCEPTED:
        return
    decision = quote.decisions.order_by("-pk").first()
    quote.state, quote.decision, quote.closed_at, quote.remind_at = QuoteState.ACCEPTED, decision, at, None
    quote.save(update_fields=["state", "decision", "closed_at", "remind_at"])
    data: dict[str, Any] = {"quote": quote.public_id, "number": quote.number, "way": decision.way if decision else ""}
    journal.append(kind="billing.quote.accepted", organization=quote.organization, at=at, data=data)
    context = {
        "number": quote.number,
        "approver": decision.name if decision else "",
        "way": decision.way if decision else "",
        "how": how_paid(quote, decision),
        "plan": quote.document["plan"],
        "interval": quote.document["interval"],
        "seats": quote.document["seats"],
        "amount_minor": decision.due_minor if decision else quote.due_minor,
        "currency": quote.currency,
        "quote_url": page_url(quote),
    }
    notices.write("quote_accepted", f"quote:{quote.pk}", quote.organization, context, at)
    _tell_approver("quote_done", quote, f"quote:{quote.pk}", at, refusal="")


def how_paid(quote: Quote, decision: QuoteDecision | None) -> str:
    """How it is collected (billing.rules.collecting.How): as its subscription is, or as the approver chose."""
    is_invoiced = decision is not None and decision.way == QuoteWay.INVOICE
    customer = Customer.objects.filter(organization=quote.organization_id).first()
    return str(collecting.how(is_invoiced=is_invoiced, method_kind=customer.method_kind if customer else ""))


def _tell_approver(kind: str, quote: Quote, subject_row: str, at: datetime, *, refusal: str) -> None:
    """Whoever accepted it last by its link, unless they decide about money and have their own mail."""
    decision = quote.decisions.order_by("-pk").first()
    if decision is None or decision.email.lower() in {person.email.lower() for person in notices.deciders(quote.organization)}:
        return
    context = {
        "organization": quote.organization.name,
        "number": quote.number,
        "buyer": (quote.actor.name or quote.actor.email) if quote.actor else "",
        "how": how_paid(quote, decision),
        "plan": quote.document["plan"],
        "seats": quote.document["seats"],
        "amount_minor": decision.due_minor,
        "currency": quote.currency,
        "refusal": refusal,
        "open_url": link(quote),
    }
    outbox.write(
        kind=f"billing/{kind}",
        subject_row=subject_row,
        to=decision.email,
        organization=quote.organization,
        context=context,
        at=at,
    )
