"""A quote that was accepted and paid: whoever hears of it first books it, once."""

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from accounts.services import journal, links
from billing.models import CheckoutAttempt, Quote, QuoteState, SeatChange
from billing.services import notices

# How the changes that quotes become are named: this, the quote's id, and which try it is.
NONCE: Final = "quote-"


def nonce(quote: Quote, tries: int) -> str:
    return f"{NONCE}{quote.public_id}-{tries}"


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
    if not change.nonce.startswith(NONCE):
        return
    found = Quote.objects.filter(public_id=change.nonce.removeprefix(NONCE).partition("-")[0]).first()
    if found is not None and found.subscription_id == change.subscription_id:
        _accept(found, at)


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
        "plan": quote.document["plan"],
        "interval": quote.document["interval"],
        "seats": quote.document["seats"],
        "amount_minor": decision.due_minor if decision else quote.due_minor,
        "currency": quote.currency,
        "quote_url": page_url(quote),
    }
    notices.write("quote_accepted", f"quote:{quote.pk}", quote.organization, context, at)
