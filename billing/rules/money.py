"""Money: whole minor units with a currency. config/words.py alone writes it for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from babel.core import get_global
from babel.numbers import get_territory_currencies

# Stripe, "Zero-decimal currencies" and "Three-decimal currencies"; every other currency has two.
ZERO_DECIMAL: Final = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
THREE_DECIMAL: Final = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum."""


def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit stands for, as Stripe counts them (0, 2 or 3)."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


@dataclass(frozen=True)
class Money:
    """An amount in minor units of a currency (ISO 4217, lower case)."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount_minor, int):
            raise TypeError(f"{self.amount_minor!r} is no whole number of minor units.")
        if len(self.currency) != 3 or self.currency != self.currency.lower():
            raise ValueError(f"{self.currency!r} is no currency: give its ISO 4217 code in lower case, for example 'eur'.")

    def __add__(self, other: Self) -> Self:
        return type(self)(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.amount_minor - self._same(other), self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.amount_minor, self.currency)

    def _same(self, other: Self) -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up.")
        return other.amount_minor


@lru_cache(maxsize=4096)
def likely_currency(accept_language: str, offered: Sequence[str]) -> str:
    """Guess a reader's currency from an Accept-Language header: its first region that pays in an offered currency.

    A language without a region counts as spoken in its most likely one ("ja" is Japan). `offered` is a non-empty tuple of
    lower-case codes; its first is the answer when nothing fits.
    """
    for part in accept_language[:200].split(","):
        region = _region(part.split(";")[0].strip())
        currencies = [code.lower() for code in get_territory_currencies(region)] if region else []
        fitting = next((code for code in currencies if code in offered), None)
        if fitting:
            return fitting
    return offered[0]


def _region(tag: str) -> str | None:
    subtags = tag.replace("_", "-").split("-")
    region = next((part.upper() for part in subtags[1:] if len(part) == 2 and part.isalpha()), None)
    if region or not subtags[0].isalpha():
        return region
    likely = get_global("likely_subtags").get(subtags[0].lower())
    return likely.rsplit("_", 1)[-1] if likely else None
