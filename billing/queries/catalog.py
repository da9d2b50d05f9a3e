"""What is on sale, held in this process's memory. A thread asks the database for a newer version; no request does."""

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connection
from django.utils import translation

from billing.models import Addon, AddonPrice, CatalogVersion, Pilot, PilotFee, Price, ProductLine, Promotion
from billing.rules import catalog, pricing
from billing.rules import promotions as rules
from billing.rules import tax as tax_rules

# A change is visible everywhere within a second: this long to notice it, the rest to load it.
POLL_SECONDS: Final = 0.75
log = structlog.get_logger(__name__)


def text(words: Mapping[str, str], language: str | None = None) -> str:
    """A catalog's text in the active language, or in English, or in the first there is; "" for no text at all."""
    language = language or translation.get_language() or settings.LANGUAGE_CODE
    for wanted in (language, language.split("-")[0], "en"):
        if wanted in words:
            return words[wanted]
    return next(iter(words.values()), "")


@dataclass(frozen=True)
class PriceOnSale:
    """`id` is the row's; amounts are minor units a seat and interval.

    `net` and `rate`: the price that this one shows with tax. A seat's is rounded by itself, a charge as a whole.
    """

    id: int
    stripe_price_id: str
    interval: str
    currency: str
    scheme: str
    tiers: tuple[pricing.Tier, ...]
    parts: tuple[catalog.Part, ...] = ()
    net: "PriceOnSale | None" = None
    rate: tax_rules.Rate | None = None

    def total(self, seats: int) -> int:
        if self.net is not None and self.rate is not None:
            return tax_rules.gross(self.net.total(seats), self.rate)
        return pricing.total(self.tiers, self.scheme, seats)


@dataclass(frozen=True)
class FeatureOnSale:
    """`limit` counts `unit`s; None is without limit, or simply included if there is no unit. One that `resets` is metered."""

    code: str
    name: Mapping[str, str]
    limit: int | None
    unit: Mapping[str, str] | None
    group: Mapping[str, str]
    part: str = ""
    resets: str = ""


class _Priced:
    prices: tuple[PriceOnSale, ...]

    def price(self, interval: str, currency: str) -> PriceOnSale | None:
        return next((price for price in self.prices if (price.interval, price.currency) == (interval, currency)), None)


@dataclass(frozen=True)
class PlanOnSale(_Priced):
    id: int
    line: str
    code: str
    name: str
    pitch: Mapping[str, str]
    seats_min: int
    seats_max: int
    is_recommended: bool
    features: tuple[FeatureOnSale, ...]
    prices: tuple[PriceOnSale, ...]
    trial_days: int = 0

    @property
    def parts(self) -> tuple[catalog.Part, ...]:
        """The plans of a bundle, which occupies their lines; none of any other plan."""
        return self.prices[0].parts if self.prices else ()

    @property
    def path(self) -> str:
        """How addresses name the plan: "fieldnote/team"."""
        return f"{self.line}/{self.code}"

    def feature(self, code: str) -> FeatureOnSale | None:
        return next((feature for feature in self.features if feature.code == code), None)


@dataclass(frozen=True)
class AddonOnSale(_Priced):
    """An add-on; its prices are of one of it and interval. `kind` is billing.rules.catalog.AddonKind's."""

    id: int
    line: str
    code: str
    name: Mapping[str, str]
    pitch: Mapping[str, str]
    kind: str
    quantity_min: int
    quantity_max: int
    plans: tuple[str, ...]
    features: tuple[FeatureOnSale, ...]
    prices: tuple[PriceOnSale, ...]

    @property
    def is_per_seat(self) -> bool:
        return self.kind == catalog.AddonKind.PER_SEAT


@dataclass(frozen=True)
class PilotOnSale:
    """A fixed fee for `days` days and up to `seats` people; `plan` ("line/plan") follows by a click alone."""

    id: int
    line: str
    code: str
    name: Mapping[str, str]
    pitch: Mapping[str, str]
    seats: int
    days: int
    plan: str
    plan_name: str
    is_credited: bool
    fees: Mapping[str, int]
    """Currency to minor units."""

    @property
    def path(self) -> str:
        """How addresses name the pilot: "fieldnote/start"."""
        return f"{self.line}/{self.code}"


