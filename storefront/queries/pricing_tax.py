"""Prices with tax in them, where readers expect it: which country the page is for, its prices, and the sentence about tax."""

from dataclasses import replace

from django.utils.translation import gettext as _

from billing.queries import tax as queries
from billing.queries.catalog import OnSale, PriceOnSale
from billing.rules import tax

# `?country=` of who wants prices without tax where they are shown with it.
WITHOUT = "none"


def country(on_sale: OnSale, asked: str, spoken: str) -> str:
    """The country whose tax is in the prices, or "": the one asked for, else the region of the first language that has one.

    `spoken` is the Accept-Language header: "de-AT, en;q=0.8" is of Austria, a bare "de" of nowhere in particular.
    """
    shown = on_sale.tax.gross if on_sale.tax.mode is not tax.Mode.NONE else ()
    if asked:
        kept = asked.upper() in shown or (asked == WITHOUT and shown)
        return (WITHOUT if asked == WITHOUT else asked.upper()) if kept else ""
    regions = (part.split(";")[0].strip().rpartition("-")[2] for part in spoken.split(",") if "-" in part)
    first = next((region.upper() for region in regions if len(region) == 2), "")
    return first if first in shown else ""


def shown(on_sale: OnSale, country_code: str) -> OnSale:
    """What is on sale, its prices with the country's tax in them. A seat's is rounded by itself, an invoice's as a whole."""
    rate = on_sale.tax.rate(country_code)
    if rate is None or rate.inclusive:
        return on_sale
    lines = [
        replace(
            line,
            plans=tuple(replace(plan, prices=tuple(_gross(one, rate) for one in plan.prices)) for plan in line.plans),
            addons=tuple(replace(addon, prices=tuple(_gross(one, rate) for one in addon.prices)) for addon in line.addons),
        )
        for line in on_sale.lines
    ]
    return replace(on_sale, lines=tuple(lines))


def _gross(price: PriceOnSale, rate: tax.Rate) -> PriceOnSale:
    tiers = tuple(replace(tier, unit_minor=tax.gross(tier.unit_minor, rate)) for tier in price.tiers)
    return replace(price, tiers=tiers, net=price, rate=rate)


def note(on_sale: OnSale, country_code: str) -> str:
    """ "Prices include 19% VAT.", "Prices are plus VAT.", or that there is none."""
    rate = on_sale.tax.rate(country_code)
    if rate is not None:
        name = rate.name.removesuffix(".")  # an abbreviation's full stop is the sentence's, too
        return _("Prices include %(percent)s %(tax)s.") % {"percent": queries.percent(rate.percent), "tax": name}
    return _("Prices are without tax.") if on_sale.tax.mode is tax.Mode.NONE else _("Prices are plus VAT.")
