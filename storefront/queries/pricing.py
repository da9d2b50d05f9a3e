"""The pricing page as data, for one choice: its switches, its cards, and what else is sold beside them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.queries import catalog
from billing.queries.catalog import LineOnSale, OnSale
from billing.rules import catalog as catalog_rules
from billing.rules import pricing
from config import words
from storefront.queries import (
    pricing_addons,
    pricing_bundles,
    pricing_cards,
    pricing_features,
    pricing_pilots,
    pricing_promotions,
)
from storefront.queries.pricing_choice import Choice

# Above this many seats the page offers a person and no numbers to type.
SEATS_LIMIT: Final = 10_000


@dataclass(frozen=True)
class Option:
    """One of a few: as the segmented control takes it."""

    value: str
    label: str
    note: str = ""
    url: str = ""
    current: bool = False


class Stop(TypedDict):
    """A place on the slider where some price breaks."""

    value: int
    label: str


@dataclass(frozen=True)
class PricingPage:
    """Everything the template shows."""

    choice: Choice
    promise: str
    lines: tuple[Option, ...]
    intervals: tuple[Option, ...]
    currencies: tuple[Option, ...]
    seats_min: int
    seats_max: int
    stepper_max: int
    stops: tuple[Stop, ...]
    cards: tuple[pricing_cards.Card, ...]
    addons: tuple[pricing_addons.Offered, ...]
    pilots: tuple[pricing_pilots.PilotCard, ...]
    bundles: tuple[pricing_bundles.BundleStrip, ...]
    plans: tuple[str, ...]
    groups: tuple[pricing_features.Group, ...]
    # The code that was entered, what it does (or why nothing), and whether it does.
    promo: str
    promotion_text: str
    promotion_counts: bool


def page(on_sale: OnSale, choice: Choice, at: datetime) -> PricingPage | None:
    """The page for a choice at `at`, in the active language; None when the line sells nothing."""
    line = on_sale.line(choice.line)
    if line is None or not line.plans:
        return None
    said, counts = pricing_promotions.banner(on_sale, choice.promo, at)
    return PricingPage(
        choice=choice,
        promise=catalog.text(line.pitch),
        lines=_lines(on_sale, choice),
        intervals=_intervals(line, choice),
        currencies=tuple(Option(code, code.upper()) for code in on_sale.currencies),
        seats_min=min(plan.seats_min for plan in line.plans),
        seats_max=line.seats_max,
        stepper_max=most_typed(line.seats_max),
        stops=_stops(line, choice),
        cards=pricing_cards.of_line(on_sale, line, choice, at),
        addons=pricing_addons.offered(line, choice),
        pilots=pricing_pilots.cards(line, choice.currency),
        bundles=_bundles(on_sale, line, choice),
        plans=tuple(plan.name for plan in line.plans),
        groups=pricing_features.groups(line),
        promo="" if choice.promo == pricing_promotions.UNKNOWN else choice.promo,
        promotion_text=said,
        promotion_counts=counts,
    )


def default_seats(line: LineOnSale) -> int:
    """As few seats as every plan of the line sells, so that the first page shows a price on each card."""
    return max((plan.seats_min for plan in line.plans), default=1)


def most_typed(seats_max: int) -> int:
    """How many seats can be typed: beyond what is sold here, so that the page can say what to do then."""
    return min(5 * seats_max, SEATS_LIMIT)


def stops(seats: Iterable[int]) -> tuple[Stop, ...]:
    """A slider's stops for these numbers of seats."""
    return tuple({"value": stop, "label": words.number(stop)} for stop in sorted(seats))


# --- Switches ---------------------------------------------------------------------------------------------------------


def _lines(on_sale: OnSale, choice: Choice) -> tuple[Option, ...]:
    found = []
    for line in on_sale.lines:
        kept = {name: said for name, said in (("promo", choice.promo), ("country", choice.country)) if said}
        query = urlencode({"line": line.code, "interval": choice.interval, "currency": choice.currency} | kept)
        url = f"{reverse('storefront:pricing')}?{query}"
        found.append(Option(line.code, catalog.text(line.name), url=url, current=line.code == choice.line))
    return tuple(found)


def _intervals(line: LineOnSale, choice: Choice) -> tuple[Option, ...]:
    shares = []
    for plan in line.plans:
        month, year = plan.price("month", choice.currency), plan.price("year", choice.currency)
        if month and year:
            seats = max(plan.seats_min, min(choice.seats, plan.seats_max))
            saved = pricing.year_saving(month.total(seats), year.total(seats))
            shares.append(saved * 10_000 // (12 * month.total(seats)))
    least = min(shares, default=0) // 100 * 100  # whole percents, rounded down: a promise every plan keeps
    note = _("save %(share)s") % {"share": words.percent(least)} if least > 0 else ""
    return Option("month", _("Monthly")), Option("year", _("Yearly"), note)


def _stops(line: LineOnSale, choice: Choice) -> tuple[Stop, ...]:
    found = {line.seats_max, most_typed(line.seats_max)}
    for plan in line.plans:
        price = plan.price(choice.interval, choice.currency)
        if price:
            found.update(pricing.break_seats(price.tiers, plan.seats_max))
    return stops(found)


def _bundles(on_sale: OnSale, line: LineOnSale, choice: Choice) -> tuple[pricing_bundles.BundleStrip, ...]:
    found = pricing_bundles.strips(on_sale, line, seats=choice.seats, interval=choice.interval, currency=choice.currency)
    return tuple(found)


def intervals() -> tuple[str, ...]:
    return catalog_rules.INTERVALS
