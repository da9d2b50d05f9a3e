"""Ours against Stripe's, one subscription or invoice at a time: what is repaired by reading again, and what a person decides.

Quantity, price and money are never taken over or put right by a program: they become differences. Everything else that is only
mirrored is read again, unless that would take over a quantity or a price on the way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

LIVE: Final = frozenset({"trialing", "active", "past_due", "unpaid", "paused"})
FINAL: Final = frozenset({"paid", "void", "uncollectible"})


class Kind(StrEnum):
    """What can differ; billing.models.DifferenceKind has the words."""

    QUANTITY = "quantity"
    PRICE = "price"
    UNKNOWN_PRICE = "unknown_price"
    DISCOUNT = "discount"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    AMOUNT = "amount"
    PERIOD = "period"
    ENDING = "ending"
    PHASES = "phases"
    TAX = "tax"
    TRIAL = "trial"
    CURRENCY = "currency"
    COMMAND = "command"
    ITEM = "item"
    COUPON = "coupon"
    COLLECTION = "collection"


# What an accepted difference explains for as long as Stripe says the same: an approved exception.
EXCEPTIONS: Final = frozenset({Kind.DISCOUNT, Kind.TAX, Kind.TRIAL, Kind.FOREIGN, Kind.ITEM, Kind.COUPON, Kind.COLLECTION})
# A difference of these says all there is: whatever else differs is its consequence, and no second alarm.
TELLING: Final = frozenset({Kind.QUANTITY, Kind.PRICE, Kind.UNKNOWN_PRICE, Kind.CURRENCY})


@dataclass(frozen=True)
class Phase:
    """`quantity` seats at a Stripe price from `starts_at` on, with `items` beside them, in order of their prices."""

    starts_at: datetime
    price: str
    quantity: int
    items: tuple["Item", ...] = ()

    def said(self) -> list[Any]:
        more = [[item.said() for item in self.items]] if self.items else []
        return [self.starts_at.isoformat(), self.price, self.quantity, *more]


@dataclass(frozen=True, order=True)
class Item:
    """`quantity` of a Stripe price, beside the plan's seats."""

    price: str
    quantity: int

    def said(self) -> list[Any]:
        return [self.price, self.quantity]


@dataclass(frozen=True)
class Collecting:
    """`charge_automatically`, or `send_invoice` with so many days until an invoice is due."""

    method: str
    days: int | None = None

    def said(self) -> dict[str, Any]:
        return {"collection_method": self.method, "days_until_due": self.days}


@dataclass(frozen=True, kw_only=True)
class Ours:
    """A subscription as the store has it. `coming`: what is scheduled for the period's end, if anything is."""

    stripe_id: str
    status: str
    quantity: int
    price: str
    currency: str
    starts_at: datetime
    ends_at: datetime
    cancel_at: datetime | None = None
    ends: bool = False
    coming: Phase | None = None
    is_arranged: bool = True
    tax_rates: tuple[str, ...] | None = ()
    """What Stripe was told to tax with; None while it is being told."""
    has_automatic_tax: bool = False
    trial_ends_at: datetime | None = None
    """As agreed with the customer, whatever Stripe said since; None: no trial was."""
    items: tuple[Item, ...] = ()
    """Beside the plan's."""
    collection: "Collecting | None" = None
    """How Stripe was last told to have it paid; None: the store never said."""

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """A subscription as Stripe has it. `items` are those beyond the first; `coming` phases that have not begun."""

    stripe_id: str
    customer: str
    status: str
    quantity: int
    price: str
    currency: str
    starts_at: datetime
    ends_at: datetime
    items: tuple[Item, ...] = ()
    cancel_at: datetime | None = None
    ends: bool = False
    coming: tuple[Phase, ...] = ()
    coupons: tuple[str, ...] = ()
    tax_rates: tuple[str, ...] = ()
    has_automatic_tax: bool = False
    trial_ends_at: datetime | None = None
    """Only while it goes on: one that is over is no term any more."""
    collection: "Collecting | None" = None

    @property
    def prices(self) -> list[str]:
        return [self.price, *(item.price for item in self.items)]

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


