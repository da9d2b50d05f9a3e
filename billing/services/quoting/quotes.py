"""A quote's life: issued with a number and a day until which it holds, withdrawn, made anew."""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.dateparse import parse_datetime

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal
from billing.models import Cart, CheckoutAttempt, CheckoutState, Quote, QuoteKind, QuoteState
from billing.queries import carts as cart_queries
from billing.rules import purchase_orders
from billing.rules import quotes as rules
from billing.services import faults
from billing.services.books import agreed_rows
from billing.services.changes import change_prices, seats
from billing.services.quoting import drafts, quote_mails, terms
from billing.services.selling import sessions

DAY: Final = timedelta(days=1)
# The next number of a year, under its own row's lock until the quote that bears it is there.
NEXT: Final = (
    "INSERT INTO billing_quotecount (year, last) VALUES (%s, 1) "
    "ON CONFLICT (year) DO UPDATE SET last = billing_quotecount.last + 1 RETURNING last"
)


class QuoteError(Exception):
    """What cannot be done with a quote as it is."""


class NotOpen(QuoteError):
    """It is a draft, was accepted or withdrawn, or has lapsed."""

    def __init__(self, quote: Quote) -> None:
        super().__init__(f"The quote is {quote.state}.")
        self.quote = quote


class TooMany(QuoteError):
    """`most` quotes were issued within 24 hours."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} quotes were issued within 24 hours: the next one tomorrow.")
        self.most = most


@dataclass(frozen=True, kw_only=True)
class Addressed:
    """What the buyer adds: for whom it is, who approves it (and is sent its link), their order number, a note on it."""

    addressed_to: str = ""
    approver_email: str = ""
    purchase_order: str = ""
    note: str = ""


def issue(quote: Quote, *, said: Addressed, origin: Origin, at: datetime, external_id: str | None = None) -> Quote:
    """Number a draft and hold its price, as it is at this moment, until a day. Issuing twice finds the first.

    One Stripe call for a change. Raises TooMany, terms.NotQuotable, the SeatsErrors, and the gateway's errors.
    """
    if quote.state != QuoteState.DRAFT:
        return quote
    _check_rate(quote.organization, at)
    is_change = quote.kind == QuoteKind.CHANGE
    fresh = _again(quote, at) if is_change else None
    with transaction.atomic(durable=True):
        held = lock(quote)
        if held.state != QuoteState.DRAFT:
            return held
        if fresh is None:
            _hold_cart(held, at)
        else:
            held.document, held.due_minor, held.base = fresh
            held.period_minor = held.document["total_minor"]
        _address(held, said)
        held.external_id = external_id
        _date(held, at)
        held.number, held.state, held.actor = next_number(at), QuoteState.OPEN, origin.actor or held.actor
        held.save()
        tell("billing.quote.issued", held, origin, at)
        quote_mails.issued(held, at)
    if held.follows is not None and held.follows.state == QuoteState.OPEN:
        withdraw(held.follows, origin=origin, at=at)
    return held


def withdraw(quote: Quote, *, origin: Origin, at: datetime) -> Quote:
    """Take an open quote back: its link accepts nothing any more. Twice is once. Raises NotOpen.

    A payment page that is open for it is ended; if it turns out to be paid, the quote is accepted.
    """
    with transaction.atomic(durable=True):
        held = lock(quote)
        if held.state == QuoteState.WITHDRAWN:
            return held
        if held.state != QuoteState.OPEN:
            raise NotOpen(held)
        held.state, held.closed_at, held.remind_at = QuoteState.WITHDRAWN, at, None
        held.save(update_fields=["state", "closed_at", "remind_at"])
        agreed_rows.dropped(held)
        tell("billing.quote.withdrawn", held, origin, at)
    end_page(held)
    held.refresh_from_db()
    return held


def again(quote: Quote, *, origin: Origin, at: datetime) -> Quote:
    """A new draft of the same: at today's prices, of a change from what there is today. Issuing it withdraws the old one.

    Raises terms.NotQuotable, the SeatsErrors (seats.NotLive: it is had no more), and the gateway's errors.
    """
    if quote.rep_id is not None:
        raise NotOpen(quote)  # who of us made it makes it anew
    if quote.kind == QuoteKind.PURCHASE:
        assert quote.cart is not None
        return drafts.of_cart(quote.cart, quote.organization, origin=origin, at=at, follows=quote)
    row = seats.live(quote.organization).filter(quotes=quote).first()
    wanted = change_prices.of_plain(quote.wanted)
    if row is None or wanted is None:
        raise seats.NotLive("What was to be changed is had no more.")
    return drafts.of_change(row, wanted, origin=origin, at=at, follows=quote)


def end_page(quote: Quote) -> None:
    """End the payment page that is open for a quote that holds no more; if Stripe is silent, it ends within a day by itself."""
    page = CheckoutAttempt.objects.filter(cart=quote.cart_id, state=CheckoutState.OPEN) if quote.cart_id else None
    attempt = page.first() if page is not None else None
    if attempt is None:
        return
    try:
        sessions.end(attempt)
    except faults.GatewayError:
        return


def lock(quote: Quote) -> Quote:
    """The quote's row, locked, with what its documents and mails need. Call inside a transaction."""
    rows = Quote.objects.select_for_update(of=("self",)).select_related("organization", "actor", "price__plan", "line")
    return rows.get(pk=quote.pk)


