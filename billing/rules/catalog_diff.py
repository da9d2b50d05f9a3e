"""What changes from one catalog to the next, as data; billing/queries/catalog_words.py says it in words."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from billing.rules import catalog, tax

# What is named by itself when it changes.
PLAN_FIELDS: Final = ("name", "pitch", "seats_min", "seats_max", "recommended", "margin_bps", "trial_days", "shares")
ADDON_FIELDS: Final = ("name", "pitch", "kind", "quantity_min", "quantity_max", "plans", "margin_bps")

Sold = catalog.Plan | catalog.Addon

PILOT_FIELDS: Final = ("name", "pitch", "seats", "days", "plan", "credited", "margin_bps")


class Kind(StrEnum):
    LINE_ADDED = "line_added"
    LINE_WITHDRAWN = "line_withdrawn"
    PLAN_ADDED = "plan_added"
    PLAN_WITHDRAWN = "plan_withdrawn"
    ADDON_ADDED = "addon_added"
    ADDON_WITHDRAWN = "addon_withdrawn"
    PRICE_ADDED = "price_added"
    PRICE_CHANGED = "price_changed"
    PRICE_RETIRED = "price_retired"
    FEATURE_ADDED = "feature_added"
    FEATURE_REMOVED = "feature_removed"
    FEATURE_CHANGED = "feature_changed"
    MOVE_ADDED = "move_added"
    MOVE_REMOVED = "move_removed"
    FIELD_CHANGED = "field_changed"
    STRIPE_REPAIRED = "stripe_repaired"
    PROMOTION_ADDED = "promotion_added"
    PROMOTION_CHANGED = "promotion_changed"
    PROMOTION_WITHDRAWN = "promotion_withdrawn"
    PROMOTION_REPAIRED = "promotion_repaired"
    PILOT_ADDED = "pilot_added"
    PILOT_FEE_CHANGED = "pilot_fee_changed"
    PILOT_WITHDRAWN = "pilot_withdrawn"
    PILOT_REPAIRED = "pilot_repaired"


@dataclass(frozen=True)
class Change:
    """`subject` is "line", "line/plan", "line+addon" or "" for the catalog; `name` what of it changed.

    Before and after are JSON data.
    """

    kind: Kind
    subject: str
    name: str = ""
    before: Any = None
    after: Any = None


def changes(before: catalog.Catalog | None, after: catalog.Catalog) -> tuple[Change, ...]:
    """Everything that applying `after` over `before` (None: nothing was ever applied) would change, in the file's order."""
    old = before or catalog.Catalog((), ())
    found: list[Change] = []
    if before and old.currencies != after.currencies:
        found.append(Change(Kind.FIELD_CHANGED, "", "currencies", list(old.currencies), list(after.currencies)))
    if before and [line.code for line in old.lines] != [line.code for line in after.lines]:
        found.extend(_order("", old.lines, after.lines))
    found.extend(_tax_changes(old.tax, after.tax))
    for line in after.lines:
        earlier = old.line(line.code)
        if earlier is None:
            found.append(Change(Kind.LINE_ADDED, line.code))
        found.extend(_line_changes(earlier, line))
    found.extend(Change(Kind.LINE_WITHDRAWN, line.code) for line in old.lines if after.line(line.code) is None)
    found.extend(_promotion_changes(old, after))
    return tuple(found)


def _promotion_changes(before: catalog.Catalog, after: catalog.Catalog) -> Iterator[Change]:
    for promotion in after.promotions:
        earlier, plain = before.promotion(promotion.code), asdict(promotion)
        if earlier is None:
            yield Change(Kind.PROMOTION_ADDED, "", promotion.code, after=plain)
        elif earlier.fingerprint != promotion.fingerprint:
            yield Change(Kind.PROMOTION_CHANGED, "", promotion.code, asdict(earlier), plain)
        elif earlier.name != promotion.name:
            yield Change(Kind.FIELD_CHANGED, promotion.code, "name", dict(earlier.name), dict(promotion.name))
    gone = (promotion for promotion in before.promotions if after.promotion(promotion.code) is None)
    yield from (Change(Kind.PROMOTION_WITHDRAWN, "", promotion.code, asdict(promotion)) for promotion in gone)


