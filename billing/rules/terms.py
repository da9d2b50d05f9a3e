"""Exceptions from the catalog: what each kind may say, for how long, and who of the staff may approve it.

An exception never stands without an end: after it the customer has a catalog plan, at a catalog price, again. Source: step C,
exceptions; docs/decisions/exceptions.md.
"""

import calendar
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

MOST_NET_DAYS: Final = 180
MOST_SEATS: Final = 1_000_000
MOST_MINOR: Final = 10**12
WHOLE_BPS: Final = 10_000
CURRENCY_LETTERS: Final = 3
QUARTERS: Final = 4
MONTHS: Final = 12
# So long before its day an agreed discount takes nothing off any more: a charge of that day is never less for it.
OFF_AHEAD: Final = timedelta(hours=1)


class Kind(StrEnum):
    DISCOUNT = "discount"
    PRICE_HOLD = "price_hold"
    TERM = "term"
    PAYMENT_TERMS = "payment_terms"
    CREDIT_LIMIT = "credit_limit"
    SEAT_CEILING = "seat_ceiling"
    FEATURE = "feature"


# Of a subscription, and so of a product line; the others are of the customer as a whole.
OF_A_LINE: Final = frozenset({Kind.DISCOUNT, Kind.PRICE_HOLD, Kind.TERM, Kind.SEAT_CEILING, Kind.FEATURE})


class Why(StrEnum):
    """Why a value is refused; the edges say it in words, with what would do."""

    MISSING = "missing"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_BOUNDS = "out_of_bounds"
    UNKNOWN = "unknown"
    BEFORE_START = "before_start"
    IN_THE_PAST = "in_the_past"
    TOO_LONG = "too_long"


class Wrong(ValueError):
    """A field that does not do, with the bounds that would (`least`, `most`), where there are some."""

    def __init__(self, field: str, why: Why, *, least: int | date | None = None, most: int | date | None = None) -> None:
        super().__init__(f"{field}: {why}")
        self.field, self.why, self.least, self.most = field, why, least, most


Raw = Mapping[str, Any]


def value(kind: Kind, raw: Raw) -> dict[str, Any]:
    """What a kind says, typed: basis points, days, minor units with their currency, seats, or a feature with its limit.

    Of a price hold the dates say all; a term may say seats, and a plan (its code), that are committed until then. Keys that a
    kind does not know are dropped. Raises Wrong for the first field that does not do.
    """
    return _READ[kind](raw)


def _whole(raw: Raw, field: str, least: int, most: int) -> int:
    given = raw.get(field)
    if given is None or given == "":
        raise Wrong(field, Why.MISSING, least=least, most=most)
    text = str(given).strip()
    if isinstance(given, bool) or not text.removeprefix("-").isdecimal():
        raise Wrong(field, Why.NOT_A_NUMBER, least=least, most=most)
    number = int(text)
    if not least <= number <= most:
        raise Wrong(field, Why.OUT_OF_BOUNDS, least=least, most=most)
    return number


def _discount(raw: Raw) -> dict[str, Any]:
    return {"percent_bps": _whole(raw, "percent_bps", 1, WHOLE_BPS)}


def _nothing(raw: Raw) -> dict[str, Any]:
    return {}


def _term(raw: Raw) -> dict[str, Any]:
    """`plan_name` is the plan's as the catalog has it, for whoever shows it."""
    seats = {} if raw.get("seats") in (None, "") else {"seats": _whole(raw, "seats", 1, MOST_SEATS)}
    code = str(raw.get("plan") or "").strip()
    return seats | ({"plan": code, "plan_name": str(raw.get("plan_name") or code)} if code else {})


def _payment_terms(raw: Raw) -> dict[str, Any]:
    return {"net_days": _whole(raw, "net_days", 1, MOST_NET_DAYS)}


def _credit_limit(raw: Raw) -> dict[str, Any]:
    amount = _whole(raw, "amount_minor", 1, MOST_MINOR)
    currency = str(raw.get("currency") or "").strip().lower()
    if not currency:
        raise Wrong("currency", Why.MISSING)
    if len(currency) != CURRENCY_LETTERS or not currency.isascii() or not currency.isalpha():
        raise Wrong("currency", Why.UNKNOWN)
    return {"amount_minor": amount, "currency": currency}


