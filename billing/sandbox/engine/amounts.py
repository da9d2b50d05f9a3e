"""Amounts in minor units: exact fractions inside, one documented rounding at the end."""

import math
from fractions import Fraction
from typing import Any

from billing.sandbox.state import Obj

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"]
)

# The least a card can be charged, in minor units (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
MINIMUM_CHARGE = {
    "usd": 50,
    "aed": 200,
    "aud": 50,
    "brl": 50,
    "cad": 50,
    "chf": 50,
    "czk": 1500,
    "dkk": 250,
    "eur": 50,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "inr": 50,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "nzd": 50,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "sgd": 50,
    "thb": 1000,
}


def half_up(value: Fraction) -> int:
    """Rounded to the nearest unit, halves away from zero."""
    return math.floor(value + Fraction(1, 2)) if value >= 0 else -math.floor(-value + Fraction(1, 2))


def down(value: Fraction) -> int:
    """Rounded towards minus infinity, as each proration line is."""
    return math.floor(value)


def too_small(amount: int, currency: str) -> bool:
    """Whether an amount owed is below what a card can be charged."""
    return 0 < amount < MINIMUM_CHARGE.get(currency, 50)


def decimal(value: Any) -> Fraction:
    """A `*_decimal` field; None is nothing."""
    return Fraction(str(value)) if value is not None else Fraction(0)


def of_price(price: Obj, quantity: int) -> Fraction:
    """What a full period of this price costs at this quantity, before rounding."""
    if price["billing_scheme"] == "tiered":
        return _tiered(price, quantity)
    units = Fraction(quantity)
    transform = price.get("transform_quantity")
    if transform:
        parts = units / transform["divide_by"]
        units = Fraction(math.ceil(parts) if transform["round"] == "up" else math.floor(parts))
    return unit_amount(price) * units


def unit_amount(row: Obj) -> Fraction:
    """The amount of one unit of a price or a tier."""
    return decimal(row.get("unit_amount_decimal") if row.get("unit_amount_decimal") is not None else row.get("unit_amount"))


def _flat(tier: Obj) -> Fraction:
    return decimal(tier["flat_amount_decimal"] if tier.get("flat_amount_decimal") is not None else tier.get("flat_amount"))


def _tiered(price: Obj, quantity: int) -> Fraction:
    tiers: list[Obj] = price["_tiers"]
    if price["tiers_mode"] == "volume":
        tier = next(tier for tier in tiers if tier["up_to"] is None or quantity <= tier["up_to"])
        return unit_amount(tier) * quantity + _flat(tier)
    total, reached = Fraction(0), 0
    for tier in tiers:
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        # The first tier's flat amount is owed from quantity 0 on; a later one's once a unit falls into it.
        if top > reached or reached == 0:
            total += unit_amount(tier) * (top - reached) + _flat(tier)
        reached = max(reached, top)
        if reached >= quantity:
            break
    return total


def shares(total: int, weights: list[int]) -> list[int]:
    """`total` split in proportion; the largest remainders take what rounding leaves, so that the parts sum to the whole."""
    whole = sum(weights)
    if whole == 0:
        return [0 for _ in weights]
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def money(amount: int, currency: str) -> str:
    """An amount for people, in a line's description."""
    if currency in ZERO_DECIMAL:
        return f"{currency.upper()} {amount}"
    symbol = {"usd": "$", "eur": "€", "gbp": "£"}.get(currency, f"{currency.upper()} ")
    sign = "-" if amount < 0 else ""
    return f"{sign}{symbol}{abs(amount) // 100}.{abs(amount) % 100:02d}"
