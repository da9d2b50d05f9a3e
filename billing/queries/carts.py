"""Reading carts: by the signed cookie's id, or the organization's latest."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Organization
from billing.models import Cart, CartState, Price, Subscription
from billing.queries import catalog
from billing.rules import intervals, pricing


@dataclass(frozen=True)
class Priced:
    """What a cart costs, in minor units of `currency`, if it is bought at `at`.

    `total_minor` is for one interval of all seats, without tax; `renews_at` is when it is charged next.
    """

    price: Price
    seats: int
    interval: str
    currency: str
    unit_minor: int
    total_minor: int
    year_minor: int
    tier_saving_minor: int
    next_break: pricing.Break | None
    renews_at: datetime


def open_with(public_id: str) -> Cart | None:
    """The open cart of this id, with its plan and line. One query."""
    return _open().filter(public_id=public_id).first()


def latest_of(organization: Organization) -> Cart | None:
    """The organization's newest open cart, whichever device it was filled on. One query."""
    return _open().filter(organization=organization).order_by("-updated_at", "-id").first()


def live_subscription(organization: Organization, line_id: int) -> Subscription | None:
    """What the organization already has of the cart's line: then there is nothing to buy but seats to change."""
    return Subscription.objects.live().filter(organization=organization, line_id=line_id).select_related("plan").first()


def price(cart: Cart, at: datetime) -> Priced | None:
    """Price a cart from the database, which is the truth about money; None when its plan is no longer on sale. One query."""
    row = catalog.price_row(plan_id=cart.plan_id, interval=cart.interval, currency=cart.currency)
    if row is None:
        return None
    tiers = catalog.tiers_of(row)
    total = pricing.total(tiers, row.scheme, cart.seats)
    return Priced(
        price=row,
        seats=cart.seats,
        interval=cart.interval,
        currency=cart.currency,
        unit_minor=pricing.average_unit(tiers, row.scheme, cart.seats),
        total_minor=total,
        year_minor=total * 12 // pricing.MONTHS[cart.interval],
        tier_saving_minor=pricing.tier_saving(tiers, row.scheme, cart.seats),
        next_break=pricing.next_break(tiers, row.scheme, cart.seats, seats_max=row.plan.seats_max),
        renews_at=intervals.end(at, cart.interval),
    )


def _open() -> QuerySet[Cart]:
    rows = Cart.objects.filter(state=CartState.OPEN)
    return rows.select_related("plan__line", "pilot", "organization__tax_standing__rate")