def _seat_ceiling(raw: Raw) -> dict[str, Any]:
    return {"seats": _whole(raw, "seats", 1, MOST_SEATS)}


def _feature(raw: Raw) -> dict[str, Any]:
    """`granted` is the feature as the catalog has it, for whoever shows it; None and "" are no limit."""
    code = str(raw.get("feature") or "").strip()
    if not code:
        raise Wrong("feature", Why.MISSING)
    unlimited = raw.get("limit") in (None, "")
    limit = None if unlimited else _whole(raw, "limit", 1, MOST_MINOR)
    return {"feature": code, "limit": limit, "granted": dict(raw.get("granted") or {})}


_READ: Final[Mapping[Kind, Callable[[Raw], dict[str, Any]]]] = {
    Kind.DISCOUNT: _discount,
    Kind.PRICE_HOLD: _nothing,
    Kind.TERM: _term,
    Kind.PAYMENT_TERMS: _payment_terms,
    Kind.CREDIT_LIMIT: _credit_limit,
    Kind.SEAT_CEILING: _seat_ceiling,
    Kind.FEATURE: _feature,
}


def check_dates(starts_on: date, ends_on: date | None, *, today: date, longest_days: int) -> date:
    """`ends_on`, the first day on which it does not hold any more. Raises Wrong: there is no exception without an end."""
    if ends_on is None:
        raise Wrong("ends_on", Why.MISSING)
    if ends_on <= starts_on:
        raise Wrong("ends_on", Why.BEFORE_START, least=starts_on)
    if ends_on <= today:
        raise Wrong("ends_on", Why.IN_THE_PAST, least=today)
    if (ends_on - starts_on).days > longest_days:
        raise Wrong("ends_on", Why.TOO_LONG, most=longest_days)
    return ends_on


def quarter(on: date) -> str:
    """The quarter whose budget an exception counts against: "2026-Q4"."""
    return f"{on.year}-Q{(on.month + 2) // 3}"


def after_months(on: date, months: int) -> date:
    """The same day so many months later; the month's last, where it has no such day."""
    year, month = divmod(on.year * MONTHS + on.month - 1 + months, MONTHS)
    return date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))


def quarter_over(name: str) -> date:
    """The first day after a quarter that is named like that."""
    year, number = int(name[:4]), int(name[-1])
    return date(year + 1, 1, 1) if number == QUARTERS else date(year, 3 * number + 1, 1)


def last_on(ends_on: date) -> date:
    """The last day with what ends on a day."""
    return ends_on - timedelta(days=1)


def instant(on: date, time_zone: str = "UTC") -> datetime:
    """When a day begins where the customer is, in UTC; of a zone that this machine does not know, as if it were UTC."""
    try:
        zone: tzinfo = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        zone = UTC
    return datetime.combine(on, time(), zone).astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Band:
    """The most that a group of the staff may approve. Kinds that no number bounds may be approved by every such group."""

    discount_bps: int
    net_days: int
    credit_us_cents: int

    def allows(self, kind: Kind, said: Mapping[str, Any], us_cents: int) -> bool:
        """`us_cents` is what a credit limit comes to in dollars."""
        if kind is Kind.DISCOUNT:
            return bool(said["percent_bps"] <= self.discount_bps)
        if kind is Kind.PAYMENT_TERMS:
            return bool(said["net_days"] <= self.net_days)
        return kind is not Kind.CREDIT_LIMIT or us_cents <= self.credit_us_cents


def who_may(bands: Mapping[str, Band], kind: Kind, said: Mapping[str, Any], us_cents: int) -> list[str]:
    """The groups that may approve it, those with the narrowest band first."""
    return [name for name, band in sorted(bands.items(), key=_width) if band.allows(kind, said, us_cents)]


def _width(named: tuple[str, Band]) -> tuple[int, int, int, str]:
    name, band = named
    return band.discount_bps, band.net_days, band.credit_us_cents, name


def overlaps(starts_on: date, ends_on: date, others: Iterable[tuple[date, date]]) -> bool:
    """Whether a span of days meets one of others; ends are not part of them."""
    return any(starts_on < until and since < ends_on for since, until in others)