@dataclass(frozen=True)
class LineOnSale:
    id: int
    code: str
    name: Mapping[str, str]
    pitch: Mapping[str, str]
    is_growth: bool
    stage: str
    plans: tuple[PlanOnSale, ...]
    addons: tuple[AddonOnSale, ...] = ()
    pilots: tuple[PilotOnSale, ...] = ()

    @cached_property
    def seats_max(self) -> int:
        """The most seats that any plan of the line sells without a person."""
        return max((plan.seats_max for plan in self.plans), default=0)

    def plan(self, code: str) -> PlanOnSale | None:
        return next((plan for plan in self.plans if plan.code == code), None)

    def addon(self, code: str) -> AddonOnSale | None:
        return next((addon for addon in self.addons if addon.code == code), None)

    def addons_of(self, plan: str) -> tuple[AddonOnSale, ...]:
        """Those that go with a plan (its code), in the catalog's order."""
        return tuple(addon for addon in self.addons if plan in addon.plans)


@dataclass(frozen=True)
class OnSale:
    """One catalog version; number 0 with nothing in it before the first `catalog apply`."""

    number: int
    currencies: tuple[str, ...]
    lines: tuple[LineOnSale, ...]
    promotions: tuple[rules.Promotion, ...] = ()
    tax: tax_rules.Settings = tax_rules.OFF

    def promotion(self, code: str) -> rules.Promotion | None:
        """The promotion on offer under this code, in capitals."""
        return next((promotion for promotion in self.promotions if promotion.code == code), None)

    def line(self, code: str) -> LineOnSale | None:
        return next((line for line in self.lines if line.code == code), None)

    def plan(self, path: str) -> PlanOnSale | None:
        """The plan named "line/plan", or None."""
        line, _slash, code = path.partition("/")
        return next((plan for one in self.lines if one.code == line for plan in one.plans if plan.code == code), None)

    def pilot(self, path: str) -> PilotOnSale | None:
        """The pilot named "line/pilot", or None."""
        line, _slash, code = path.partition("/")
        return next((pilot for one in self.lines if one.code == line for pilot in one.pilots if pilot.code == code), None)


def current_version() -> CatalogVersion | None:
    return CatalogVersion.objects.order_by("-number").first()


def current() -> catalog.Catalog | None:
    """The catalog last applied, as rules know it."""
    version = current_version()
    return catalog.Catalog.of_document(version.document) if version else None


def on_sale() -> OnSale:
    """What is on sale: no query once this process has asked before (the tests' fresh memory aside)."""
    return _shelf.read()


def refresh() -> None:
    """Read the database now, for the process that has just changed it."""
    _shelf.load()


def hold(found: OnSale) -> None:
    """Know this from now on, having written the rows it was read from (tests)."""
    _shelf.hold(found)


def forget() -> None:
    """Drop what this process knows (between tests)."""
    _shelf.drop()


def price_row(*, plan_id: int, interval: str, currency: str) -> Price | None:
    """The price on sale for a plan, interval and currency, with its plan and line. One query."""
    rows = Price.objects.filter(plan_id=plan_id, interval=interval, currency=currency, retired_at=None)
    return rows.filter(plan__withdrawn_at=None).select_related("plan__line").first()


def tiers_of(row: Price | AddonPrice) -> tuple[pricing.Tier, ...]:
    return tuple(pricing.Tier(tier["up_to"], tier["unit_minor"]) for tier in row.tiers)