def _tax_changes(before: tax.Settings, after: tax.Settings) -> Iterator[Change]:
    for name in ("mode", "seller", "gross"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            plain = [list(value) if isinstance(value, tuple) else str(value) for value in (old, new)]
            yield Change(Kind.FIELD_CHANGED, "", f"tax.{name}", *plain)
    for country in sorted({rate.country for rate in (*before.rates, *after.rates)}):
        was, now = _rate(before.rate(country)), _rate(after.rate(country))
        if was != now:
            yield Change(Kind.FIELD_CHANGED, "", f"tax.rates.{country}", was, now)


def _rate(rate: tax.Rate | None) -> str | None:
    """ "VAT 19%", and "incl." after it where prices contain it."""
    return f"{rate.name} {rate.percent}%{' incl.' if rate.inclusive else ''}" if rate else None


def _line_changes(before: catalog.Line | None, after: catalog.Line) -> Iterator[Change]:
    if before:
        yield from _fields(after.code, before, after, ("name", "pitch", "family", "growth", "stage", "max_plans"))
        yield from _order(after.code, before.plans, after.plans)
    for plan in after.plans:
        subject = f"{after.code}/{plan.code}"
        earlier = before.plan(plan.code) if before else None
        if earlier is None:
            yield Change(Kind.PLAN_ADDED, subject, plan.name)
            yield from (Change(Kind.PRICE_ADDED, subject, after=_price(price, plan)) for price in plan.prices)
        else:
            yield from _plan_changes(subject, earlier, plan)
    yield from _pilot_changes(before, after)
    if before:
        gone = (plan for plan in before.plans if after.plan(plan.code) is None)
        yield from (Change(Kind.PLAN_WITHDRAWN, f"{after.code}/{plan.code}", plan.name) for plan in gone)
    yield from _addons_changes(before, after)


def _addons_changes(before: catalog.Line | None, after: catalog.Line) -> Iterator[Change]:
    held = before.addons if before else ()
    if before:
        yield from _order(f"{after.code}+", held, after.addons)
    for addon in after.addons:
        subject, earlier = f"{after.code}+{addon.code}", before.addon(addon.code) if before else None
        if earlier is None:
            yield Change(Kind.ADDON_ADDED, subject, addon.code, after=dict(addon.name))
            yield from (Change(Kind.PRICE_ADDED, subject, after=_price(price, addon)) for price in addon.prices)
        else:
            yield from _fields(subject, earlier, addon, ADDON_FIELDS)
            yield from _price_changes(subject, earlier, addon)
            yield from _feature_changes(subject, earlier.features, addon.features)
    gone = (addon for addon in held if after.addon(addon.code) is None)
    yield from (Change(Kind.ADDON_WITHDRAWN, f"{after.code}+{addon.code}", addon.code, dict(addon.name)) for addon in gone)


def _pilot_changes(before: catalog.Line | None, after: catalog.Line) -> Iterator[Change]:
    for pilot in after.pilots:
        subject = f"{after.code}/{pilot.code}"
        earlier = before.pilot(pilot.code) if before else None
        if earlier is None:
            yield Change(Kind.PILOT_ADDED, subject, pilot.code, after=asdict(pilot))
            continue
        yield from _fields(subject, earlier, pilot, PILOT_FIELDS)
        for fee in pilot.fees:
            was = earlier.fee(fee.currency)
            if was is None or was.amount_minor != fee.amount_minor:
                yield Change(Kind.PILOT_FEE_CHANGED, subject, pilot.code, asdict(was) if was else None, asdict(fee))
            elif was.cost_minor != fee.cost_minor:
                yield Change(Kind.FIELD_CHANGED, subject, f"unit_cost.{fee.currency}", was.cost_minor, fee.cost_minor)
    gone = (pilot for pilot in (before.pilots if before else ()) if after.pilot(pilot.code) is None)
    yield from (Change(Kind.PILOT_WITHDRAWN, f"{after.code}/{pilot.code}", pilot.code, asdict(pilot)) for pilot in gone)


def _plan_changes(subject: str, before: catalog.Plan, after: catalog.Plan) -> Iterator[Change]:
    yield from _fields(subject, before, after, PLAN_FIELDS)
    yield from _price_changes(subject, before, after)
    yield from _feature_changes(subject, before.features, after.features)
    yield from (Change(Kind.MOVE_ADDED, subject, move) for move in after.moves if move not in before.moves)
    yield from (Change(Kind.MOVE_REMOVED, subject, move) for move in before.moves if move not in after.moves)


def _price_changes(subject: str, before: Sold, after: Sold) -> Iterator[Change]:
    for price in after.prices:
        earlier = before.price(price.interval, price.currency)
        if earlier is None:
            yield Change(Kind.PRICE_ADDED, subject, after=_price(price, after))
        elif earlier.fingerprint != price.fingerprint:
            yield Change(Kind.PRICE_CHANGED, subject, before=_price(earlier, before), after=_price(price, after))
        elif earlier.unit_cost_minor != price.unit_cost_minor:
            name = f"unit_cost.{price.interval}.{price.currency}"
            yield Change(Kind.FIELD_CHANGED, subject, name, earlier.unit_cost_minor, price.unit_cost_minor)
    for price in before.prices:
        if after.price(price.interval, price.currency) is None:
            yield Change(Kind.PRICE_RETIRED, subject, before=_price(price, before))


def _feature_changes(subject: str, before: Sequence[catalog.Feature], after: Sequence[catalog.Feature]) -> Iterator[Change]:
    old = {feature.code: feature for feature in before}
    for feature in after:
        earlier = old.pop(feature.code, None)
        if earlier is None:
            yield Change(Kind.FEATURE_ADDED, subject, feature.code, after=feature.limit)
        elif earlier.limit != feature.limit:
            yield Change(Kind.FEATURE_CHANGED, subject, feature.code, earlier.limit, feature.limit)
        elif earlier.resets != feature.resets:
            yield Change(Kind.FIELD_CHANGED, subject, f"features.{feature.code}.resets", earlier.resets, feature.resets)
        elif earlier != feature:
            yield Change(Kind.FIELD_CHANGED, subject, f"features.{feature.code}", dict(earlier.name), dict(feature.name))
    yield from (Change(Kind.FEATURE_REMOVED, subject, code) for code in old)


def _fields(subject: str, before: Any, after: Any, names: Sequence[str]) -> Iterator[Change]:
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Change(Kind.FIELD_CHANGED, subject, name, _plain(old), _plain(new))


def _order(subject: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    stayed = {item.code for item in before} & {item.code for item in after}
    old, new = ([item.code for item in items if item.code in stayed] for items in (before, after))
    if old != new:
        yield Change(Kind.FIELD_CHANGED, subject, "order", old, new)


def _price(price: catalog.Price, of: Sold) -> dict[str, Any]:
    tiers = [{"up_to": tier.up_to, "unit_minor": tier.unit_minor} for tier in price.tiers]
    plain = {"interval": price.interval, "currency": price.currency, "scheme": price.scheme, "tiers": tiers}
    # What is had so many times, whatever the seats, is not priced by the seat.
    return plain | ({"kind": str(of.kind)} if isinstance(of, catalog.Addon) else {})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, dict) else value
