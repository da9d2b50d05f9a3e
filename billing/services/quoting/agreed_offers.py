"""A quote that one of us makes: what the catalog sells, with what was agreed beside it, which holds from acceptance on.

It is a quote like any other: its cart is priced as the store's are, and its exceptions are `Terms` that wait (`offered`) for it
to be accepted. A change of mind is a new one, whose issue takes the old one back (docs/decisions/deals.md).
"""

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import Organization, User
from accounts.origin import Origin
from accounts.queries import policies
from billing.models import AddonPrice, Cart, CartState, Plan, Quote, QuoteKind, QuoteState, Terms, TermsKind, TermsState
from billing.models.terms import MOST_REASON
from billing.queries import agreed, bundles
from billing.queries import carts as cart_queries
from billing.rules import intervals, purchase_orders
from billing.rules import quotes as rules
from billing.rules import terms as terms_rules
from billing.services.quoting import quotes, terms


class NotOffered(Exception):
    """It cannot be sold like this: the plan is not on sale so, or there is a subscription of its line already."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is sold. `addons` is code to how many (None: one for each seat)."""

    plan: Plan
    seats: int
    interval: str
    currency: str
    addons: Mapping[str, int | None]


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """One exception: its kind and what it says (billing.rules.terms), for `months` from acceptance on. `approver` None: by a
    policy, which `band` names.
    """

    kind: TermsKind
    raw: Mapping[str, Any]
    approver: User | None
    band: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What stands on it besides: `contact` is whoever asked for it at the customer, `wording` a clause of its own."""

    rep: User
    contact: User | None
    reason: str
    months: int
    valid_days: int
    begins_on: date | None
    wording: str
    version: int
    addressed: quotes.Addressed


def cart_of(organization: Organization, wanted: Wanted, *, at: datetime) -> Cart:
    """A cart of what is wanted, not saved: to be priced by the very functions of the store's."""
    return Cart(
        organization=organization,
        plan=wanted.plan,
        seats=wanted.seats,
        interval=wanted.interval,
        currency=wanted.currency,
        addons=dict(wanted.addons),
        state=CartState.QUOTED,
        created_at=at,
        updated_at=at,
    )


def priced(organization: Organization, wanted: Wanted, *, discount_bps: int, at: datetime) -> terms.Document:
    """What it would come to, taxes included, as its quote would say it. Nothing is written. Raises NotOffered."""
    cart = cart_of(organization, wanted, at=at)
    known = agreed.said(cart) if not discount_bps else [_draft_of(cart, discount_bps, at)]
    vars(cart)["agreed_terms"] = known  # as carts that are read bring it along (agreed.brought)
    try:
        return terms.of_cart(cart, organization, at)
    except terms.NotQuotable as error:
        raise NotOffered from error


def offer(
    organization: Organization,
    *,
    wanted: Wanted,
    agreements: Sequence[Agreed],
    said: Said,
    follows: Quote | None,
    origin: Origin,
    at: datetime,
) -> Quote:
    """Issue it: numbered, its price held, its exceptions waiting for acceptance. Call inside a transaction.

    Raises NotOffered.
    """
    parts = bundles.parts_of(wanted.plan)
    if bundles.in_the_way(organization, line_id=wanted.plan.line_id, parts=parts) is not None:
        raise NotOffered("There is a subscription of its line.")
    cart = cart_of(organization, wanted, at=at)
    price = cart_queries.price_row(cart)
    if price is None:
        raise NotOffered("It is not on sale like this.")
    cart.user = said.contact
    names = [item.stripe_price_id for item in cart_queries.addons_of(cart)]
    cart.held_addons = list(AddonPrice.objects.filter(stripe_price_id__in=names).order_by("pk").values_list("pk", flat=True))
    cart.held_price = price
    cart.save()
    quote = Quote(
        organization=organization,
        kind=QuoteKind.PURCHASE,
        line=wanted.plan.line,
        price=price,
        cart=cart,
        follows=follows,
        currency=wanted.currency,
        due_minor=0,
        period_minor=0,
        actor=said.contact,
        rep=said.rep,
        source=origin.source,
        created_at=at,
    )
    quote.save()
    rows = [_terms(quote, one, said, at) for one in agreements]
    cart.held_agreed = next((row for row in rows if row.kind == TermsKind.DISCOUNT), None)
    cart.save(update_fields=["held_agreed"])
    _issue(quote, rows, said, origin, at)
    return quote