class Shelf:
    """The catalog in memory, and the thread that keeps it fresh."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OnSale | None = None
        self._pid = 0
        self._stop = threading.Event()

    def read(self) -> OnSale:
        held = self._held
        if held is not None and self._pid == os.getpid():
            return held
        return self._first()

    def load(self) -> OnSale:
        self._held = found = _load()
        return found

    def hold(self, found: OnSale) -> None:
        self._held, self._pid = found, os.getpid()

    def drop(self) -> None:
        self._stop.set()
        self._held, self._pid = None, 0

    def watch(self, seconds: float = POLL_SECONDS) -> threading.Thread:
        """Start the thread that polls the version."""
        self._stop = threading.Event()
        thread = threading.Thread(target=self._poll, args=(self._stop, seconds), name="catalog-shelf", daemon=True)
        thread.start()
        return thread

    def _first(self) -> OnSale:
        with self._lock:
            if self._held is None or self._pid != os.getpid():  # never asked before, or a copy made by a fork
                # A test's data is rolled back, and a thread would hold its database open: tests call `watch` themselves.
                if not settings.TEST:
                    self.watch()
                held = self.load()
                self._pid = os.getpid()
                return held
            return self._held

    def _poll(self, stop: threading.Event, seconds: float) -> None:
        while not stop.wait(seconds):
            try:
                number = CatalogVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
                if self._held is not None and number != self._held.number:
                    self.load()
            except Exception as error:  # noqa: BLE001 - the store keeps selling from memory while the database restarts
                log.warning("catalog_poll_failed", error=type(error).__name__)
            finally:
                connection.close()


_shelf = Shelf()


def _load() -> OnSale:
    version = current_version()
    if version is None:
        return OnSale(0, (), ())
    prices: dict[int, list[PriceOnSale]] = {}
    for row in Price.objects.filter(retired_at=None).order_by("id"):
        parts = tuple(catalog.Part(**part) for part in row.parts)
        held = PriceOnSale(row.id, row.stripe_price_id, row.interval, row.currency, row.scheme, tiers_of(row), parts)
        prices.setdefault(row.plan_id, []).append(held)
    rows = ProductLine.objects.filter(withdrawn_at=None).prefetch_related("plans")
    addons, pilots = _addons(), _pilots()
    lines = tuple(_line(row, prices, addons.get(row.pk, []), pilots.get(row.pk, ())) for row in rows.order_by("rank", "code"))
    offered = tuple(row.terms for row in Promotion.objects.filter(withdrawn_at=None).order_by("code"))
    taxes = tax_rules.Settings.of_document(version.document.get("tax"))
    return OnSale(version.number, tuple(version.document["currencies"]), lines, offered, tax=taxes)


def _addons() -> dict[int, list[AddonOnSale]]:
    """Those on sale, by line, in order."""
    prices: dict[int, list[PriceOnSale]] = {}
    for price in AddonPrice.objects.filter(retired_at=None).order_by("id"):
        held = PriceOnSale(price.id, price.stripe_price_id, price.interval, price.currency, price.scheme, tiers_of(price))
        prices.setdefault(price.addon_id, []).append(held)
    found: dict[int, list[AddonOnSale]] = {}
    for row in Addon.objects.filter(withdrawn_at=None).select_related("line").order_by("rank", "code"):
        addon = AddonOnSale(
            id=row.id,
            line=row.line.code,
            code=row.code,
            name=row.name,
            pitch=row.pitch,
            kind=row.kind,
            quantity_min=row.quantity_min,
            quantity_max=row.quantity_max,
            plans=tuple(row.plans),
            features=tuple(_feature(feature) for feature in row.features),
            prices=tuple(prices.get(row.id, ())),
        )
        found.setdefault(row.line_id, []).append(addon)
    return found


def _pilots() -> dict[int, tuple[PilotOnSale, ...]]:
    """Those on offer, by line, in order. One query."""
    fees: dict[int, dict[str, int]] = {}
    pilots: dict[int, Pilot] = {}
    rows = PilotFee.objects.filter(retired_at=None, pilot__withdrawn_at=None, pilot__plan__withdrawn_at=None)
    for fee in rows.select_related("pilot__line", "pilot__plan").order_by("pilot__rank", "pilot_id", "id"):
        pilots.setdefault(fee.pilot_id, fee.pilot)
        fees.setdefault(fee.pilot_id, {})[fee.currency] = fee.amount_minor
    found: dict[int, tuple[PilotOnSale, ...]] = {}
    for row in pilots.values():
        held = PilotOnSale(
            id=row.pk,
            line=row.line.code,
            code=row.code,
            name=row.name,
            pitch=row.pitch,
            seats=row.seats,
            days=row.days,
            plan=f"{row.line.code}/{row.plan.code}",
            plan_name=row.plan.name,
            is_credited=row.is_credited,
            fees=fees[row.pk],
        )
        found[row.line_id] = (*found.get(row.line_id, ()), held)
    return found


def _line(
    row: ProductLine,
    prices: Mapping[int, list[PriceOnSale]],
    addons: Sequence[AddonOnSale],
    pilots: tuple[PilotOnSale, ...],
) -> LineOnSale:
    plans = sorted((plan for plan in row.plans.all() if plan.withdrawn_at is None), key=lambda plan: plan.rank)
    held = tuple(
        PlanOnSale(
            id=plan.id,
            line=row.code,
            code=plan.code,
            name=plan.name,
            pitch=plan.pitch,
            seats_min=plan.seats_min,
            seats_max=plan.seats_max,
            is_recommended=plan.is_recommended,
            features=tuple(_feature(feature) for feature in plan.features),
            prices=tuple(prices.get(plan.id, ())),
            trial_days=plan.trial_days,
        )
        for plan in plans
    )
    return LineOnSale(row.id, row.code, row.name, row.pitch, row.is_growth, row.stage, held, tuple(addons), pilots)


def _feature(plain: Mapping[str, Any]) -> FeatureOnSale:
    return FeatureOnSale(**{"limit": None, "unit": None, **plain, "group": plain.get("group") or {}})
