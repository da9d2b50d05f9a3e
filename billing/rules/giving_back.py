"""How much of an invoice goes back, line by line, and who of the staff may give how much away."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction

from billing.rules import money, rounding

# Around the nearest net amount, where rounding of the tax may hide the wanted sum.
NEARBY = (0, -1, 1, -2, 2)


@dataclass(frozen=True)
class Line:
    """A positive line of an invoice: its amount, and what its discounts and its taxes (not those inside prices) add up from."""

    stripe_id: str
    amount_minor: int
    discounts: tuple[int, ...] = ()
    taxes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Share:
    """Of one line, `amount_minor` before discount and tax."""

    stripe_id: str
    amount_minor: int


@dataclass(frozen=True)
class Limit:
    """In US cents: for one act, and for all acts on one organization in 30 days."""

    at_once: int
    in_a_month: int


def gross(line: Line, amount_minor: int) -> int:
    """What crediting `amount_minor` of a line comes to. Stripe credits discount and tax in proportion, each rounded half up."""
    off, tax = (
        sum(rounding.divide(one * amount_minor, line.amount_minor) for one in parts) for parts in (line.discounts, line.taxes)
    )
    return amount_minor - off + tax


def shares(lines: Sequence[Line], wanted_minor: int) -> tuple[list[Share], int]:
    """The same share of every line, so that net, discount and tax go back as they were billed; and what it comes to.

    That is `wanted_minor` to the unit where rounding allows it, else the next sum below it.
    """
    whole = [Share(line.stripe_id, line.amount_minor) for line in lines]
    total = sum(gross(line, line.amount_minor) for line in lines)
    if wanted_minor >= total:
        return whole, total
    net = sum(line.amount_minor for line in lines)
    near = net * wanted_minor // total
    found = [_cut(lines, near + step) for step in NEARBY if 0 < near + step <= net]
    fitting = [one for one in found if one[1] <= wanted_minor]
    return max(fitting, key=lambda one: one[1], default=([], 0))


def _cut(lines: Sequence[Line], net: int) -> tuple[list[Share], int]:
    """`net` split by the lines' amounts; lines without a share are left out."""
    parts = rounding.split(net, [line.amount_minor for line in lines])
    total = sum(gross(line, part) for line, part in zip(lines, parts, strict=True))
    return [Share(line.stripe_id, part) for line, part in zip(lines, parts, strict=True) if part], total


# --- Complimentary time -----------------------------------------------------------------------------------------------


class Unit(StrEnum):
    DAYS = "days"
    MONTHS = "months"


@dataclass(frozen=True)
class Span:
    count: int
    unit: Unit


@dataclass(frozen=True)
class Period:
    """What is charged for one interval, which has `days`."""

    charged_minor: int
    interval: str
    days: int


def worth(span: Span, periods: Iterable[Period]) -> int:
    """What a span costs of what is charged, each by its own interval, all rounded up once. A month is a twelfth of a year."""
    return math.ceil(sum(Fraction(one.charged_minor * span.count, _parts(span, one)) for one in periods))


def _parts(span: Span, period: Period) -> int:
    if span.unit == Unit.DAYS:
        return period.days
    return 12 if period.interval == "year" else 1


# --- Limits -----------------------------------------------------------------------------------------------------------


class NoRate(LookupError):
    """The register says of no rate for this currency (billing.usd_rates)."""


def us_cents(amount_minor: int, currency: str, rates: Iterable[str]) -> int:
    """An amount in US cents, rounded up, by rates written as "eur 1.10" (one euro is 1.10 dollars). For limits only.

    Raises NoRate.
    """
    if currency == "usd":
        return amount_minor
    exact = Decimal(amount_minor).scaleb(2 - money.exponent(currency)) * _rate(currency, rates)
    return int(exact.to_integral_value(ROUND_CEILING))


def of_us_cents(cents: int, currency: str, rates: Iterable[str]) -> int:
    """US cents as an amount of a currency, rounded down: what fits is never said to be more. Raises NoRate."""
    if currency == "usd":
        return cents
    exact = Decimal(cents) / _rate(currency, rates)
    return int(exact.scaleb(money.exponent(currency) - 2).to_integral_value(ROUND_FLOOR))


def _rate(currency: str, rates: Iterable[str]) -> Decimal:
    """What one of it is in dollars. Raises NoRate."""
    for entry in rates:
        code, _space, rate = entry.strip().partition(" ")
        if code.lower() == currency:
            try:
                found = Decimal(rate.strip())
            except InvalidOperation:
                raise NoRate(currency) from None
            if found > 0:
                return found
    raise NoRate(currency)


def allows(limit: Limit, cents: int, given_cents: int) -> bool:
    """Whether one more act of `cents` fits, after `given_cents` for the same organization in the last 30 days."""
    return cents <= limit.at_once and given_cents + cents <= limit.in_a_month


def who_may(limits: Mapping[str, Limit], cents: int, given_cents: int) -> list[str]:
    """The groups whose limit it fits, the narrowest first."""
    fitting = [name for name, limit in limits.items() if allows(limit, cents, given_cents)]
    return sorted(fitting, key=lambda name: (limits[name].at_once, name))