@dataclass(frozen=True, kw_only=True)
class Standard:
    """What the store sells as it is: whatever else is on a subscription needs an explanation."""

    prices: frozenset[str] = frozenset()
    coupons: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Found:
    """One difference: both sides under the same names."""

    kind: Kind
    subject: str
    ours: Mapping[str, Any]
    stripes: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        return self.kind.value, self.subject


@dataclass(frozen=True)
class Verdict:
    """`is_stale`: ours is to be read again. `found`: what a person decides."""

    is_stale: bool = False
    found: tuple[Found, ...] = field(default=())


def compare(ours: Ours, theirs: Theirs, standard: Standard) -> Verdict:
    """One subscription that both know.

    A later period or another end at Stripe is news that did not reach us: it is read again first, with all that came with it.
    """
    if not (ours.is_live and theirs.is_live):
        return Verdict(is_stale=ours.status != theirs.status)
    if theirs.starts_at > ours.starts_at:
        return Verdict(is_stale=True)
    theirs = _aligned(ours, theirs)
    found = tuple(_differences(ours, theirs, standard))
    holds = any(one.kind in TELLING for one in found)
    return Verdict(is_stale=not holds and _is_stale(ours, theirs), found=found)


def _aligned(ours: Ours, theirs: Theirs) -> Theirs:
    """The same with the plan's item first: Stripe promises no order."""
    mine = next((item for item in theirs.items if item.price == ours.price), None)
    if mine is None or theirs.price == ours.price:
        return theirs
    beside = (Item(theirs.price, theirs.quantity), *(item for item in theirs.items if item is not mine))
    return replace(theirs, price=mine.price, quantity=mine.quantity, items=beside)


def _is_stale(ours: Ours, theirs: Theirs) -> bool:
    """Whether something differs that is only mirrored."""
    mine = ours.status, ours.starts_at, ours.ends_at, ours.cancel_at
    return mine != (theirs.status, theirs.starts_at, theirs.ends_at, theirs.cancel_at)


def _differences(ours: Ours, theirs: Theirs, standard: Standard) -> Iterator[Found]:
    telling = list(_telling(ours, theirs, standard))
    yield from telling
    strange = sorted(set(theirs.coupons) - standard.coupons)
    if strange:
        yield Found(Kind.DISCOUNT, ours.stripe_id, {"coupons": []}, {"coupons": strange})
    if sorted(theirs.items) != sorted(ours.items):
        mine, extra = ([item.said() for item in sorted(side.items)] for side in (ours, theirs))
        yield Found(Kind.ITEM, ours.stripe_id, {"items": mine}, {"items": extra})
    yield from _tax(ours, theirs)
    if ours.collection is not None and theirs.collection is not None and ours.collection != theirs.collection:
        yield Found(Kind.COLLECTION, ours.stripe_id, ours.collection.said(), theirs.collection.said())
    if theirs.trial_ends_at is not None and theirs.trial_ends_at != ours.trial_ends_at:
        agreed, runs = _iso(ours.trial_ends_at), _iso(theirs.trial_ends_at)
        yield Found(Kind.TRIAL, ours.stripe_id, {"trial_ends_at": agreed}, {"trial_ends_at": runs})
    if not telling:
        yield from _terms(ours, theirs)


def _telling(ours: Ours, theirs: Theirs, standard: Standard) -> Iterator[Found]:
    about = ours.stripe_id
    if theirs.quantity != ours.quantity:
        yield Found(Kind.QUANTITY, about, {"quantity": ours.quantity}, {"quantity": theirs.quantity})
    if theirs.price != ours.price:
        kind = Kind.PRICE if theirs.price in standard.prices else Kind.UNKNOWN_PRICE
        yield Found(kind, about, {"prices": [ours.price]}, {"prices": [theirs.price]})
    elif theirs.currency != ours.currency:
        yield Found(Kind.CURRENCY, about, {"currency": ours.currency}, {"currency": theirs.currency})


def _tax(ours: Ours, theirs: Theirs) -> Iterator[Found]:
    if ours.tax_rates is None:
        return
    mine, rates = sorted(set(ours.tax_rates)), sorted(set(theirs.tax_rates))
    if theirs.has_automatic_tax != ours.has_automatic_tax or rates != mine:
        yield Found(
            Kind.TAX,
            ours.stripe_id,
            {"tax_rates": mine, "automatic_tax": ours.has_automatic_tax},
            {"tax_rates": rates, "automatic_tax": theirs.has_automatic_tax},
        )


