"""What a buyer is shown before a change, and what is compared when they confirm it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Self

from billing.rules import promotions, tax


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the invoice to come: `amount_minor` for `quantity` seats over `[starts_at, ends_at)`; credits are below 0.

    `discount_minor` comes off it; Stripe's prorations are net of discounts, and have 0 there. `addon` is the code of the
    add-on that it is of; empty: the plan's.
    """

    description: str
    quantity: int
    amount_minor: int
    starts_at: datetime
    ends_at: datetime
    discount_minor: int = 0
    addon: str = ""


@dataclass(frozen=True, kw_only=True)
class FirstCharge:
    """What `quantity` seats are charged at the instant `at`, when a trial becomes paid; minor units of `currency`.

    `total_minor` is after `discount_minor` and with tax; `balance_applied_minor` is the credit used (positive) or a debt
    collected (negative), and `due_minor` is what the card is charged.
    """

    at: datetime
    quantity: int
    currency: str
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    balance_applied_minor: int
    due_minor: int
    taxes: tuple[tax.TaxLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The price of going from `quantity_before` to `quantity_after` seats at the instant `proration_at`.

    Amounts in minor units of `currency`. `balance_applied_minor` is the credit used (positive) or debt collected (negative);
    `due_now_minor` is what the card is charged. `renewal_minor` is the next period's price of `quantity_at_renewal` seats,
    less `renewal_discount_minor`, before balance and `renewal_tax_minor`; `renewal_full_minor` is what it would come to without
    the discount, with tax. With `between_at` add-ons by the month beside a plan by the year are charged `between_minor`, plus
    `between_tax_minor`, at that instant and each month. `discounts` are those in force, worked into the lines. In a trial
    nothing is due, and `first_charge` is what the change makes of the first one. With `addon` (a code) it is the price of
    having `addon_after` of it (None: one for each seat); with `plan` (line/plan) that of another plan, whose
    price is `price_id`. With `charged_at` it is charged then, unless something is changed before: `due_now_minor` is what is
    due at that instant, for all `unbilled` seats that were had before and the present change together. With `payable_at`
    `due_now_minor` is what an invoice comes to that is to be paid by then; no card is charged. `carried_minor` is below the
    smallest charge there is (billing.rules.smallest): nothing is due then, and it is collected with the next invoice.
    `ends_at`: a booked end is dated anew by it, to that instant.
    """

    subscription_id: str
    price_id: str
    currency: str
    quantity_before: int
    quantity_after: int
    quantity_at_renewal: int
    proration_at: datetime
    lines: tuple[Line, ...]
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    balance_before_minor: int
    balance_applied_minor: int
    due_now_minor: int
    renewal_minor: int
    renewal_at: datetime
    discount_minor: int = 0
    renewal_discount_minor: int = 0
    renewal_tax_minor: int = 0
    renewal_full_minor: int = 0
    between_minor: int = 0
    between_tax_minor: int = 0
    between_at: datetime | None = None
    discounts: tuple[promotions.Held, ...] = ()
    taxes: tuple[tax.TaxLine, ...] = ()
    first_charge: FirstCharge | None = None
    addon: str = ""
    addon_after: int | None = None
    plan: str = ""
    charged_at: datetime | None = None
    unbilled: int = 0
    payable_at: datetime | None = None
    carried_minor: int = 0
    ends_at: datetime | None = None

    @property
    def seats_billed(self) -> int:
        """The seats that are paid for."""
        return self.quantity_before - self.unbilled

    def agrees_with(self, other: Self) -> bool:
        """Whether a second preview at the same instant says the same: every line, and every amount."""
        return self.money() == other.money()

    def money(self) -> tuple[Any, ...]:
        return (
            self.price_id,
            self.currency,
            self.quantity_before,
            self.quantity_after,
            self.addon,
            self.addon_after,
            self.proration_at,
            tuple((line.quantity, line.amount_minor, line.starts_at, line.ends_at) for line in self.lines),
            self.tax_minor,
            self.total_minor,
            self.balance_before_minor,
            self.balance_applied_minor,
            self.due_now_minor,
            self.first_charge,
        )

    def as_json(self) -> dict[str, Any]:
        """For rows and signed tokens: instants as epoch seconds (UTC), everything else as it is."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


# What passing time does not touch: if one of these is another, the price is another.
_LASTING: Final = (
    *("price_id", "currency", "quantity_before", "quantity_after", "addon", "addon_after", "plan", "quantity_at_renewal"),
    *("balance_before_minor", "renewal_minor", "renewal_discount_minor", "renewal_tax_minor", "discounts"),
)


def grown_minor(agreed: Mapping[str, Any], again: Mapping[str, Any]) -> int | None:
    """By how much a charge that begins a period now grew since it was agreed, because the unused time became less.

    Both as `Preview.as_json` says them. None: something else is different, or the credits shrank by more than their time says.
    """
    if any(agreed[name] != again[name] for name in _LASTING) or len(agreed["lines"]) != len(again["lines"]):
        return None
    passed = again["proration_at"] - agreed["proration_at"]
    pairs = zip(agreed["lines"], again["lines"], strict=True)
    if passed < 0 or not all(_only_time_passed(before, after, passed) for before, after in pairs):
        return None
    grown: int = again["total_minor"] - agreed["total_minor"]
    return grown


def _only_time_passed(before: Mapping[str, Any], after: Mapping[str, Any], seconds: int) -> bool:
    """A charge stays to the cent; a credit is less by what its time says, and by a cent that rounding may move."""
    same = ("quantity", "addon", "discount_minor")
    if any(before[name] != after[name] for name in same):
        return False
    if before["amount_minor"] >= 0:
        return bool(before["amount_minor"] == after["amount_minor"])
    length = max(before["ends_at"] - before["starts_at"], 1)
    most = -(before["amount_minor"] * seconds // length) + 1
    return bool(before["amount_minor"] - 1 <= after["amount_minor"] <= before["amount_minor"] + most)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return int(value.timestamp())
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
