"""What is in each plan: a card's few lines, and the comparison of all."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing.queries import catalog
from billing.queries.catalog import FeatureOnSale, LineOnSale, PlanOnSale
from config import words


@dataclass(frozen=True)
class Cell:
    plan: str
    value: bool | str


@dataclass(frozen=True)
class Row:
    name: str
    cells: tuple[Cell, ...]
    hint: str = ""


@dataclass(frozen=True)
class Group:
    name: str
    rows: tuple[Row, ...]


def amount(feature: FeatureOnSale) -> str:
    """How much of a counted feature: "100 projects", "unlimited"."""
    if feature.limit is None:
        return _("unlimited")
    return _often(feature, f"{words.number(feature.limit)} {catalog.text(feature.unit or {})}".strip())


def _often(feature: FeatureOnSale, amount: str) -> str:
    """How often a metered feature's amount is had: "500 reports a month"."""
    often = {"month": _("%(amount)s a month"), "period": _("%(amount)s a billing period")}.get(feature.resets)
    return often % {"amount": amount} if often else amount


def line_of(feature: FeatureOnSale) -> str:
    name = catalog.text(feature.name)
    if feature.unit is None:
        return name
    unit = catalog.text(feature.unit)
    said = amount(feature)
    if feature.limit is not None and unit.lower() in name.lower():
        said = _often(feature, words.number(feature.limit))
    return _("%(feature)s: %(amount)s") % {"feature": name, "amount": said}


def groups(line: LineOnSale) -> tuple[Group, ...]:
    grouped: dict[str, list[Row]] = {}
    for code, group in _feature_order(line):
        found = [(plan, plan.feature(code)) for plan in line.plans]
        name = next(catalog.text(feature.name) for _plan, feature in found if feature)
        cells = tuple(Cell(plan.name, _cell(feature)) for plan, feature in found)
        grouped.setdefault(group, []).append(Row(name, cells))
    seats = tuple(Cell(plan.name, _range(plan)) for plan in line.plans)
    first = Group(_("Plan"), (Row(_("Seats you can buy here"), seats),))
    return (first, *(Group(name or _("Features"), tuple(rows)) for name, rows in grouped.items()))


def _range(plan: PlanOnSale) -> str:
    return _("%(least)s to %(most)s") % {"least": words.number(plan.seats_min), "most": words.number(plan.seats_max)}


def _cell(feature: FeatureOnSale | None) -> bool | str:
    if feature is None:
        return False
    return True if feature.unit is None else amount(feature)


def _feature_order(line: LineOnSale) -> list[tuple[str, str]]:
    """Every feature of the line once, as (code, group), each plan's own order kept."""
    order: list[str] = []
    groups: dict[str, str] = {}
    for plan in line.plans:
        at = 0
        for feature in plan.features:
            if feature.code in groups:
                at = order.index(feature.code) + 1
                continue
            order.insert(at, feature.code)
            groups[feature.code] = catalog.text(feature.group)
            at += 1
    return [(code, groups[code]) for code in order]
