"""catalog.toml into a Catalog: everything wrong with the file is said at once, with line, key and remedy."""

import re
import tomllib
from collections.abc import Sequence
from typing import Final

from babel.core import get_global
from babel.numbers import get_currency_precision

from billing.rules import (
    addon_file,
    bundle_file,
    catalog,
    money,
    pilot_reading,
    promotion_reading,
    sold_reading,
    tax_file,
    toml_lines,
)
from billing.rules.catalog_reading import Notes, Problem, Table

_LINE_KEYS: Final = (*("name", "pitch", "family", "growth", "stage", "max_plans", "features", "plans", "addons", "pilots"),)
_PLAN_KEYS: Final = (
    *("name", "pitch", "seats", "recommended", "margin_bps", "unit_cost", "moves", "features"),
    *("scheme", "tiers", "prices", "trial_days"),
)


class CatalogError(ValueError):
    """The file cannot be applied; `problems` says why, in the order of its lines."""

    def __init__(self, problems: Sequence[Problem], file: str) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(f"{file}, {problem}" for problem in self.problems))


def parse(text: str, *, languages: Sequence[str], file: str = "catalog.toml") -> catalog.Catalog:
    """Read a catalog. `languages` are the store's; each text of the file must speak all of them.

    Raises CatalogError with every problem found.
    """
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogError([_syntax_problem(str(error), text)], file) from None
    notes = Notes(toml_lines.lines(text))
    read = _catalog(Table(notes, (), plain), languages)
    if notes.problems:
        raise CatalogError(notes.problems, file)
    return read


def _syntax_problem(said: str, text: str) -> Problem:
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", said)
    line = int(place.group(1)) if place and place.group(1) else text.count("\n") + 1
    what = said[: place.start()] if place else said
    return Problem(line, "", f"this is no TOML: {what}.", "Look for a missing quote, bracket or = sign, or a key given twice.")


def _catalog(root: Table, languages: Sequence[str]) -> catalog.Catalog:
    root.only(("currencies", "lines", "bundles", "promotions", "tax"))
    currencies = root.words("currencies", '["usd", "eur"]')
    if not currencies:
        root.missing("currencies", '["usd", "eur"]')
    for currency in currencies:
        if currency != currency.lower() or currency.upper() not in get_global("all_currencies"):
            root.problem("currencies", f"names {currency!r}.", 'Use ISO 4217 codes in small letters, for example "eur".')
        elif get_currency_precision(currency.upper()) != money.exponent(currency):
            remedy = "Leave it out: people and Stripe count its decimals differently, so amounts would be misread."
            root.problem("currencies", f"names {currency!r}.", remedy)
    tables = root.tables("lines", '{ main = { name = "Main" } }')
    if root.has("lines") and not tables:
        root.problem("lines", "has no line.", "Add one, for example [lines.main].")
    lines = tuple(_line(code, table, currencies, languages) for code, table in tables.items())
    lines += bundle_file.read(root, lines=lines, currencies=currencies, languages=languages)
    named = [*(line.code for line in lines), *(f"{line.code}/{plan.code}" for line in lines for plan in line.plans)]
    promotions = promotion_reading.read(root, plans=named, currencies=currencies, languages=languages)
    return catalog.Catalog(currencies, lines, promotions, tax=tax_file.read(root))


def _line(code: str, table: Table, currencies: Sequence[str], languages: Sequence[str]) -> catalog.Line:
    table.only(_LINE_KEYS)
    max_plans = table.integer("max_plans", catalog.DEFAULT_MAX_PLANS, least=1, most=20) if table.has("max_plans") else None
    known = _features(table, languages) if table.has("features") else {}
    tables = table.tables("plans", '{ starter = { name = "Starter" } }')
    plans = tuple(_plan(name, inner, known, currencies, languages) for name, inner in tables.items())
    _check_plans(table, plans, max_plans or catalog.DEFAULT_MAX_PLANS)
    around = addon_file.Around(plans=plans, features=known, currencies=currencies, languages=languages)
    return catalog.Line(
        code=code,
        name=table.text("name", languages),
        pitch=table.text("pitch", languages),
        family=table.word("family", "core"),
        growth=table.flag("growth", default=False),
        stage=table.word("stage", "mature", choices=catalog.STAGES),
        max_plans=max_plans or catalog.DEFAULT_MAX_PLANS,
        plans=plans,
        addons=addon_file.read(table, around),
        pilots=pilot_reading.read(table, plans=plans, currencies=currencies, languages=languages),
    )


