"""What plans and add-ons of catalog.toml have alike: the features they include and their prices, with each problem noted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from billing.rules import catalog, pricing
from billing.rules.catalog_reading import Table


def included(table: Table, known: Mapping[str, catalog.Feature]) -> tuple[catalog.Feature, ...]:
    if not table.has("features"):
        return ()
    inner = table.table("features", "{ notes = true }")
    inner.only(tuple(known))
    found = []
    for code, feature in known.items():
        value = inner.values.get(code, False)
        if value is False:
            continue
        if feature.unit is None:
            if value is not True:
                inner.problem(code, "has a number, but the feature has no unit.", "Write true, or give the feature a unit.")
            found.append(feature)
        elif value == "unlimited":
            found.append(feature)
        elif value is True:
            inner.problem(code, "is counted.", 'Give its number, or "unlimited".')
        else:
            limit = inner.checked_integer(code, value, 10, least=0)
            found.append(replace(feature, limit=limit))
    return tuple(found)


def prices(table: Table, currencies: Sequence[str], *, may_be_monthly: bool = False) -> tuple[catalog.Price, ...]:
    """The prices of what is sold by the month and by the year; by the month alone if that `may_be` and no year is given."""
    scheme = table.word("scheme", "per_unit", choices=tuple(pricing.Scheme), default="per_unit")
    bounds = _bounds(table, scheme)
    costs = table.table("unit_cost") if table.has("unit_cost") else None
    found = []
    outer = table.table("prices", "{ month = { usd = 900 }, year = { usd = 9000 } }")
    outer.only(catalog.INTERVALS)
    is_monthly = may_be_monthly and outer.has("month") and not outer.has("year")
    for interval in ("month",) if is_monthly else catalog.INTERVALS:
        inner = outer.table(interval, "{ " + ", ".join(f"{currency} = 900" for currency in currencies) + " }")
        cost = costs.table(interval, "{ usd = 200 }") if costs else None
        for each in (inner, cost):
            if each is not None:
                each.only(currencies)
        for currency in currencies:
            tiers = _tiers(inner, currency, bounds)
            unit_cost = cost.integer(currency, 200, least=0) if cost else None
            found.append(catalog.Price(interval, currency, scheme, tiers, unit_cost))
    _check_year(outer, found)
    return tuple(found)


def _bounds(table: Table, scheme: str) -> tuple[int | None, ...]:
    """The last seat of each tier; None ends the last."""
    value = table.values.get("tiers", [])
    if scheme == pricing.Scheme.PER_UNIT:
        if value:
            table.problem("tiers", "are given, but every seat costs the same.", 'Add scheme = "volume", or remove tiers.')
        return (None,)
    if not isinstance(value, list) or not value or not all(type(item) is int and item > 0 for item in value):
        table.problem("tiers", "is not a list of seat numbers.", "Write the last seat of each tier: tiers = [9, 24].")
        return (None,)
    if value != sorted(set(value)):
        table.problem("tiers", "do not rise.", f"Write tiers = {sorted(set(value))}.")
    return (*value, None)


def _tiers(table: Table, currency: str, bounds: Sequence[int | None]) -> tuple[pricing.Tier, ...]:
    example = "900" if len(bounds) == 1 else str([900 - 100 * index for index in range(len(bounds))])
    value: Any = table.values.get(currency)
    if value is None:
        table.missing(currency, example)
        return ()
    units = value if isinstance(value, list) else [value]
    if len(units) != len(bounds):
        table.problem(currency, f"has {len(units)} prices for {len(bounds)} tiers.", f"Give {len(bounds)}, as {example}.")
        return ()
    checked = [table.checked_integer(currency, unit, 900, least=1) for unit in units]
    if checked != sorted(checked, reverse=True):
        table.problem(currency, "rises from tier to tier.", "A seat may not cost more for buying more of them.")
    return tuple(pricing.Tier(bound, unit) for bound, unit in zip(bounds, checked, strict=True))


def _check_year(table: Table, prices: Sequence[catalog.Price]) -> None:
    months = {price.currency: price for price in prices if price.interval == "month"}
    for price in prices:
        month = months[price.currency]  # without tiers where something is wrong with them, which is said already
        if price.interval != "year" or len(month.tiers) != len(price.tiers):
            continue
        dearer = [year.unit_minor > 12 * tier.unit_minor for year, tier in zip(price.tiers, month.tiers, strict=True)]
        if any(dearer):
            path = (*table.path, "year", price.currency)
            remedy = f"Give at most {12 * month.tiers[dearer.index(True)].unit_minor}."
            table.notes.add(path, "costs more than twelve months.", remedy)


def margin_bps(table: Table) -> int:
    """The margin, where no cost of a unit replaces it; one of the two must be given."""
    if table.has("margin_bps") == table.has("unit_cost"):
        said = "and unit_cost are both given." if table.has("unit_cost") else "is missing."
        table.problem("margin_bps", said, "Give either margin_bps = 8000 or unit_cost per interval and currency.")
    return table.integer("margin_bps", 8000, least=0, most=10_000) if table.has("margin_bps") else 0
