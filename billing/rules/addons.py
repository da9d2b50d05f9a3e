"""Add-ons as a subscription has them: how many, what they cost beside the plan, what they add.

Source: docs/decisions/add-ons.md.

A charge has parts: the plan's first, then one for each add-on, as Stripe has a line for each. Minor units of one currency.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from billing.rules import pricing, promotions, rounding

Text = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Item:
    """An add-on of a subscription: `number` of it, or (None) one for each seat.

    `interval` is that of its price. Where it is charged more often than the plan, its present period ends at `period_ends_at`.
    """

    code: str
    name: Text
    number: int | None
    scheme: str
    tiers: tuple[pricing.Tier, ...]
    stripe_price_id: str = ""
    stripe_item_id: str = ""
    interval: str = ""
    period_ends_at: datetime | None = None
    features: tuple[Mapping[str, Any], ...] = ()
    added_at: datetime | None = None

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Self:
        """From JSON."""
        tiers = tuple(pricing.Tier(**tier) for tier in plain["tiers"])
        return cls(**{**plain, "tiers": tiers, "features": tuple(plain.get("features") or ())})

    @property
    def is_per_seat(self) -> bool:
        return self.number is None

    def quantity(self, seats: int) -> int:
        return seats if self.number is None else self.number

    def total(self, seats: int) -> int:
        """What it costs for one interval beside `seats` seats."""
        return pricing.total(self.tiers, self.scheme, self.quantity(seats))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How many of an add-on shall be had at the period's end: 0 gives it back."""

    code: str
    number: int


def between(items: Sequence[Item], interval: str) -> tuple[Item, ...]:
    """Those charged more often than a plan with this interval: by the month, beside a plan by the year."""
    return tuple(item for item in items if interval == "year" and item.interval == "month")


def after(items: Sequence[Item], wanted: Iterable[Wanted]) -> tuple[Item, ...]:
    """What is left of `items` when everything that waits has happened, in its order."""
    numbers = {one.code: one.number for one in wanted}
    left = (item if item.code not in numbers else replace(item, number=numbers[item.code]) for item in items)
    return tuple(item for item in left if item.number != 0)


def parts(plan_minor: int, items: Sequence[Item], seats: int) -> tuple[int, ...]:
    """A period's charge: the plan's part, then each add-on's."""
    return (plan_minor, *(item.total(seats) for item in items))


def off(held: Iterable[promotions.Held], parts_minor: Sequence[int], at: datetime) -> tuple[int, ...]:
    """What discounts take off each part of a charge at `at`, each on what the ones before it left.

    One for certain plans leaves add-ons alone. A share is rounded for each part; a fixed amount is split among them by what is
    left of each. Source: Stripe, "Stack discounts".
    """
    left = list(parts_minor)
    for one in held:
        chosen = range(len(left)) if one.is_for_addons else range(1)
        takes = _takes(one, [left[index] for index in chosen], at)
        for index, take in zip(chosen, takes, strict=True):
            left[index] -= take
    return tuple(part - rest for part, rest in zip(parts_minor, left, strict=True))


def _takes(one: promotions.Held, left: Sequence[int], at: datetime) -> Sequence[int]:
    if one.percent_bps is not None:
        return [one.off(amount, at) for amount in left]
    whole = sum(left)
    return rounding.split(one.off(whole, at), left) if whole > 0 else [0 for _amount in left]
