"""Accepting a quote: by whoever has its link, for exactly what is shown, once.

A purchase leads to Stripe's payment page at the prices that the quote holds. A change is priced for the day: the parts of a
period cost less every day; what a period costs is what stands on the quote. Both are the very machines of buying and
changing, so that of two approvers, a buyer beside them, or many clicks, one counts.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from accounts.models import Membership, Organization, User
from accounts.origin import Origin
from accounts.queries import legal
from accounts.services import journal
from accounts.services import legal as legal_services
from billing.models import (
    Cart,
    ChangeState,
    CheckoutAttempt,
    Quote,
    QuoteDecision,
    QuoteKind,
    QuoteState,
    QuoteWay,
    SeatChange,
    Subscription,
)
from billing.queries import bundles
from billing.rules import purchase_orders
from billing.rules.preview import Preview
from billing.services.books import quote_rows
from billing.services.changes import change_prices, held_prices, seat_tokens, seats
from billing.services.changes.change_prices import Wanted
from billing.services.quoting import days, drafts, quotes, terms
from billing.services.selling import checkout, invoiced
from billing.services.tax import tax_details


class Moved(quotes.QuoteError):
    """What the quote rests on is another by now: other seats, plan or add-ons. The buyer makes a new one."""


class Bought(quotes.QuoteError):
    """There is a subscription of its line already."""

    def __init__(self, subscription: Subscription) -> None:
        super().__init__("It is bought already.")
        self.subscription = subscription


class TooEarly(quotes.QuoteError):
    """It begins on a day to come, and is accepted from that day on."""

    def __init__(self, begins_at: datetime) -> None:
        super().__init__(f"It can be accepted from {begins_at} on.")
        self.begins_at = begins_at


class OneOfUs(quotes.QuoteError):
    """Who is signed in is one of us: a quote that we made is accepted by the customer."""


class Beside(quotes.QuoteError):
    """Somebody buys the same line beside it at this moment: nothing was charged by the quote. Look again."""


class Changed(quotes.QuoteError):
    """The amount is another than was shown; look again. Nothing was charged."""


@dataclass(frozen=True, kw_only=True)
class Offered:
    """What accepting means at this moment: `due_minor` at once, of a change for the rest of its period (`shown`).

    `token` confirms a change for exactly that, until `expires_at`. `waiting`: accepted, and the bank wants to be asked.
    """

    due_minor: int
    document: terms.Document
    token: str = ""
    shown: Preview | None = None
    expires_at: datetime | None = None
    waiting: SeatChange | None = None
    on_invoice: invoiced.Offer | None = None
    """Of a purchase that may be paid on invoice as well: by when, and that there is room for it."""
    needs_address: bool = False
    """It might be, by the terms in force now, if the customer had said to whom an invoice is made out."""


@dataclass(frozen=True, kw_only=True)
class Approver:
    """Who accepts for the customer. `user` where they are signed in; a deal asks for `title` and `authority` as well, and all
    keep the network `address`.
    """

    name: str
    email: str
    title: str = ""
    authority: str = ""
    address: str = ""
    purchase_order: str = ""
    way: QuoteWay = QuoteWay.CARD
    """Of a purchase; a change is paid as its subscription is."""
    user: User | None = None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Where to go: a payment page of a purchase, or the change as it stands."""

    attempt: CheckoutAttempt | None = None
    change: SeatChange | None = None


def _member(quote: Quote, user: User | None) -> User | None:
    """Whoever is signed in, if they are the customer's own. Raises OneOfUs: what we offer is not ours to accept."""
    if user is None:
        return None
    theirs = Membership.objects.live().filter(organization=quote.organization_id, user=user).exists()
    if user.is_staff and not theirs:
        raise OneOfUs("One of us is signed in.")
    return user if theirs else None


def check_open(quote: Quote, at: datetime) -> None:
    """Raises quotes.NotOpen, TooEarly."""
    if quote.state != QuoteState.OPEN or quote.lapses_at is None or at >= quote.lapses_at:
        raise quotes.NotOpen(quote)
    if quote.begins_at is not None and at < quote.begins_at:
        raise TooEarly(quote.begins_at)


