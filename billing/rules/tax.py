"""Who is taxed how: the store's tax settings, and the table that decides from a customer's country and tax ids.

Source: step B, tax. Reverse charge as in articles 44 and 196 of directive 2006/112/EC: a business with a valid id of another
member state accounts for the tax itself. The rates and the list of countries are the vendor's, in catalog.toml.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, Self

from billing.rules import rounding

# Member states by ISO 3166-1 code.
EU: Final = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)


class Mode(StrEnum):
    """Who works the tax out: nobody, the catalog's rates, or Stripe Tax."""

    NONE = "none"
    RATES = "rates"
    STRIPE = "stripe"


class Validity(StrEnum):
    """What the authority says of a tax id, by way of Stripe."""

    PENDING = "pending"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    UNAVAILABLE = "unavailable"


class Exempt(StrEnum):
    """Stripe's `tax_exempt` of a customer."""

    NONE = "none"
    REVERSE = "reverse"
    EXEMPT = "exempt"


class Reason(StrEnum):
    """Why a customer is treated as they are."""

    OFF = "off"  # the store works no tax out
    EXEMPTED = "exempted"  # staff said so at Stripe
    OUTSIDE = "outside"  # no rate for the country
    HOME = "home"  # the seller's own country
    NO_ID = "no_id"
    HOME_ID = "home_id"  # the id is of the seller's own country
    NOT_CONFIRMED = "not_confirmed"  # the authority does not know the id
    NOT_IN_TIME = "not_in_time"  # nobody confirmed it in time
    CONFIRMED = "confirmed"
    BEING_CHECKED = "being_checked"


REVERSED: Final = frozenset({Reason.CONFIRMED, Reason.BEING_CHECKED})


@dataclass(frozen=True)
class Rate:
    """The tax of a country (ISO 3166-1): `percent` as written ("19", "8.1"); `inclusive`: prices contain it already."""

    country: str
    name: str
    percent: str
    inclusive: bool = False

    @property
    def share(self) -> Fraction:
        return Fraction(self.percent) / 100


@dataclass(frozen=True)
class Settings:
    """`seller` is where the vendor is taxed; `gross` are countries whose readers expect prices with tax in them."""

    mode: Mode = Mode.NONE
    seller: str = ""
    rates: tuple[Rate, ...] = ()
    gross: tuple[str, ...] = ()

    @property
    def asks_country(self) -> bool:
        """Whether the store has to know where a buyer is billed before it charges; Stripe Tax asks on the payment page."""
        return self.mode is Mode.RATES

    def rate(self, country: str) -> Rate | None:
        return next((rate for rate in self.rates if rate.country == country), None)

    @classmethod
    def of_document(cls, document: Mapping[str, Any] | None) -> Self:
        """The inverse of `dataclasses.asdict`; settings of a catalog that has none are all off."""
        if not document:
            return cls()
        rates = tuple(Rate(**rate) for rate in document["rates"])
        return cls(Mode(document["mode"]), document["seller"], rates, tuple(document["gross"]))


OFF: Final = Settings()


@dataclass(frozen=True)
class TaxId:
    """One id of a customer, of Stripe's `type`; `country` is who gave it, `added_at` when we first had it."""

    type: str
    country: str
    validity: Validity
    added_at: datetime


@dataclass(frozen=True)
class Treatment:
    """What shall hold at Stripe. `rate` is the catalog's, in mode RATES; `until` ends a treatment that waits for a check."""

    exempt: Exempt
    reason: Reason
    rate: Rate | None = None
    is_automatic: bool = False
    until: datetime | None = None


def treat(
    settings: Settings, *, country: str, ids: Sequence[TaxId], now: datetime, patience: timedelta, is_exempted: bool = False
) -> Treatment:
    """The one table. `patience`: for how long an id that is being checked counts; `is_exempted`: staff said so."""
    if settings.mode is Mode.NONE:
        return Treatment(Exempt.EXEMPT if is_exempted else Exempt.NONE, Reason.OFF)
    rate = settings.rate(country) if settings.mode is Mode.RATES else None
    is_automatic = settings.mode is Mode.STRIPE
    if is_exempted:
        return Treatment(Exempt.EXEMPT, Reason.EXEMPTED, rate, is_automatic)
    reason, until = _reason(settings, country, ids, now, patience)
    if reason not in REVERSED and rate is None and not is_automatic and reason is not Reason.HOME:
        reason = Reason.OUTSIDE
    return Treatment(Exempt.REVERSE if reason in REVERSED else Exempt.NONE, reason, rate, is_automatic, until)


