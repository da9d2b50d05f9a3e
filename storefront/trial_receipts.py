"""What trials cost, as the receipt component reads it: nothing today, and the first charge to the cent."""

from typing import Any

from django.utils.translation import gettext as _

from billing.queries.overview import Standing
from billing.rules import intervals
from billing.rules.preview import FirstCharge, Preview
from config import words
from storefront import addon_words, receipts, reductions

Receipt = dict[str, Any]


def of_preview(shown: Preview, standing: Standing, *, stale: bool = False) -> Receipt:
    """Other seats in a trial: what the first charge becomes."""
    charge = shown.first_charge
    assert charge is not None
    title = _("%(seats)s from today") % {"seats": words.seats(shown.quantity_after)}
    if shown.addon:
        title = _("%(addon)s, from today") % {"addon": addon_words.of_code(standing, shown.addon)}
    return _of(charge, standing, shown) | {
        "title": title,
        "on": shown.proration_at,
        "total_label": _("First charge, on %(day)s") % {"day": words.day(charge.at)},
        "next_text": _("Nothing is charged today: they are free until %(day)s.") % {"day": words.day(charge.at)},
        "stale": stale,
    }


def of_resuming(charge: FirstCharge, standing: Standing) -> Receipt:
    """Going on after the trial: a period that begins now."""
    interval = standing.row.price.interval
    then = _("Then every year, next on %(day)s.") if interval == "year" else _("Then every month, next on %(day)s.")
    return _of(charge, standing) | {
        "title": _("%(plan)s, from today") % {"plan": standing.row.plan.name},
        "on": charge.at,
        "total_label": _("Due now"),
        "next_text": then % {"day": words.day(intervals.end(charge.at, interval))},
    }


def _of(charge: FirstCharge, standing: Standing, shown: Preview | None = None) -> Receipt:
    lines = [receipts.plan_line(standing.coming_rate, charge.quantity, charge.currency)]
    items = standing.coming_addons
    if shown is not None and shown.addon:
        items = tuple(item for item in items if item.code != shown.addon)
    row = standing.row
    lines += [addon_words.line(item, charge.quantity, row.price.interval, row.currency) for item in items]
    rest = charge.subtotal_minor - sum(line["amount_minor"] for line in lines)
    if rest and shown is not None and shown.addon:
        lines.append({"label": addon_words.of_code(standing, shown.addon), "note": "", "amount_minor": rest})
    elif rest:
        note = receipts.unit_words(standing.coming_rate, charge.quantity, charge.currency)
        lines = [{"label": words.seats(charge.quantity), "note": note, "amount_minor": charge.subtotal_minor}]
    if charge.discount_minor:
        lines.append(
            {
                "label": reductions.label(standing.discounts),
                "note": reductions.note(standing.discounts, charge.currency),
                "amount_minor": -charge.discount_minor,
            }
        )
    taxed = receipts.taxes(charge.taxes, charge.tax_minor)
    if charge.balance_applied_minor < 0:
        taxed.append({"label": _("Still owed from before"), "amount_minor": -charge.balance_applied_minor})
    return {
        "currency": charge.currency,
        "lines": lines,
        "subtotal_minor": None,
        "taxes": taxed,
        "balance_minor": -charge.balance_applied_minor if charge.balance_applied_minor > 0 else 0,
        "total_minor": charge.due_minor,
        "notes": [],
    }
