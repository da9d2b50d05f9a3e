"""What a rep is credited with for an order, and what of it goes back: the same for the same order, by web or by rep.

An order adds monthly recurring revenue (MRR). It is credited with a share of what it adds in a year, over its term. What is
given back before the term is over takes back its part pro rata: newest orders first, by the time that is left. What is refunded
takes back the refunded share of the orders on that invoice; whatever went back for both reasons goes back once, the larger.
Parts always sum to the whole: an order undone on its first day leaves nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.rules import rounding

MONTHS_OF_A_YEAR = 12
FULL_BPS = 10_000
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Reversed:
    """What went back of an order: `mrr_minor` of it (0: a refund), what that asked for by itself, and what was booked."""

    mrr_minor: int
    due_minor: int
    amount_minor: int


@dataclass(frozen=True, kw_only=True)
class Order:
    """A credited order: `mrr_minor` and `amount_minor` positive, `[starts_at, ends_at)` its term."""

    id: int
    mrr_minor: int
    amount_minor: int
    starts_at: datetime
    ends_at: datetime
    reversals: Sequence[Reversed] = ()

    @property
    def open_mrr_minor(self) -> int:
        return self.mrr_minor - sum(one.mrr_minor for one in self.reversals)


@dataclass(frozen=True, kw_only=True)
class Contra:
    """What goes back of the order `id` now: `amount_minor` is negative or 0."""

    id: int
    mrr_minor: int
    due_minor: int
    amount_minor: int


def of_order(mrr_minor: int, rate_bps: int) -> int:
    """The credit of an order that adds `mrr_minor` a month, at the rate of the day it was booked."""
    return _share(mrr_minor * MONTHS_OF_A_YEAR, rate_bps, FULL_BPS)


def of_decrease(orders: Iterable[Order], mrr_minor: int, at: datetime) -> list[Contra]:
    """What goes back when `mrr_minor` (positive) a month is given back: newest orders first, each no more than it has left."""
    found, left = [], mrr_minor
    for order in sorted(orders, key=lambda order: (order.starts_at, order.id), reverse=True):
        taken = min(left, order.open_mrr_minor)
        if taken <= 0:
            continue
        before = order.mrr_minor - order.open_mrr_minor
        # Of the running sum, so that an order given back in parts leaves no rounding behind.
        part = _share(order.amount_minor, before + taken, order.mrr_minor) - _share(order.amount_minor, before, order.mrr_minor)
        due = _share(part, max(order.ends_at - at, timedelta()) // _SECOND, (order.ends_at - order.starts_at) // _SECOND)
        found.append(_contra(order, Reversed(mrr_minor=taken, due_minor=min(due, part), amount_minor=0)))
        left -= taken
    return found


def of_refund(order: Order, refunded_minor: int, charged_minor: int) -> Contra:
    """What goes back when `refunded_minor` in all of the order's invoice has been refunded, of `charged_minor`."""
    due = _share(order.amount_minor, min(refunded_minor, charged_minor), charged_minor) if charged_minor > 0 else 0
    return _contra(order, Reversed(mrr_minor=0, due_minor=due, amount_minor=0))


def _contra(order: Order, more: Reversed) -> Contra:
    known = (*order.reversals, more)
    given_back = sum(one.due_minor for one in known if one.mrr_minor)
    refunded = max((one.due_minor for one in known if not one.mrr_minor), default=0)
    booked = -sum(one.amount_minor for one in order.reversals)
    goes_back = max(min(max(given_back, refunded), order.amount_minor) - booked, 0)
    return Contra(id=order.id, mrr_minor=more.mrr_minor, due_minor=more.due_minor, amount_minor=-goes_back)


def _share(amount: int, part: int, whole: int) -> int:
    """`amount` x `part` / `whole`, rounded once."""
    return rounding.divide(amount * part, whole)
