"""From what waits to what Stripe shall hold: one function turns scheduled changes into the shape of a subscription.

Source: stripe.md ("ScheduledChange rows are the truth and the schedule is their projection").
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Shape(StrEnum):
    """What Stripe shall hold for the subscription."""

    PLAIN = "plain"  # nothing waits: no schedule, no end
    ENDING = "ending"  # ends with the period: no schedule, cancel_at_period_end
    PHASED = "phased"  # a schedule with the current and the coming phase
    CLOSING = "closing"  # a schedule that ends it with the period, because add-ons by the month end before


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One pending change: seats by `delta`, or the end of the subscription."""

    effective_at: datetime
    delta: int = 0
    is_end: bool = False


@dataclass(frozen=True, kw_only=True)
class Phase:
    """`quantity` seats over `[starts_at, ends_at)`; the last phase has no end of its own (one more period)."""

    quantity: int
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Projection:
    shape: Shape
    phases: tuple[Phase, ...] = ()


def coming_quantity(quantity: int, waiting: Sequence[Waiting]) -> int:
    """Seats after everything that waits has happened (0 when the subscription ends)."""
    if any(change.is_end for change in waiting):
        return 0
    return quantity + sum(change.delta for change in waiting)


def shortened(deltas: Sequence[int], missing: int) -> list[int]:
    """Planned changes, oldest first, so that `missing` seats more are left then: the newest plans for fewer give way first."""
    left, found = missing, []
    for delta in reversed(deltas):
        taken = min(left, -delta) if delta < 0 else 0
        left -= taken
        found.append(delta + taken)
    return found[::-1]


def project(
    *,
    quantity: int,
    starts_at: datetime,
    ends_at: datetime,
    waiting: Sequence[Waiting],
    has_other_items: bool = False,
    unbilled: int = 0,
    between: Sequence[datetime] = (),
) -> Projection:
    """What Stripe shall hold for `quantity` seats in the period `[starts_at, ends_at)` while `waiting` is pending.

    `has_other_items`: whether the plan or the add-ons are others then, which takes a coming phase too. `unbilled` of the seats
    Stripe has not yet: their invoice window adds them to the current phase. `between` are the instants within the period,
    rising, at which add-ons by the month end beside a plan by the year: a phase begins at each.

    An end wins over seats that wait for the same instant: they would never be had. They stay pending rows, so that taking the
    end back brings them back. Raises ValueError when a change waits for another instant than the period's end, or when seats
    would fall below one.
    """
    if any(change.effective_at != ends_at for change in waiting):
        raise ValueError("a scheduled change waits for another instant than the period's end")
    edges = (starts_at, *between, ends_at)
    present = tuple(Phase(quantity=quantity - unbilled, starts_at=one, ends_at=two) for one, two in itertools.pairwise(edges))
    if any(change.is_end for change in waiting):
        return Projection(shape=Shape.CLOSING, phases=present) if between else Projection(shape=Shape.ENDING)
    coming = coming_quantity(quantity, waiting)
    if coming < 1:
        raise ValueError("scheduled changes leave no seat; end the subscription instead")
    if coming == quantity and not has_other_items:
        return Projection(shape=Shape.PLAIN)
    return Projection(shape=Shape.PHASED, phases=(*present, Phase(quantity=coming, starts_at=ends_at, ends_at=None)))