def _reason(
    settings: Settings, country: str, ids: Sequence[TaxId], now: datetime, patience: timedelta
) -> tuple[Reason, datetime | None]:
    if country == settings.seller:
        return Reason.HOME, None
    if settings.seller not in EU or country not in EU:
        return Reason.OUTSIDE, None
    european = [one for one in ids if one.type == "eu_vat"]
    foreign = [one for one in european if one.country in EU and one.country != settings.seller]
    if not foreign:
        return (Reason.HOME_ID if european else Reason.NO_ID), None
    if any(one.validity is Validity.VERIFIED for one in foreign):
        return Reason.CONFIRMED, None
    # An authority that cannot be asked has not said no.
    open_ids = [one for one in foreign if one.validity is not Validity.UNVERIFIED]
    if not open_ids:
        return Reason.NOT_CONFIRMED, None
    # The oldest counts: typing another one every week does not put the tax off.
    until = min(one.added_at for one in open_ids) + patience
    return (Reason.BEING_CHECKED, until) if now < until else (Reason.NOT_IN_TIME, None)


def gross(amount_minor: int, rate: Rate) -> int:
    """An amount of the catalog with the tax in it, rounded to the nearest minor unit."""
    if rate.inclusive:
        return amount_minor
    total = amount_minor * (1 + rate.share)
    return rounding.divide(total.numerator, total.denominator)


@dataclass(frozen=True, kw_only=True)
class TaxLine:
    """A tax of an invoice: `amount_minor` on `taxable_minor`; `inclusive`: it is within the total. `name` may be ""."""

    name: str
    percent: str
    amount_minor: int
    taxable_minor: int
    inclusive: bool
    is_reverse: bool


@dataclass(frozen=True, kw_only=True)
class Levy:
    """How a customer's charges to come are taxed, as far as it is known before they are made.

    Of the rate (`name`, `percent`; "": none) and of Stripe's `tax_exempt`. `is_automatic`: Stripe Tax works it out when it
    charges, so what is shown before is without.
    """

    exempt: str = Exempt.NONE.value
    name: str = ""
    percent: str = ""
    inclusive: bool = False
    is_automatic: bool = False

    def on(self, *amounts_minor: int) -> tuple[TaxLine, ...]:
        """The tax on an invoice's lines (after discounts), as Stripe works it out: each line rounded by itself. Empty: none."""
        is_reverse = self.exempt == Exempt.REVERSE
        if self.exempt == Exempt.EXEMPT or (not self.percent and not is_reverse):
            return ()
        parts = [(0, amount) if is_reverse else self._of(amount) for amount in amounts_minor]
        amount, taxable = (sum(each) for each in zip(*parts, strict=True)) if parts else (0, 0)
        line = TaxLine(
            name=self.name,
            percent=self.percent,
            amount_minor=amount,
            taxable_minor=taxable,
            inclusive=self.inclusive,
            is_reverse=is_reverse,
        )
        return (line,)

    def added(self, *amounts_minor: int) -> int:
        """What comes on top of the lines."""
        return on_top(self.on(*amounts_minor))

    def _of(self, amount_minor: int) -> tuple[int, int]:
        share = Fraction(self.percent) / 100
        net = Fraction(amount_minor) / (1 + share) if self.inclusive else Fraction(amount_minor)
        tax = net * share
        return rounding.divide(tax.numerator, tax.denominator), rounding.divide(net.numerator, net.denominator)


UNTAXED: Final = Levy()


def on_top(lines: Sequence[TaxLine]) -> int:
    """The taxes that an invoice's total has besides the prices."""
    return sum(line.amount_minor for line in lines if not line.inclusive)


def levy(treatment: Treatment) -> Levy:
    """The treatment as charges will have it."""
    rate = treatment.rate
    if rate is None:
        return Levy(exempt=treatment.exempt.value, is_automatic=treatment.is_automatic)
    return Levy(exempt=treatment.exempt.value, name=rate.name, percent=rate.percent, inclusive=rate.inclusive)
