"""A plan that ends, for one of its customers: until when, what is suggested, and what each choice costs."""

from dataclasses import dataclass
from datetime import datetime

from accounts.queries import policies
from billing.models import Move, Price, Subscription, SunsetCase, SunsetState
from billing.queries import catalog, coming
from billing.queries.overview import Standing
from billing.rules import addons, pricing, sunset_policies


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A plan instead, at the interval there is: what the renewal comes to, with tax and before credit."""

    price: Price
    seats: int
    amount_minor: int
    is_suggested: bool
    is_chosen: bool


def of(row: Subscription) -> SunsetCase | None:
    """The running sunset of what a subscription has. One query."""
    cases = SunsetCase.objects.filter(subscription=row, sunset__state=SunsetState.RUNNING, sunset__plan=row.plan_id)
    return cases.select_related("sunset__plan", "sunset__successor", "price__plan").first()


def choices(standing: Standing, case: SunsetCase) -> tuple[Choice, ...]:
    """What can be had instead by a click: the catalog's moves at the same interval and currency, the suggested one first.

    Two queries.
    """
    row = standing.row
    targets = Move.objects.filter(from_plan=row.plan_id).values("to_plan")
    on_sale = Price.objects.filter(plan__in=targets, interval=row.price.interval, currency=row.currency, retired_at=None)
    rows = on_sale.filter(plan__withdrawn_at=None).select_related("plan__line").order_by("plan__rank", "pk")
    found = [
        Choice(
            price=price,
            seats=_seats(standing),
            amount_minor=amount_minor(standing, price),
            is_suggested=price.plan_id == case.sunset.successor_id,
            is_chosen=price.pk == case.price_id,
        )
        for price in rows
        if not price.parts and price.plan.seats_min <= _seats(standing) <= price.plan.seats_max
    ]
    return tuple(sorted(found, key=lambda one: not one.is_suggested))


def amount_minor(standing: Standing, price: Price) -> int:
    """What a renewal at another plan's price comes to: seats, the add-ons that go along, discounts, tax."""
    seats, row = _seats(standing), standing.row
    held = coming.along(standing.coming_addons, coming.Place.of(price))
    parts = addons.parts(pricing.total(catalog.tiers_of(price), price.scheme, seats), held, seats)
    off = addons.off(standing.renewal_discounts, parts, row.period_ends_at)
    net = [part - less for part, less in zip(parts, off, strict=True)]
    return sum(net) + standing.levy.added(*net)


def now_minor(standing: Standing) -> int:
    """The same of what there is."""
    return standing.charged_minor(_seats(standing), standing.row.period_ends_at)


def notice_days(segment: str | None, at: datetime) -> tuple[int, ...]:
    """The days of the notices, by policy."""
    return tuple(policies.value(name, at, segment) for name in sunset_policies.NOTICES)


def _seats(standing: Standing) -> int:
    return standing.quantity + sum(change.delta for change in standing.scheduled)