def offer(quote: Quote, *, at: datetime) -> Offered:
    """What is accepted. One Stripe call for a change.

    Raises quotes.NotOpen, Moved, Bought, the SeatsErrors, and the gateway's errors when Stripe does not answer.
    """
    check_open(quote, at)
    if quote.kind == QuoteKind.PURCHASE:
        return _purchase(quote, at)
    tries = SeatChange.objects.filter(nonce__startswith=quote_rows.nonce(quote, 0)[:-1])
    waiting = tries.filter(state__in=(ChangeState.SENDING, ChangeState.WAITING)).first()
    if waiting is not None:
        return Offered(due_minor=waiting.due_now_minor, document=quote.document, waiting=waiting)
    row, wanted = _row(quote)
    drafts.check(row, wanted, at)
    kept = _of_today(quote, row, wanted, at)
    shown = kept or drafts.ask(row, wanted, at)
    nonce = quote_rows.nonce(quote, tries.count())
    token = seat_tokens.sign(row, shown, nonce=nonce, shown_at=at, **wanted.plain)
    expires_at = at + seat_tokens.holds(at)
    document = quote.document if kept else terms.of_change(row, wanted, shown, at)
    return Offered(due_minor=shown.due_now_minor, document=document, token=token, shown=shown, expires_at=expires_at)


def _of_today(quote: Quote, row: Subscription, wanted: Wanted, at: datetime) -> Preview | None:
    """The amount of a period that begins anew, as the document of this very day says it; None: it is another day, or amount."""
    due = quote.document["due"]
    if not due.get("agreed") or due["on"] != days.day_of(row, at).isoformat():
        return None
    found = held_prices.kept(row, wanted, due["agreed"], at)
    return found[0] if found is not None else None


def accept(quote: Quote, *, approver: Approver, due_minor: int, token: str, origin: Origin, at: datetime) -> Accepted:
    """Accept a quote for the amount that was shown, a purchase by card or on invoice. The same click again finds the same.

    Raises quotes.NotOpen, OneOfUs, Moved, Bought, Changed (another amount by now), the errors of checkout.start and
    seats.confirm.
    """
    if quote.rep_id is not None:
        approver = replace(approver, user=_member(quote, approver.user))
    actor = (approver.user if quote.rep_id is not None else None) or quote.actor
    by = Origin(actor=actor, source=origin.source, request_id=origin.request_id)
    if quote.kind == QuoteKind.PURCHASE:
        return _buy(quote, approver, due_minor, by, at)
    return _change(quote, approver, token, by, at)


def _purchase(quote: Quote, at: datetime) -> Offered:
    cart = _cart(quote)
    live = bundles.in_the_way(quote.organization, line_id=quote.line_id, parts=bundles.parts_of(cart.plan))
    if live is not None:
        raise Bought(live)
    document = terms.of_cart(cart, quote.organization, at)
    on_invoice = _on_invoice(cart, quote.organization, at)
    needs_address = on_invoice is not None and bool(invoiced.missing_details(quote.organization))
    return Offered(
        due_minor=document["due"]["total_minor"],
        document=document,
        on_invoice=None if needs_address else on_invoice,
        needs_address=needs_address,
    )


def _on_invoice(cart: Cart, organization: Organization, at: datetime) -> invoiced.Offer | None:
    """By the terms that are in force at this moment, whatever they were when it was issued."""
    try:
        found = invoiced.offer(cart, organization, at)
    except checkout.CheckoutError:
        return None
    return found if found.has_room else None


def _buy(quote: Quote, approver: Approver, due_minor: int, origin: Origin, at: datetime) -> Accepted:
    offered = _purchase(quote, at)
    if offered.due_minor != due_minor:
        raise Changed("The amount is another by now.")
    on_invoice = offered.on_invoice if approver.way == QuoteWay.INVOICE else None
    if approver.way == QuoteWay.INVOICE and on_invoice is None:
        raise invoiced.NotOnInvoice("This is paid by card.")
    _decide(quote, approver, due_minor, origin, at)
    try:
        attempt = _attempt(quote, approver, on_invoice, origin, at)
    except checkout.AlreadyBought as error:
        raise Bought(error.subscription) from error
    if attempt.cart_id != quote.cart_id:  # the store's own page was first: its claim stands
        raise Bought(attempt.subscription) if attempt.subscription else Beside("Somebody buys it beside the quote.")
    return Accepted(attempt=attempt)


def _attempt(
    quote: Quote, approver: Approver, on_invoice: invoiced.Offer | None, origin: Origin, at: datetime
) -> CheckoutAttempt:
    """The claim of the organization and line that every purchase takes."""
    if on_invoice is not None:
        return _invoice(quote, approver, on_invoice, origin, at)
    return checkout.start(
        cart=_cart(quote),
        organization=quote.organization,
        origin=origin,
        at=at,
        purchase_order=_order(quote, approver) or None,
        back=quote_rows.link(quote),
    )


