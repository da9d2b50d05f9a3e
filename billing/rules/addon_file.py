"""The add-ons of a line of catalog.toml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from billing.rules import catalog, sold_reading
from billing.rules.catalog import AddonKind
from billing.rules.catalog_reading import Table

_KEYS: Final = (
    *("name", "pitch", "kind", "quantity", "plans", "features", "margin_bps", "unit_cost", "scheme", "tiers", "prices"),
)
MOST: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Around:
    """What the line says besides: its plans, its features by code, and what every price and text needs."""

    plans: Sequence[catalog.Plan]
    features: Mapping[str, catalog.Feature]
    currencies: Sequence[str]
    languages: Sequence[str]


def read(line: Table, around: Around) -> tuple[catalog.Addon, ...]:
    """The add-ons of a line; each problem is noted with its remedy."""
    if not line.has("addons"):
        return ()
    found = []
    for code, table in line.tables("addons", '{ support = { name = "Support" } }').items():
        addon = _addon(code, table, around)
        _check_plans(table, addon, around.plans)
        found.append(addon)
    return tuple(found)


def _addon(code: str, table: Table, around: Around) -> catalog.Addon:
    table.only(_KEYS)
    kind = str(table.word("kind", AddonKind.FIXED, choices=tuple(AddonKind), default=AddonKind.FIXED))
    least, most = _quantity(table, kind)
    return catalog.Addon(
        code=code,
        name=table.text("name", around.languages),
        pitch=table.text("pitch", around.languages),
        kind=kind,
        quantity_min=least,
        quantity_max=most,
        plans=table.words("plans", '["team"]') if table.has("plans") else tuple(plan.code for plan in around.plans),
        margin_bps=sold_reading.margin_bps(table),
        features=sold_reading.included(table, around.features),
        prices=sold_reading.prices(table, around.currencies, may_be_monthly=True),
    )


def _quantity(table: Table, kind: str) -> tuple[int, int]:
    """How many of a fixed one can be had: one, unless the file says min and max."""
    if not table.has("quantity"):
        return 1, 1
    if kind == AddonKind.PER_SEAT:
        table.problem("quantity", "is given, but a per_seat add-on follows the seats.", 'Remove it, or write kind = "fixed".')
        return 1, 1
    inner = table.table("quantity", "{ min = 1, max = 10 }")
    inner.only(("min", "max"))
    least = inner.integer("min", 1, least=1, most=MOST)
    most = inner.integer("max", max(10, least), least=1, most=MOST)
    if most < least:
        inner.problem("max", f"is {most}, below min {least}.", f"Give {least} or more.")
    return least, most


def _check_plans(table: Table, addon: catalog.Addon, plans: Sequence[catalog.Plan]) -> None:
    """It goes with plans of its line, and gives each of them something that the plan does not have."""
    by_code = {plan.code: plan for plan in plans}
    if not addon.plans and by_code:
        table.problem("plans", "is empty: nobody could have it.", "Name a plan, or remove the key: it then goes with all.")
    for code in addon.plans:
        plan = by_code.get(code)
        if plan is None:
            remedy = f"Plans here: {', '.join(by_code) or 'none'}."
            table.problem("plans", f"names {code!r}, which is no plan of this line.", remedy)
        elif addon.features and not any(_gains(plan, feature) for feature in addon.features):
            remedy = f"Leave {code} out of plans, or add a feature that it lacks."
            table.problem("features", f"are all in plan {code} already.", remedy)


def _gains(plan: catalog.Plan, feature: catalog.Feature) -> bool:
    """Whether the plan has less of a feature without the add-on."""
    had = next((one for one in plan.features if one.code == feature.code), None)
    return had is None or (feature.unit is not None and had.limit is not None)
