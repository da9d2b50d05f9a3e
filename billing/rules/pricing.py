"""What a number of seats costs: tiers, the next better price, and what is saved, all in minor units of one currency."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from billing.rules import rounding

MONTHS: Final = {"month": 1, "year": 12}


class Scheme(StrEnum):
    PER_UNIT = "per_unit"
    VOLUME = "volume"
    GRADUATED = "graduated"


@dataclass(frozen=True)
class Tier:
    """`unit_minor` for one seat and interval, up to and including `up_to` seats (None: without end)."""

    up_to: int | None
    unit_minor: int

    def holds(self, quantity: int) -> bool:
        return self.up_to is None or quantity <= self.up_to


@dataclass(frozen=True)
class Rate:
    """What a plan charges for each interval."""

    tiers: tuple[Tier, ...]
    scheme: str
    interval: str

    def total(self, quantity: int) -> int:
        return total(self.tiers, self.scheme, quantity)

    def unit(self, quantity: int) -> int:
        """What one of so many seats costs; graduated, on average."""
        return average_unit(self.tiers, self.scheme, quantity)


@dataclass(frozen=True)
class TierShare:
    """What a graduated tier, of the seats from `first` to `last` (None: without end), has of a total."""

    first: int
    last: int | None
    quantity: int
    unit_minor: int
    amount_minor: int


@dataclass(frozen=True)
class Break:
    """The next tier: `more` seats lead to `seats`, where one seat costs `unit_minor` and all of them `total_minor`."""

    seats: int
    more: int
    unit_minor: int
    total_minor: int
    total_falls: bool


def total(tiers: Sequence[Tier], scheme: str, quantity: int) -> int:
    """Return what `quantity` seats cost for one interval. Source: Stripe, "Tiered pricing" (volume and graduated).

    Raises ValueError for a negative quantity or tiers that do not reach it.
    """
    if quantity < 0:
        raise ValueError(f"{quantity} seats cannot be priced: give 0 or more.")
    if quantity == 0:
        return 0
    if scheme != Scheme.GRADUATED:
        return quantity * unit(tiers, quantity)
    amount, below = 0, 0
    for tier in tiers:
        reached = quantity if tier.up_to is None else min(quantity, tier.up_to)
        amount += (reached - below) * tier.unit_minor
        below = reached
        if tier.holds(quantity):
            return amount
    raise ValueError(f"No tier holds {quantity} seats; the last ends at {below}.")


def shares(tiers: Sequence[Tier], scheme: str, quantity: int, *, above: int = 0) -> tuple[TierShare, ...]:
    """Return what each graduated tier has of the total of the seats above `above` up to `quantity`; they sum to it.

    Nothing where all seats cost the same: under any other scheme, or with one tier.
    """
    if scheme != Scheme.GRADUATED or len(tiers) == 1:
        return ()
    found, below = [], 0
    for tier in tiers:
        reached = quantity if tier.up_to is None else min(quantity, tier.up_to)
        count = reached - max(below, above)
        if count > 0:
            found.append(TierShare(below + 1, tier.up_to, count, tier.unit_minor, count * tier.unit_minor))
        below = reached
    return tuple(found)


def unit(tiers: Sequence[Tier], quantity: int) -> int:
    """Return the unit price of the tier that `quantity` (1 or more) falls in; under a graduated scheme, of its last seat."""
    for tier in tiers:
        if tier.holds(quantity):
            return tier.unit_minor
    raise ValueError(f"No tier holds {quantity} seats; the last ends at {tiers[-1].up_to if tiers else 0}.")


def average_unit(tiers: Sequence[Tier], scheme: str, quantity: int) -> int:
    """Return what one of `quantity` (1 or more) seats costs on average."""
    return rounding.divide(total(tiers, scheme, quantity), quantity)


def next_break(tiers: Sequence[Tier], scheme: str, quantity: int, *, seats_max: int | None = None) -> Break | None:
    """Return the next cheaper tier above `quantity` that at most `seats_max` seats can reach, or None."""
    here = unit(tiers, max(quantity, 1))
    for tier, following in itertools.pairwise(tiers):
        if tier.up_to is None or tier.up_to < quantity or following.unit_minor >= here:
            continue
        seats = tier.up_to + 1
        if seats_max is not None and seats > seats_max:
            return None
        there = total(tiers, scheme, seats)
        return Break(
            seats=seats,
            more=seats - quantity,
            unit_minor=following.unit_minor,
            total_minor=there,
            total_falls=there <= total(tiers, scheme, quantity),
        )
    return None


def break_seats(tiers: Sequence[Tier], seats_max: int) -> tuple[int, ...]:
    """Return the seat numbers, up to `seats_max`, at which a new tier begins: a slider's ticks."""
    return tuple(tier.up_to + 1 for tier in tiers if tier.up_to is not None and tier.up_to < seats_max)


def tier_saving(tiers: Sequence[Tier], scheme: str, quantity: int) -> int:
    """Return how much less `quantity` seats cost than at the first tier's price; 0 or more where tiers fall."""
    return quantity * tiers[0].unit_minor - total(tiers, scheme, quantity)


def year_saving(month_total: int, year_total: int) -> int:
    """Return how much less a year costs when paid at once than in twelve months; negative where it costs more."""
    return 12 * month_total - year_total


def monthly(amount_minor: int, interval: str) -> int:
    """Normalize an amount for one interval ("month" or "year") to a month.

    This is the one rule for MRR: round the normalized total of a subscription, never its seats one by one, and take a
    change's MRR as the difference of two totals, so that a change and its undoing sum to zero.
    """
    return rounding.divide(amount_minor, MONTHS[interval])


def mrr(tiers: Sequence[Tier], scheme: str, quantity: int, interval: str) -> int:
    """Return the monthly recurring revenue of `quantity` seats."""
    return monthly(total(tiers, scheme, quantity), interval)


def margin(amount_minor: int, quantity: int, *, margin_bps: int, unit_cost_minor: int | None) -> int:
    """Return the margin in `amount_minor` for `quantity` seats: less the cost of each seat if known, else the share."""
    if unit_cost_minor is not None:
        return amount_minor - quantity * unit_cost_minor
    return rounding.share(amount_minor, margin_bps)
