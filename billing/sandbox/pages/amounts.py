"""Amounts and dates as a person reads them. Amounts are integers in the currency's minor unit, as Stripe counts it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from babel import dates, numbers

from billing.sandbox.engine.amounts import ZERO_DECIMAL

# Currencies whose minor unit is a thousandth (docs.stripe.com/currencies).
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def places(currency: str) -> int:
    """How many decimal places Stripe's minor unit has."""
    code = currency.lower()
    return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2


def money(amount_minor: int | Decimal, currency: str, locale: str) -> str:
    """``money(123450, "eur", "de")`` is "1.234,50 €". Fractions of a minor unit (unit prices) are shown whole."""
    value = Decimal(amount_minor).scaleb(-places(currency))
    return numbers.format_currency(value, currency.upper(), locale=locale, decimal_quantization=False)


def day(at: int, locale: str, length: Literal["long", "medium"] = "long") -> str:
    """A Unix time as a date in words, in UTC."""
    return dates.format_date(datetime.fromtimestamp(at, UTC), format=length, locale=locale)


def exact(amount_decimal: str) -> Decimal:
    """A ``*_decimal`` field: minor units with a fraction."""
    return Decimal(str(amount_decimal))