def _invoice(quote: Quote, approver: Approver, offer: invoiced.Offer, origin: Origin, at: datetime) -> CheckoutAttempt:
    if order := _order(quote, approver):
        tax_details.save(quote.organization, {"purchase_order": order}, origin=origin, at=at)
    cart = _cart(quote)
    expected = offer.total_minor
    return invoiced.start(cart=cart, organization=quote.organization, expected_minor=expected, origin=origin, at=at)


def _change(quote: Quote, approver: Approver, token: str, origin: Origin, at: datetime) -> Accepted:
    body = seat_tokens.read(token)
    if body is None or not str(body.get("n", "")).startswith(quote_rows.nonce(quote, 0)[:-1]):
        raise Changed("This is not the quote's price.")
    known = SeatChange.objects.filter(nonce=body["n"]).first()
    if known is not None:
        return Accepted(change=known)
    row, wanted = _row(quote)
    if any(body.get(name) != value for name, value in wanted.plain.items()):
        raise Changed("This is not the quote's change.")
    approver = replace(approver, way=QuoteWay.INVOICE if row.is_invoiced else QuoteWay.CARD)
    decision = _decide(quote, approver, int(body["p"]["due_now_minor"]), origin, at)
    if order := _order(quote, approver):
        tax_details.save(quote.organization, {"purchase_order": order}, origin=origin, at=at)
    change = seats.confirm(row, token=token, origin=origin, at=at, check=drafts.check_of(wanted))
    QuoteDecision.objects.filter(pk=decision.pk).update(change=change)
    return Accepted(change=change)


def _decide(quote: Quote, approver: Approver, due_minor: int, origin: Origin, at: datetime) -> QuoteDecision:
    """Keep who said yes, before anything is paid. Raises quotes.NotOpen."""
    with transaction.atomic(durable=True):
        held = quotes.lock(quote)
        check_open(held, at)
        documents = [{"kind": one.kind, "sha256": one.sha256} for one in legal.all_current(at)]
        decision = QuoteDecision.objects.create(
            quote=held,
            name=approver.name,
            email=approver.email,
            title=approver.title,
            authority=approver.authority,
            address=approver.address or None,
            sha256=fingerprint(held),
            way=approver.way,
            purchase_order=_order(quote, approver),
            due_minor=due_minor,
            documents=documents,
            user=approver.user,
            decided_at=at,
        )
        data: dict[str, Any] = {"quote": held.public_id, "number": held.number, "amount_minor": due_minor}
        data |= {"currency": held.currency, "way": str(decision.way)}
        journal.append(
            kind="billing.quote.approved", organization=held.organization, at=at, origin=Origin(source=origin.source), data=data
        )
    if approver.user is not None:
        legal_services.accept(organization=quote.organization, user=approver.user, origin=origin, at=at)
    return decision


def fingerprint(quote: Quote) -> str:
    """Of what stands on an issued quote, to the letter: the same document has the same, another one another."""
    stands = {
        "number": quote.number,
        "organization": quote.organization.public_id,
        "document": quote.document,
        "addressed_to": quote.addressed_to,
        "purchase_order": quote.purchase_order,
        "note": quote.note,
        "valid_on": quote.valid_on.isoformat() if quote.valid_on else None,
        "begins_at": quote.begins_at.isoformat() if quote.begins_at else None,
    }
    plain = json.dumps(stands, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def _order(quote: Quote, approver: Approver) -> str:
    return purchase_orders.clean(approver.purchase_order) or quote.purchase_order


def _row(quote: Quote) -> tuple[Subscription, Wanted]:
    """The subscription as it was priced, and what is wanted of it. Raises Moved."""
    row = seats.live(quote.organization).filter(quotes=quote).first()
    wanted = change_prices.of_plain(quote.wanted)
    if row is None or wanted is None or terms.base_of(row) != quote.base:
        raise Moved("What the quote rests on is another by now.")
    return row, wanted


def _cart(quote: Quote) -> Cart:
    rows = Cart.objects.select_related("plan__line", "pilot", "held_price", "organization__customer")
    return rows.select_related("organization__tax_standing__rate", "organization__billing_details").get(quote=quote)


def valid_minutes(offered: Offered, at: datetime) -> int:
    """How long the amount of a change can be confirmed."""
    left = offered.expires_at.astimezone(UTC) - at if offered.expires_at else None
    return max(int(left.total_seconds() // 60), 0) if left else 0
