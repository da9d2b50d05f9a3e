"""Reading carts: by the signed cookie's id, or the organization's latest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from accounts.models import Organization
from billing.models import AddonKind, AddonPrice, Cart, CartState, Price, Subscription, TaxId
from billing.queries import agreed, bundles, catalog
from billing.rules import addons, intervals, pricing
from billing.rules.addons import Item


@dataclass(frozen=True)
class Priced:
    """What a cart costs, in minor units of `currency`, if it is bought at `at`.

    `total_minor` is for one interval of all seats and add-ons, without tax; `parts` are the plan's and each add-on's.
    `renews_at` is when it is charged next.
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
    parts: tuple[int, ...] = ()
    addons: tuple[Item, ...] = ()

    @property
    def plan_minor(self) -> int:
        return self.parts[0]


def open_with(public_id: str) -> Cart | None:
    """The open cart of this id, with its plan and line. One query."""
    return _open().filter(public_id=public_id).first()


def latest_of(organization: Organization) -> Cart | None:
    """The organization's newest open cart, whichever device it was filled on. One query."""
    return _open().filter(organization=organization).order_by("-updated_at", "-id").first()


def live_subscription(organization: Organization, line_id: int, parts: Sequence[Mapping[str, Any]] = ()) -> Subscription | None:
    """What the organization already has of the cart's line, or of a bundle's parts: seats are changed then."""
    return bundles.in_the_way(organization, line_id=line_id, parts=parts)


def price(cart: Cart, at: datetime) -> Priced | None:
    """Price a cart from the database, which is the truth about money; None when its plan is no longer on sale.

    One query, and one if it has add-ons.
    """
    row = price_row(cart)
    if row is None:
        return None
    tiers = catalog.tiers_of(row)
    chosen = addons_of(cart)
    parts = addons.parts(pricing.total(tiers, row.scheme, cart.seats), chosen, cart.seats)
    total = sum(parts)
    return Priced(
        price=row,
        seats=cart.seats,
        interval=cart.interval,
        currency=cart.currency,
        unit_minor=pricing.average_unit(tiers, row.scheme, cart.seats),
        total_minor=total,
        year_minor=total * 12 // pricing.MONTHS[cart.interval],
        tier_saving_minor=pricing.tier_saving(tiers, row.scheme, cart.seats),
        next_break=pricing.next_break(tiers, row.scheme, cart.seats, seats_max=agreed.most_seats(cart, at)),
        renews_at=intervals.end(at, cart.interval),
        parts=parts,
        addons=chosen,
    )


def price_row(cart: Cart) -> Price | None:
    """The price that a cart is bought at: what its quote holds, else the one on sale. One query."""
    if cart.held_price_id is not None:
        return Price.objects.select_related("plan__line").get(pk=cart.held_price_id)
    return catalog.price_row(plan_id=cart.plan_id, interval=cart.interval, currency=cart.currency)


def addons_of(cart: Cart) -> tuple[Item, ...]:
    """The add-ons in the cart that are sold for its plan, interval and currency, in the catalog's order. One query at most.

    Of a quote's cart those that the quote holds.
    """
    if not cart.addons or cart.pilot_id is not None:
        return ()
    rows = AddonPrice.objects.filter(addon__line=cart.plan.line_id, addon__code__in=list(cart.addons)).select_related("addon")
    if cart.held_price_id is not None:
        rows = rows.filter(pk__in=cart.held_addons)
    else:
        on_sale = {"retired_at": None, "addon__withdrawn_at": None}
        rows = rows.filter(interval=cart.interval, currency=cart.currency, **on_sale)
    return tuple(
        Item(
            code=row.addon.code,
            name=row.addon.name,
            number=None if row.addon.kind == AddonKind.PER_SEAT else (cart.addons[row.addon.code] or row.addon.quantity_min),
            scheme=row.scheme,
            tiers=catalog.tiers_of(row),
            stripe_price_id=row.stripe_price_id,
            features=tuple(row.addon.features),
        )
        for row in rows.order_by("addon__rank", "addon__code")
        if cart.held_price_id is not None or cart.plan.code in row.addon.plans
    )


def _open() -> QuerySet[Cart]:
    rows = Cart.objects.filter(state=CartState.OPEN)
    of_organization = ("tax_standing__rate", "customer", "billing_details", "profile")
    ids = ArraySubquery(_ids().filter(organization=OuterRef("organization")).values("value"))
    rows = rows.annotate(agreed_terms=agreed.brought("organization"), tax_ids=ids)
    return rows.select_related("plan__line", "pilot", "reminder", *(f"organization__{name}" for name in of_organization))


def tax_ids(cart: Cart) -> list[str]:
    """The tax ids that stand on what its organization buys. No query for a cart that was read as open."""
    known: list[str] | None = getattr(cart, "tax_ids", None)
    return list(_ids().filter(organization=cart.organization_id).values_list("value", flat=True)) if known is None else known


def _ids() -> QuerySet[TaxId]:
    return TaxId.objects.filter(removed_at=None).exclude(state="refused").order_by("pk")