def _again(quote: Quote, at: datetime) -> tuple[terms.Document, int, str]:
    """A change's document at this moment, what is due, and what it rests on."""
    row = seats.live(quote.organization).filter(quotes=quote).first()
    wanted = change_prices.of_plain(quote.wanted)
    if row is None or wanted is None:
        raise seats.NotLive("What was to be changed is had no more.")
    document, due_minor = drafts.priced(row, wanted, at)
    return document, due_minor, terms.base_of(row)


def _hold_cart(held: Quote, at: datetime) -> None:
    rows = Cart.objects.select_related("plan__line", "pilot", "organization__tax_standing__rate", "organization__customer")
    cart = drafts.hold(rows.get(quote=held), at)
    held.document = terms.of_cart(cart, held.organization, at)
    held.due_minor, held.period_minor = held.document["due"]["total_minor"], held.document["total_minor"]
    price = cart_queries.price_row(cart)
    assert price is not None
    held.price = price


def _address(held: Quote, said: Addressed) -> None:
    held.addressed_to, held.approver_email = said.addressed_to.strip(), said.approver_email.strip().lower()
    held.purchase_order, held.note = purchase_orders.clean(said.purchase_order), said.note.strip()


def _date(held: Quote, at: datetime) -> None:
    zone = zoneinfo.ZoneInfo(held.organization.time_zone)
    until = (held.document.get("off") or {}).get("holds_until")
    days = policies.value("billing.quote_days", at, segment_of(held.organization))
    ends_at = parse_datetime(until) if until else None
    held.issued_at = at
    held.valid_on = rules.valid_on(at, days, zone, ends_at=ends_at)
    held.lapses_at = rules.lapses_at(held.valid_on, zone)
    notice = policies.value("billing.quote_reminder_days", at, segment_of(held.organization))
    held.remind_at = rules.remind_at(at, held.lapses_at, notice)


def segment_of(organization: Organization) -> str | None:
    profile = getattr(organization, "profile", None)
    return profile.segment if profile else None


def next_number(at: datetime) -> str:
    """The next number of the year. Call inside the transaction that issues the quote."""
    year = at.astimezone(UTC).year
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [year])
        found = cursor.fetchone()
    assert found is not None
    return rules.number(year, found[0])


def _check_rate(organization: Organization, at: datetime) -> None:
    most = policies.value("billing.quotes_per_day", at, segment_of(organization))
    if Quote.objects.filter(organization=organization, issued_at__gt=at - DAY).count() >= most:
        raise TooMany(most)


def tell(kind: str, quote: Quote, origin: Origin, at: datetime) -> None:
    data = {
        "quote": quote.public_id,
        "number": quote.number,
        "plan": quote.document["plan"],
        "seats": quote.document["seats"],
        "amount_minor": quote.due_minor,
        "currency": quote.currency,
    }
    journal.append(
        kind=kind,
        organization=quote.organization,
        at=at,
        origin=origin,
        data=data,
    )