def take_back(quote: Quote, *, origin: Origin, at: datetime) -> None:
    """Its link accepts nothing any more; its payment page is ended. Call outside a transaction. Once is twice."""
    quote.refresh_from_db()
    if quote.state == QuoteState.OPEN:
        quotes.withdraw(quote, origin=origin, at=at)


def _draft_of(cart: Cart, discount_bps: int, at: datetime) -> dict[str, Any]:
    """A discount that is only thought of, as queries.agreed reads one."""
    ends_at = intervals.end(at, "year")
    return {
        "id": 0,
        "kind": TermsKind.DISCOUNT,
        "line_id": cart.plan.line_id,
        "starts_at": at.isoformat(),
        "ends_on": ends_at.date().isoformat(),
        "ends_at": ends_at.isoformat(),
        "value": {"percent_bps": discount_bps},
    }


def _terms(quote: Quote, one: Agreed, said: Said, at: datetime) -> Terms:
    kind = terms_rules.Kind(one.kind)
    today = at.astimezone(zoneinfo.ZoneInfo(quote.organization.time_zone)).date()
    row = Terms(
        organization=quote.organization,
        line=quote.line if kind in terms_rules.OF_A_LINE else None,
        kind=one.kind,
        value=terms_rules.value(kind, one.raw),
        owner=said.rep,
        reason=said.reason[:MOST_REASON],
        quarter=terms_rules.quarter(at.date()),
        starts_on=today,
        ends_on=terms_rules.after_months(today, said.months),
        months=said.months,
        state=TermsState.OFFERED,
        nonce=f"quote-{quote.public_id}-{one.kind}",
        proposed_by=said.rep,
        proposed_at=at,
        approver=one.approver,
        decided_at=at,
        band="" if one.approver else one.band,
        quote=quote,
    )
    row.date()
    row.save()
    return row


def _issue(quote: Quote, rows: Sequence[Terms], said: Said, origin: Origin, at: datetime) -> None:
    assert quote.cart is not None
    zone = zoneinfo.ZoneInfo(quote.organization.time_zone)
    document = terms.of_cart(quote.cart, quote.organization, at)
    document["deal"] = {
        "version": said.version,
        "months": said.months,
        "agreed": [{"kind": row.kind, **row.value} for row in rows],
        "begins_on": said.begins_on.isoformat() if said.begins_on else None,
        "wording": said.wording,
    }
    if document["off"] is not None:
        document["off"] |= {"is_once": False, "ends_at": None, "holds_until": None}
    quote.document = document
    quote.due_minor, quote.period_minor = document["due"]["total_minor"], document["total_minor"]
    quote.addressed_to, quote.note = said.addressed.addressed_to.strip(), said.addressed.note.strip()
    quote.approver_email = said.addressed.approver_email.strip().lower()
    quote.purchase_order = purchase_orders.clean(said.addressed.purchase_order)
    quote.issued_at = at
    quote.begins_at = terms_rules.instant(said.begins_on, quote.organization.time_zone) if said.begins_on else None
    quote.valid_on = rules.valid_on(max(at, quote.begins_at or at), said.valid_days, zone, ends_at=None)
    quote.lapses_at = rules.lapses_at(quote.valid_on, zone)
    notice = policies.value("billing.quote_reminder_days", at, quotes.segment_of(quote.organization))
    quote.remind_at = rules.remind_at(at, quote.lapses_at, notice)
    quote.number, quote.state = quotes.next_number(at), QuoteState.OPEN
    quote.save()
    quotes.tell("billing.quote.issued", quote, origin, at)
