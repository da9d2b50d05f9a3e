"""A quote that was accepted and paid: whoever hears of it first books it, once."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.urls import reverse

from accounts.services import journal, links, outbox
from billing.models import (
    ChangeState,
    CheckoutAttempt,
    CheckoutState,
    Customer,
    Quote,
    QuoteDecision,
    QuoteState,
    QuoteWay,
    SeatChange,
)
from billing.queries import quotes as queries
from billing.rules import collecting
from billing.services import notices
from billing.services.books import agreed_rows

# How far Stripe's clock may be before ours when it says that a page ran out.
A_CLOCKS_WIDTH: Final = timedelta(minutes=5)


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
    """A change was declined, refused, dropped or not paid in time: whoever approved it hears so. In a transaction.

    Whoever made the quote hears of a refusal, too; what was dropped or ran out they know, or have a mail about the change.
    """
    found = _of_change(change)
    if found is not None:
        row = f"quote:{found.pk}:{change.pk}"
        _tell_approver("quote_failed", found, row, at, refusal=change.message)
        if change.state in (ChangeState.DECLINED, ChangeState.FAILED):
            _tell_buyer(found, row, at, refusal=change.message)


def not_bought(attempt: CheckoutAttempt, at: datetime) -> None:
    """A purchase that was approved could not be made, or its page was left or declined until it ran out. In a transaction.

    A page that ended early was replaced, or its quote was taken back or overtaken: whoever did that knows.
    """
    found = Quote.objects.select_related("organization", "actor").filter(cart=attempt.cart_id).first()
    if found is None or (attempt.state == CheckoutState.EXPIRED and not _was_left(found, attempt, at)):
        return
    row = f"quote:{found.pk}:bought:{attempt.pk}"
    is_left = attempt.state == CheckoutState.EXPIRED
    _tell_approver("quote_failed", found, row, at, refusal="", is_left=is_left)
    _tell_buyer(found, row, at, refusal="", is_left=is_left)


def _was_left(quote: Quote, attempt: CheckoutAttempt, at: datetime) -> bool:
    """Whether nobody paid although it could be, until the page's own end, or until the quote's."""
    ran_out = quote.state == QuoteState.OPEN and at >= attempt.expires_at - A_CLOCKS_WIDTH
    return ran_out or quote.state == QuoteState.LAPSED


def _of_change(change: SeatChange) -> Quote | None:
    if not change.nonce.startswith(queries.NONCE):
        return None
    found = Quote.objects.filter(public_id=change.nonce.removeprefix(queries.NONCE).partition("-")[0]).first()
    return found if found is not None and found.subscription_id == change.subscription_id else None


def _accept(found: Quote, at: datetime) -> None:
    quote = Quote.objects.select_for_update(of=("self",)).select_related("organization", "actor", "rep").get(pk=found.pk)
    if quote.state == QuoteState.ACCEPTED:
        return
    decision = quote.decisions.order_by("-pk").first()
    quote.state, quote.decision, quote.closed_at, quote.remind_at = QuoteState.ACCEPTED, decision, at, None
    quote.save(update_fields=["state", "decision", "closed_at", "remind_at"])
    if quote.rep_id is not None:
        agreed_rows.accepted(quote, at)
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


def asker(quote: Quote) -> str:
    """Whom to ask about it: who of us made it, else the buyer."""
    person = quote.rep or quote.actor
    return (person.name or person.email) if person else ""


def how_paid(quote: Quote, decision: QuoteDecision | None) -> str:
    """How it is collected (billing.rules.collecting.How): as its subscription is, or as the approver chose."""
    is_invoiced = decision is not None and decision.way == QuoteWay.INVOICE
    customer = Customer.objects.filter(organization=quote.organization_id).first()
    return str(collecting.how(is_invoiced=is_invoiced, method_kind=customer.method_kind if customer else ""))


def _tell_approver(kind: str, quote: Quote, subject_row: str, at: datetime, *, refusal: str, is_left: bool = False) -> None:
    """Whoever accepted it last by its link, unless they decide about money and have their own mail."""
    decision = quote.decisions.order_by("-pk").first()
    if decision is None or decision.email.lower() in {person.email.lower() for person in notices.deciders(quote.organization)}:
        return
    context = _context(quote, decision, refusal) | {"is_buyer": False, "is_left": is_left, "open_url": link(quote)}
    outbox.write(
        kind=f"billing/{kind}",
        subject_row=subject_row,
        to=decision.email,
        organization=quote.organization,
        context=context,
        at=at,
    )


def _tell_buyer(quote: Quote, subject_row: str, at: datetime, *, refusal: str, is_left: bool = False) -> None:
    """Whoever made the quote, or everybody who decides about money once they are gone; nobody of their own yes."""
    decision = quote.decisions.order_by("-pk").first()
    if decision is None:
        return
    people = notices.deciders(quote.organization)
    told = [person for person in people if person.pk == quote.actor_id] or people
    context = _context(quote, decision, refusal) | {"is_buyer": True, "is_left": is_left, "open_url": page_url(quote)}
    for person in told:
        if person.email.lower() != decision.email.lower():
            outbox.write(
                kind="billing/quote_failed",
                subject_row=subject_row,
                to=person,
                organization=quote.organization,
                context=context,
                at=at,
            )


def _context(quote: Quote, decision: QuoteDecision, refusal: str) -> dict[str, Any]:
    return {
        "organization": quote.organization.name,
        "number": quote.number,
        "buyer": asker(quote),
        "approver": decision.name,
        "how": how_paid(quote, decision),
        "plan": quote.document["plan"],
        "seats": quote.document["seats"],
        "amount_minor": decision.due_minor,
        "currency": quote.currency,
        "refusal": refusal,
    }
