"""What a subscription has from the next period on: its plan's price, seats and add-ons, when all that waits has happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from billing.models import Addon, AddonPrice, Price, ScheduledChange, ScheduledKind, ScheduledState, Subscription
from billing.queries import addons as addon_queries
from billing.queries import catalog
from billing.rules import addons
from billing.rules.addons import Item


@dataclass(frozen=True)
class Coming:
    """`seats` at `price` with the add-ons `held`; 0 seats: it ends."""

    price: Price
    seats: int
    held: tuple[Item, ...]


def pending(row: Subscription) -> list[ScheduledChange]:
    """What waits, oldest first, with its add-on and plan. One query."""
    waiting = row.scheduled.filter(state=ScheduledState.PENDING).select_related("addon", "price_after__plan__line")
    return list(waiting.order_by("id"))


def price_of(changes: Iterable[ScheduledChange]) -> Price | None:
    """The price of the plan that waits; None: the plan stays."""
    return next((change.price_after for change in changes if change.kind == ScheduledKind.PLAN), None)


def after(row: Subscription, held: Sequence[Item], seats: int, changes: Sequence[ScheduledChange]) -> Coming:
    """What `seats` seats and the add-ons `held` become when `changes` happen. No query; two where another plan waits."""
    price = price_of(changes)
    left = addons.after(held, addon_queries.waiting(changes))
    return Coming(
        price=price or row.price,
        seats=0 if any(change.kind == ScheduledKind.END for change in changes) else seats + sum(one.delta for one in changes),
        held=left if price is None else along(left, Place.of(price)),
    )


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an add-on is to go along to."""

    line_id: int
    plan: str
    interval: str
    currency: str

    @classmethod
    def of(cls, price: Price) -> Self:
        """`price` with its plan."""
        return cls(line_id=price.plan.line_id, plan=price.plan.code, interval=price.interval, currency=price.currency)


def along(held: Sequence[Item], place: Place) -> tuple[Item, ...]:
    """Those of these add-ons that go with a plan, each at what it costs at that interval. No query for none, else two or three.

    Whoever has an add-on keeps its price while the interval stays; at another interval it costs what it is sold for now. One
    that is sold by the month alone stays with the month.
    """
    if not held:
        return ()
    rows = Addon.objects.filter(line=place.line_id, code__in=[item.code for item in held])
    goes = {addon.code for addon in rows if place.plan in addon.plans}
    kept = [item for item in held if item.code in goes]
    mine = AddonPrice.objects.filter(stripe_price_id__in=[item.stripe_price_id for item in kept], interval=place.interval)
    same = set(mine.values_list("stripe_price_id", flat=True))
    others = [item.code for item in kept if item.stripe_price_id not in same]
    sold = _sold(others, place) if others else {}
    found = ((item, sold.get(item.code)) for item in kept)
    stays = same | {item.stripe_price_id for item in kept if place.interval == "year" and item.interval == "month"}
    return tuple(_at(item, price) if price else item for item, price in found if price or item.stripe_price_id in stays)


def _sold(codes: Sequence[str], place: Place) -> dict[str, AddonPrice]:
    """What these add-ons cost now at an interval, in a currency."""
    rows = AddonPrice.objects.filter(
        addon__line=place.line_id, addon__code__in=codes, interval=place.interval, currency=place.currency, retired_at=None
    )
    return {row.addon.code: row for row in rows.select_related("addon")}


def _at(item: Item, sold: AddonPrice) -> Item:
    return replace(
        item,
        scheme=sold.scheme,
        tiers=catalog.tiers_of(sold),
        stripe_price_id=sold.stripe_price_id,
        interval=sold.interval,
        period_ends_at=None,
    )
