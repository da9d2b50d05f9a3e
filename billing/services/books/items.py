"""A subscription's items at Stripe: the plan's, its add-ons', and those that no catalog explains."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from billing import gateway
from billing.models import AddonPrice, Price, Subscription
from billing.queries import addons, coming
from billing.rules.addons import Item


@dataclass(frozen=True)
class Split:
    """`main` is the plan's item; `held` the add-ons' with their prices in the catalog."""

    main: Any
    held: tuple[tuple[AddonPrice, Any], ...] = ()

    def number(self, addon_id: int) -> int:
        """How many of an add-on Stripe has; 0: none."""
        return next((int(item.quantity or 0) for price, item in self.held if price.addon_id == addon_id), 0)


def split(answer: gateway.Subscription) -> Split:
    """The items of an answer. No query while there is one alone, else one."""
    rows = answer["items"].data
    if len(rows) == 1:
        return Split(rows[0])
    known = addons.prices(row.price.id for row in rows)
    plans = [row for row in rows if row.price.id not in known]
    held = tuple((known[row.price.id], row) for row in rows if row.price.id in known)
    return Split(plans[0] if plans else rows[0], held)


def of_seats(row: Subscription, seats: int) -> list[dict[str, Any]]:
    """The items of an update to `seats` seats: the plan's, and each add-on's that follows the seats. One query."""
    following = [item for item in addons.of(row) if item.is_per_seat]
    return [
        {"id": row.stripe_item_id, "quantity": seats},
        *({"id": item.stripe_item_id, "quantity": seats} for item in following),
    ]


def of_plan(row: Subscription, price: Price, seats: int) -> list[dict[str, Any]]:
    """The items of an update to another plan: its price, the add-ons that follow the seats, without those left behind."""
    held = addons.of(row)
    kept = {item.code: item for item in coming.along(held, coming.Place.of(price))}
    others = [_going_along(item, kept.get(item.code), seats, row.billed) for item in held]
    return [
        {"id": row.stripe_item_id, "price": price.stripe_price_id, "quantity": seats},
        *(one for one in others if one is not None),
    ]


def _going_along(item: Item, kept: Item | None, seats: int, seats_before: int) -> dict[str, Any] | None:
    """An add-on in the update to another plan: given back, at its price for another interval, with the seats, or as it is."""
    if kept is None:
        return {"id": item.stripe_item_id, "deleted": True}
    if kept.stripe_price_id != item.stripe_price_id:
        return {"id": item.stripe_item_id, "price": kept.stripe_price_id, "quantity": kept.quantity(seats)}
    follows = item.is_per_seat and seats != seats_before
    return {"id": item.stripe_item_id, "quantity": seats} if follows else None


def of_phase(price: str, seats: int, held: Iterable[Item]) -> list[dict[str, Any]]:
    """The items of a schedule's phase: all there are, as a phase has nothing that it does not name."""
    return [
        {"price": price, "quantity": seats},
        *({"price": item.stripe_price_id, "quantity": item.quantity(seats)} for item in held),
    ]


def pending_main(pending: Sequence[Any], main: Any) -> Any:
    """Of the items of a pending update the plan's."""
    return next((item for item in pending if item.id == main.id or item.price.id == main.price.id), pending[0])
