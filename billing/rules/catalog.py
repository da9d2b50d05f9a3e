"""The catalog as data: what catalog.toml says, checked and frozen. catalog_file.py reads it, catalog_diff.py compares."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

from billing.rules import pilots as pilot_rules
from billing.rules import pricing
from billing.rules import promotions as promotion_rules
from billing.rules import tax as tax_rules

Text = Mapping[str, str]  # language code to text

STAGES: Final = ("launch", "growth", "mature", "sunset")
INTERVALS: Final = ("month", "year")
DEFAULT_MAX_PLANS: Final = 4
# Stripe takes 730; a longer trial than a quarter's is a pilot, and has terms of its own.
MOST_TRIAL_DAYS: Final = 90


class Resets(StrEnum):
    """When what was used of a metered feature counts from nought again."""

    MONTH = "month"  # each month of the subscription's period, also within a year
    PERIOD = "period"  # with each period that is charged
    NEVER = "never"  # it is had until it is given back


@dataclass(frozen=True)
class Feature:
    """What a plan includes. A feature with a `unit` is counted: `limit` of them, or without limit (None).

    One that `resets` is metered: the product says how much was used (docs/decisions/entitlements.md).
    """

    code: str
    name: Text
    limit: int | None
    unit: Text | None
    group: Text
    part: str = ""
    """In a bundle: the "line/plan" that brings it."""
    resets: str = ""
    """Of a metered feature, one of Resets; else empty."""


@dataclass(frozen=True)
class Part:
    """A plan in a bundle; its revenue is `weight` among the weights of all parts."""

    line: str
    plan: str
    weight: int

    @property
    def path(self) -> str:
        return f"{self.line}/{self.plan}"

    def said(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Price:
    """What a seat costs per interval in a currency (lower case); minor units. A bundle's says how it is shared."""

    interval: str
    currency: str
    scheme: str
    tiers: tuple[pricing.Tier, ...]
    unit_cost_minor: int | None = None
    parts: tuple[Part, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Equal for equal prices: of what the customer pays (and of how it is shared), not of what it costs us."""
        said: list[Any] = [self.interval, self.currency, self.scheme, [[tier.up_to, tier.unit_minor] for tier in self.tiers]]
        return _sha256([*said, *([[part.said() for part in self.parts]] if self.parts else [])])


@dataclass(frozen=True)
class Plan:
    """`seats_min` and `seats_max` bound self-service; `moves` names plans of the line it may change to."""

    code: str
    name: str
    pitch: Text
    seats_min: int
    seats_max: int
    recommended: bool
    margin_bps: int
    moves: tuple[str, ...]
    features: tuple[Feature, ...]
    prices: tuple[Price, ...]
    trial_days: int = 0
    """How long it can be tried for free, once; 0: not at all."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Of a bundle; none of any other plan."""
        return self.prices[0].parts if self.prices else ()

    @property
    def shares(self) -> list[str]:
        """A bundle's parts in words, for comparing versions."""
        return [f"{part.path}: {part.weight}" for part in self.parts]

    def price(self, interval: str, currency: str) -> Price | None:
        return next((price for price in self.prices if (price.interval, price.currency) == (interval, currency)), None)


class AddonKind(StrEnum):
    """How many of an add-on somebody has: as many as they choose, or one for each seat."""

    FIXED = "fixed"
    PER_SEAT = "per_seat"


@dataclass(frozen=True)
class Addon:
    """What is had beside a plan of the line, if it is one of `plans` (codes): an item of its own on the subscription.

    A fixed one is had `quantity_min` to `quantity_max` times. Each one of it adds its features: what is counted comes on top of
    the plan's number, the rest is included.
    """

    code: str
    name: Text
    pitch: Text
    kind: str
    quantity_min: int
    quantity_max: int
    plans: tuple[str, ...]
    margin_bps: int
    features: tuple[Feature, ...]
    prices: tuple[Price, ...]

    def price(self, interval: str, currency: str) -> Price | None:
        return next((price for price in self.prices if (price.interval, price.currency) == (interval, currency)), None)


@dataclass(frozen=True)
class Line:
    """A family of plans, in the order in which they are shown."""

    code: str
    name: Text
    pitch: Text
    family: str
    growth: bool
    stage: str
    max_plans: int
    plans: tuple[Plan, ...]
    addons: tuple[Addon, ...] = ()
    pilots: tuple[pilot_rules.Pilot, ...] = ()

    def plan(self, code: str) -> Plan | None:
        return next((plan for plan in self.plans if plan.code == code), None)

    def addon(self, code: str) -> Addon | None:
        return next((addon for addon in self.addons if addon.code == code), None)

    def pilot(self, code: str) -> pilot_rules.Pilot | None:
        return next((pilot for pilot in self.pilots if pilot.code == code), None)


@dataclass(frozen=True)
class Catalog:
    """One whole catalog. The first currency is the one shown to a reader from nowhere in particular."""

    currencies: tuple[str, ...]
    lines: tuple[Line, ...]
    promotions: tuple[promotion_rules.Promotion, ...] = ()
    tax: tax_rules.Settings = tax_rules.OFF

    def line(self, code: str) -> Line | None:
        return next((line for line in self.lines if line.code == code), None)

    def promotion(self, code: str) -> promotion_rules.Promotion | None:
        return next((promotion for promotion in self.promotions if promotion.code == code), None)

    @property
    def document(self) -> dict[str, Any]:
        """The catalog as JSON data: the inverse of `of_document`."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @property
    def sha256(self) -> str:
        return _sha256(self.document)

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Self:
        lines = tuple(_line(line) for line in document["lines"])
        # A version of before there were promotions has none.
        promotions = tuple(promotion_rules.Promotion.of_document(one) for one in document.get("promotions", ()))
        return cls(tuple(document["currencies"]), lines, promotions, tax=tax_rules.Settings.of_document(document.get("tax")))


def with_parts(price: Price, parts: tuple[Part, ...]) -> Price:
    return replace(price, parts=parts)


def of_part(feature: Feature, part: Part) -> Feature:
    return replace(feature, part=part.path)


def _sha256(plain: Any) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _line(plain: Mapping[str, Any]) -> Line:
    # A version of before there were add-ons or pilots has none.
    offered = tuple(pilot_rules.Pilot.of_document(pilot) for pilot in plain.get("pilots", ()))
    addons = tuple(_addon(addon) for addon in plain.get("addons", ()))
    return Line(**{**plain, "plans": tuple(_plan(plan) for plan in plain["plans"]), "addons": addons, "pilots": offered})


def _addon(plain: Mapping[str, Any]) -> Addon:
    return Addon(
        **{
            **plain,
            "plans": tuple(plain["plans"]),
            "features": tuple(Feature(**feature) for feature in plain["features"]),
            "prices": tuple(_price(price) for price in plain["prices"]),
        }
    )


def _plan(plain: Mapping[str, Any]) -> Plan:
    return Plan(
        **{
            **plain,
            "moves": tuple(plain["moves"]),
            "features": tuple(Feature(**feature) for feature in plain["features"]),
            "prices": tuple(_price(price) for price in plain["prices"]),
        }
    )


def _price(plain: Mapping[str, Any]) -> Price:
    # A version of before there were bundles has no parts.
    parts = tuple(Part(**part) for part in plain.get("parts", ()))
    return Price(**{**plain, "tiers": tuple(pricing.Tier(**tier) for tier in plain["tiers"]), "parts": parts})
