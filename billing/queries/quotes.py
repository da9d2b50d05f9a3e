"""Reading quotes: an organization's, and the one that a link is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet, Subquery

from accounts.models import Organization
from accounts.services import links
from billing.models import (
    ChangeState,
    CheckoutAttempt,
    CheckoutState,
    Invoice,
    LedgerKind,
    Quote,
    QuoteDecision,
    QuoteKind,
    QuoteState,
    SeatChange,
    SeatLedgerEntry,
)

# How the changes that quotes become are named: this, the quote's id, and which try it is.
NONCE: Final = "quote-"
A_PAGE: Final = 20
# After it was accepted, withdrawn or has lapsed the link still says so for a while.
LINK_LIVES_ON: Final = timedelta(days=60)


def page(organization: Organization, *, before: int | None = None) -> list[Quote]:
    """The newest first, one more than a page has where there are older ones. One query."""
    rows = _rows().filter(organization=organization).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows[: A_PAGE + 1])


def find(organization: Organization, public_id: str) -> Quote | None:
    """One query."""
    return _rows().filter(organization=organization, public_id=public_id).first()


def of_token(token: str) -> Quote | None:
    """The quote that a link is about; None for what is no link, a draft, or an organization that has gone. One query."""
    ids = links.read(links.QUOTE, token)
    if not ids or len(ids) != 1:
        return None
    return _rows().filter(pk=ids[0], organization__closed_at=None).exclude(state=QuoteState.DRAFT).first()


def is_gone(quote: Quote, at: datetime) -> bool:
    """Whether its link opens nothing any more."""
    return quote.closed_at is not None and at > quote.closed_at + LINK_LIVES_ON


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a quote that was accepted: `amount_minor`, on `invoice` once Stripe has told of it."""

    amount_minor: int
    accepted_at: datetime
    invoice: Invoice | None


def outcome(quote: Quote) -> Outcome | None:
    """None: it is not accepted. Two queries."""
    if quote.state != QuoteState.ACCEPTED or quote.closed_at is None:
        return None
    change = Subquery(
        SeatChange.objects.filter(
            subscription=quote.subscription_id, nonce__startswith=f"{NONCE}{quote.public_id}-", state=ChangeState.DONE
        ).values("stripe_invoice_id")[:1]
    )
    begun = Subquery(
        SeatLedgerEntry.objects.filter(kind=LedgerKind.STARTED, subscription__checkouts__cart=quote.cart_id)
        .exclude(stripe_invoice_id="")
        .values("stripe_invoice_id")[:1]
    )
    which = begun if quote.kind == QuoteKind.PURCHASE else change
    invoice = Invoice.objects.filter(organization=quote.organization_id, stripe_id=which).first()
    due_minor = quote.decision.due_minor if quote.decision else quote.due_minor
    return Outcome(
        amount_minor=invoice.amount_due_minor if invoice is not None else due_minor,
        accepted_at=quote.closed_at,
        invoice=invoice,
    )


@dataclass(frozen=True, kw_only=True)
class Yes:
    """An approver's yes that is not paid: until when it can be (`payable_until`); None: that is over, nothing was charged."""

    name: str
    email: str
    decided_at: datetime
    payable_until: datetime | None
    refusal: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    """What was typed then: name, email, title, authority, purchase_order."""


def unpaid_yes(quote: Quote) -> Yes | None:
    """Where an open quote stands that somebody has accepted already. Two queries, one where nobody has."""
    said = QuoteDecision.objects.filter(quote=quote).select_related("change").order_by("-pk").first()
    if quote.state != QuoteState.OPEN or said is None:
        return None
    until, refusal = None, ""
    if quote.kind == QuoteKind.CHANGE and said.change is not None:
        is_waiting = said.change.state in (ChangeState.SENDING, ChangeState.WAITING)
        until, refusal = (said.change.expires_at if is_waiting else None), said.change.message
    elif quote.kind == QuoteKind.PURCHASE:
        pages = CheckoutAttempt.objects.filter(cart=quote.cart_id, state__in=(CheckoutState.OPENING, CheckoutState.OPEN))
        until = pages.values_list("expires_at", flat=True).first()
    typed = {name: getattr(said, name) for name in ("name", "email", "title", "authority", "purchase_order")}
    return Yes(name=said.name, email=said.email, decided_at=said.decided_at, payable_until=until, refusal=refusal, said=typed)


def _rows() -> QuerySet[Quote]:
    needed = ("organization__profile", "organization__customer", "actor", "rep", "decision", "line", "cart", "subscription")
    return Quote.objects.select_related(*needed)
