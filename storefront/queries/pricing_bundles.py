"""Bundles on the pricing page: what they hold, what they save against their parts, and that there is one for a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.queries import catalog, catalog_words
from billing.queries.catalog import FeatureOnSale, LineOnSale, OnSale, PlanOnSale, PriceOnSale
from config import words


@dataclass(frozen=True)
class BundleStrip:
    """A bundle that holds a plan of the line somebody looks at."""

    name: str
    pitch: str
    holds: str
    saving: str
    action_label: str
    action_url: str


def holds(on_sale: OnSale, plan: PlanOnSale) -> str:
    """ "Team and Inspect Complete together"; "" for a plan that is no bundle."""
    named = [part.name for one in plan.parts if (part := on_sale.plan(one.path))]
    if not named:
        return ""
    return _("%(parts)s together, at one price") % {"parts": catalog_words.listed(named)}


def features(plan: PlanOnSale) -> list[FeatureOnSale]:
    """A plan's features in their order; a bundle's part by part in turns, so that a short list shows some of each."""
    place: dict[str, int] = {}
    turns = []
    for feature in plan.features:
        place[feature.part] = place.get(feature.part, 0) + 1
        turns.append((place[feature.part] if plan.parts else 0, feature))
    return [feature for _turn, feature in sorted(turns, key=lambda pair: pair[0])]


def saving(on_sale: OnSale, plan: PlanOnSale, price: PriceOnSale, seats: int) -> str:
    """What is saved against buying the parts for so many seats; "" for nothing, or where a part is not sold like this."""
    found = [part.price(price.interval, price.currency) for one in plan.parts if (part := on_sale.plan(one.path))]
    alone = [one.total(seats) for one in found if one is not None]
    if not plan.parts or len(alone) < len(plan.parts) or sum(alone) <= price.total(seats):
        return ""
    saved = words.money(sum(alone) - price.total(seats), price.currency, whole=True)
    said = _("Saves %(saved)s a month against each by itself")
    if price.interval == "year":
        said = _("Saves %(saved)s a year against each by itself")
    return said % {"saved": saved}


def strips(on_sale: OnSale, line: LineOnSale, *, seats: int, interval: str, currency: str) -> Iterator[BundleStrip]:
    """The bundles that a plan of this line is in."""
    for other in on_sale.lines:
        for plan in other.plans:
            price = plan.price(interval, currency)
            if price is None or not any(part.line == line.code for part in plan.parts):
                continue
            query = urlencode({"line": other.code, "interval": interval, "currency": currency})
            yield BundleStrip(
                name=plan.name,
                pitch=catalog.text(plan.pitch),
                holds=holds(on_sale, plan),
                saving=saving(on_sale, plan, price, max(seats, plan.seats_min)) if seats <= plan.seats_max else "",
                action_label=_("Look at %(plan)s") % {"plan": plan.name},
                action_url=f"{reverse('storefront:pricing')}?{query}",
            )
