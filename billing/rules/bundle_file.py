"""The bundles of catalog.toml: plans of several lines at one price, each with its share of the revenue.

A bundle becomes a line of its own with one plan, so that it is priced, bought, changed and renewed as every plan is.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from billing.rules import catalog, sold_reading
from billing.rules.catalog_reading import Table

FAMILY: Final = "bundle"
_KEYS: Final = (
    *("name", "pitch", "parts", "seats", "stage", "recommended", "margin_bps", "unit_cost"),
    *("scheme", "tiers", "prices"),
)
_EXAMPLE: Final = '{ "main/team" = 60, "other/plus" = 40 }'
_MOST_WEIGHT: Final = 1_000_000


def read(
    root: Table, *, lines: Sequence[catalog.Line], currencies: Sequence[str], languages: Sequence[str]
) -> tuple[catalog.Line, ...]:
    """The file's bundles, each as a line. `lines` are those whose plans can be parts."""
    if not root.has("bundles"):
        return ()
    tables = root.tables("bundles", '{ suite = { name = "Suite" } }')
    return tuple(_bundle(code, table, lines, currencies, languages) for code, table in tables.items())


def _bundle(
    code: str, table: Table, lines: Sequence[catalog.Line], currencies: Sequence[str], languages: Sequence[str]
) -> catalog.Line:
    table.only(_KEYS)
    if any(line.code == code for line in lines):
        table.notes.add(table.path, "has the code of a product line.", "Give the bundle a code of its own.")
    plans = {f"{line.code}/{plan.code}": plan for line in lines for plan in line.plans}
    parts = _parts(table, plans, currencies)
    held = [plans[part.path] for part in parts]
    least = max((plan.seats_min for plan in held), default=1)
    most = min((plan.seats_max for plan in held), default=least)
    seats = table.table("seats", f"{{ min = {least}, max = {most} }}")
    seats.only(("min", "max"))
    seats_min = seats.integer("min", least, least=least, most=1_000_000)
    seats_max = seats.integer("max", max(most, seats_min), least=seats_min, most=max(most, seats_min))
    name = table.word("name", code.title())
    pitch = table.text("pitch", languages)
    plan = catalog.Plan(
        code=code,
        name=name,
        pitch=pitch,
        seats_min=seats_min,
        seats_max=seats_max,
        recommended=table.flag("recommended", default=False),
        margin_bps=sold_reading.margin_bps(table),
        moves=(),
        features=tuple(_features(table, parts, plans)),
        prices=tuple(catalog.with_parts(price, parts) for price in sold_reading.prices(table, currencies)),
    )
    stage = table.word("stage", "mature", choices=catalog.STAGES, default="mature")
    return catalog.Line(
        code, dict.fromkeys(languages, name), pitch, FAMILY, growth=False, stage=stage, max_plans=1, plans=(plan,)
    )


def _parts(table: Table, plans: dict[str, catalog.Plan], currencies: Sequence[str]) -> tuple[catalog.Part, ...]:
    """A table gives each plan its weight; a list of plans is weighed by their list prices: a month's, for the first seat."""
    value: Any = table.values.get("parts")
    if isinstance(value, list):
        named = table.words("parts", '["main/team", "other/plus"]')
        weights = {path: _list_price(plans[path], currencies) if path in plans else 1 for path in named}
    else:
        inner = table.table("parts", _EXAMPLE)
        weights = {path: inner.integer(path, 50, least=1, most=_MOST_WEIGHT) for path in inner.values}
    unknown = [path for path in weights if path not in plans]
    for path in unknown:
        table.problem("parts", f"names {path!r}, which is no plan.", f"Plans here: {', '.join(sorted(plans))}.")
    parts = tuple(_part(path, weight) for path, weight in weights.items() if path in plans)
    lines = [part.line for part in parts]
    if len(set(lines)) < len(lines):
        table.problem("parts", "name two plans of one line.", "Name one plan of each line: a customer has one of a line.")
    if table.has("parts") and not unknown and len(parts) < 2:
        table.problem("parts", "name one plan.", f"Name two or more, for example parts = {_EXAMPLE}")
    return parts


def _part(path: str, weight: int) -> catalog.Part:
    line, _slash, plan = path.partition("/")
    return catalog.Part(line, plan, weight)


def _list_price(plan: catalog.Plan, currencies: Sequence[str]) -> int:
    price = plan.price("month", currencies[0]) if currencies else None
    return price.tiers[0].unit_minor if price and price.tiers else 1


def _features(table: Table, parts: Sequence[catalog.Part], plans: dict[str, catalog.Plan]) -> Iterator[catalog.Feature]:
    """What the parts include, each feature with the part that it is of."""
    seen: dict[str, str] = {}
    for part in parts:
        for feature in plans[part.path].features:
            if feature.code in seen:
                said = f"bring the feature {feature.code!r} twice, by {seen[feature.code]} and {part.path}."
                table.problem("parts", said, "Give one of the two another code: entitlements are asked for by it.")
                continue
            seen[feature.code] = part.path
            yield catalog.of_part(feature, part)
