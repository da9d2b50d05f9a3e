"""Subscriptions that Stripe has and the store does not know, as a file of contracts to be completed and taken over.

Stripe is only read. What it does not know (how many people work there, the vendor's own id) stays empty where nothing tells it.
"""

from collections.abc import Iterator
from typing import Any

from billing import gateway
from billing.models import Price, Subscription
from billing.rules import money, pricing
from billing.services.adopting import contracts
from billing.services.adopting.contracts import TAKEN, AtStripe
from config import csv_rows


def read() -> list[dict[str, str]]:
    """A line for each that goes on, oldest first; `plan` is empty where no price of ours is behind it.

    A page of Stripe for a hundred subscriptions, and one for a hundred customers. Raises gateway.GatewayError.
    """
    ours = set(Subscription.objects.values_list("stripe_id", flat=True))
    found = {one.id: read for one in _all(gateway.subscriptions) if one.id not in ours and (read := contracts.of_stripe(one))}
    going = {stripe_id: one for stripe_id, one in found.items() if one.status in TAKEN}
    customers = {one.id: one for one in _all(gateway.customers)} if going else {}
    rows = Price.objects.filter(stripe_price_id__in={one.price for one in going.values()}).select_related("plan__line")
    prices = {row.stripe_price_id: row for row in rows}
    by_age = sorted(going.items(), key=lambda pair: (pair[1].starts_at, pair[0]))
    return [_line(stripe_id, one, customers.get(one.customer), prices.get(one.price)) for stripe_id, one in by_age]


def _all(page_of: Any) -> Iterator[Any]:
    params: dict[str, Any] = {"limit": 100}
    while True:
        page, has_more = page_of(params)
        yield from page
        if not has_more or not page:
            return
        params["starting_after"] = page[-1].id


def _line(stripe_id: str, one: AtStripe, customer: gateway.Customer | None, price: Price | None) -> dict[str, str]:
    said = {
        "reference": stripe_id,
        "customer_id": one.customer,
        "company": (customer.name if customer else "") or "",
        "country": (customer.address.country if customer and customer.address else "") or "",
        "email": (customer.email if customer else "") or "",
        "interval": one.interval,
        "currency": one.currency,
        "seats": str(one.quantity),
        "renews_on": one.period_ends_at.date().isoformat(),
        "starts_on": one.starts_at.date().isoformat(),
        "payment": "card",
        "stripe_customer": one.customer,
        "stripe_subscription": stripe_id,
    }
    total = None if one.unit_minor is None else one.unit_minor * one.quantity
    if price is not None:
        said["plan"] = f"{price.plan.line.code}/{price.plan.code}"
        total = pricing.total([pricing.Tier(**tier) for tier in price.tiers], price.scheme, one.quantity)
    return said if total is None else said | {"amount": str(csv_rows.decimal(total, money.exponent(one.currency)))}