def _check_plans(table: Table, plans: Sequence[catalog.Plan], max_plans: int) -> None:
    if table.has("plans") and not plans:
        table.problem("plans", "has no plan.", f"Add one, for example [{'.'.join(table.path)}.plans.starter].")
    if len(plans) > max_plans:
        remedy = f"Remove {len(plans) - max_plans}, or raise max_plans: few plans are what keeps the store simple."
        table.problem("plans", f"offers {len(plans)} plans; this line may offer {max_plans}.", remedy)
    recommended = [plan.code for plan in plans if plan.recommended]
    if len(recommended) > 1:
        table.problem("plans", f"recommends {' and '.join(recommended)}.", "Recommend one at most.")
    codes = [plan.code for plan in plans]
    for plan in plans:
        for move in plan.moves:
            if move not in codes or move == plan.code:
                others = ", ".join(code for code in codes if code != plan.code) or "none"
                path = (*table.path, "plans", plan.code, "moves")
                table.notes.add(path, f"names {move!r}, which is no other plan of this line.", f"Others here: {others}.")


def _features(table: Table, languages: Sequence[str]) -> dict[str, catalog.Feature]:
    """The line's features by code, as they are when nothing counts them."""
    known = {}
    for code, inner in table.tables("features", '{ notes = { name = "Notes" } }').items():
        inner.only(("name", "unit", "group", "kind", "resets"))
        known[code] = catalog.Feature(
            code=code,
            name=inner.text("name", languages),
            limit=None,
            unit=inner.text("unit", languages) if inner.has("unit") else None,
            group=inner.text("group", languages) if inner.has("group") else dict.fromkeys(languages, ""),
            resets=_resets(inner),
        )
    return known


def _resets(table: Table) -> str:
    """When a metered feature counts from nought again; empty for one that is not metered."""
    usual = "counted" if table.has("unit") else "included"
    kind = table.word("kind", usual, choices=("included", "counted", "metered"), default=usual)
    if (kind == "included") == table.has("unit"):
        said = "is counted by it." if kind == "included" else "is missing: nothing says what is counted."
        table.problem("unit", said, "Give a unit to what is counted or metered, and none to what is simply included.")
    if kind != "metered":
        if table.has("resets"):
            table.problem("resets", "is given, but nothing is metered.", 'Remove it, or write kind = "metered".')
        return ""
    return table.word("resets", catalog.Resets.MONTH, choices=tuple(catalog.Resets), default=catalog.Resets.MONTH)


def _plan(
    code: str, table: Table, known: dict[str, catalog.Feature], currencies: Sequence[str], languages: Sequence[str]
) -> catalog.Plan:
    table.only(_PLAN_KEYS)
    seats = table.table("seats", "{ min = 1, max = 25 }")
    seats.only(("min", "max"))
    seats_min = seats.integer("min", 1, least=1, most=1_000_000)
    seats_max = seats.integer("max", max(25, seats_min), least=1, most=1_000_000)
    if seats_max < seats_min:
        seats.problem("max", f"is {seats_max}, below min {seats_min}.", f"Give {seats_min} or more.")
    return catalog.Plan(
        code=code,
        name=table.word("name", code.title()),
        pitch=table.text("pitch", languages),
        seats_min=seats_min,
        seats_max=seats_max,
        recommended=table.flag("recommended", default=False),
        margin_bps=sold_reading.margin_bps(table),
        moves=table.words("moves", '["team"]'),
        features=sold_reading.included(table, known),
        prices=sold_reading.prices(table, currencies),
        trial_days=table.integer("trial_days", 14, least=0, most=catalog.MOST_TRIAL_DAYS) if table.has("trial_days") else 0,
    )