def _terms(ours: Ours, theirs: Theirs) -> Iterator[Found]:
    """Period, end, and what comes at the period's end: one alarm, the first that explains the rest."""
    if (ours.starts_at, ours.ends_at) != (theirs.starts_at, theirs.ends_at):
        yield Found(Kind.PERIOD, ours.stripe_id, _period(ours), _period(theirs))
        return
    if not ours.is_arranged:
        return
    end = ours.ends_at if ours.ends else None
    if end != theirs.cancel_at:
        yield Found(Kind.ENDING, ours.stripe_id, {"cancel_at": _iso(end)}, {"cancel_at": _iso(theirs.cancel_at)})
        return
    # Under a cancellation no schedule is held: seats that wait would never be had.
    expected = (ours.coming,) if ours.coming and not ours.ends else ()
    if expected != theirs.coming:
        yield Found(
            Kind.PHASES,
            ours.stripe_id,
            {"phases": [phase.said() for phase in expected]},
            {"phases": [phase.said() for phase in theirs.coming]},
        )


def _period(side: Ours | Theirs) -> dict[str, str]:
    return {"starts_at": side.starts_at.isoformat(), "ends_at": side.ends_at.isoformat()}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def stranger(theirs: Theirs, *, is_our_customer: bool, has_live_one: bool) -> Verdict:
    """A subscription that only Stripe knows. One that has ended, or never began, concerns nobody."""
    if not theirs.is_live:
        return Verdict()
    kind = Kind.UNKNOWN if is_our_customer else Kind.FOREIGN
    if is_our_customer and has_live_one:
        kind = Kind.DUPLICATE
    says = {"customer": theirs.customer, "status": theirs.status, "prices": theirs.prices}
    stripes = {**says, "quantity": theirs.quantity}
    return Verdict(found=(Found(kind, theirs.stripe_id, dict.fromkeys(stripes), stripes),))


def missing(ours: Ours) -> Found:
    """A live subscription that Stripe does not know."""
    says = {"status": ours.status, "quantity": ours.quantity}
    return Found(Kind.MISSING, ours.stripe_id, says, dict.fromkeys(says))


def coupon_of_customer(customer: str, coupon: str) -> Verdict:
    """A coupon on the customer itself ("": none). The store gives discounts to subscriptions alone, so nothing explains it."""
    if not coupon:
        return Verdict()
    return Verdict(found=(Found(Kind.COUPON, customer, {"coupon": None}, {"coupon": coupon}),))


@dataclass(frozen=True, kw_only=True)
class Bill:
    """An invoice on either side; amounts in minor units of `currency`."""

    stripe_id: str
    status: str
    currency: str
    total_minor: int
    paid_minor: int
    remaining_minor: int
    attempts: int = 0


def compare_bills(ours: Bill | None, theirs: Bill) -> Verdict:
    """One invoice of a customer of ours; `ours` is None while we have no row of it.

    What Stripe moved on (a later status, another attempt) is read again. Amounts that differ although both sides say that the
    invoice has ended in the same way are money: a person looks.
    """
    if ours is None or ours.status != theirs.status:
        return Verdict(is_stale=True)
    if ours == theirs:
        return Verdict()
    if theirs.status not in FINAL or _amounts(ours) == _amounts(theirs):
        return Verdict(is_stale=True)
    return Verdict(found=(Found(Kind.AMOUNT, theirs.stripe_id, _amounts(ours), _amounts(theirs)),))


def share_of_past(oldest: datetime, since: datetime, *, night: int, nights: int) -> tuple[datetime, datetime] | None:
    """Tonight's part of the time before `since`, of `nights` equal ones in turn: so every old invoice is compared again.

    `night` counts the nights. None: nothing is that old.
    """
    if oldest >= since:
        return None
    part = (since - oldest) / nights
    first = oldest + part * (night % nights)
    # Whole seconds, as Stripe has them, and no second between two parts.
    return first.replace(microsecond=0), since if night % nights == nights - 1 else (first + part).replace(microsecond=0)


def _amounts(bill: Bill) -> dict[str, Any]:
    return {"total_minor": bill.total_minor, "paid_minor": bill.paid_minor, "currency": bill.currency}
