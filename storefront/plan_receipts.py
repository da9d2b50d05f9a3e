"""What another plan costs, as the receipt component reads it: now with what is given back, or from the next period on."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing.models import Price
from billing.queries import booked_ends, catalog, coming
from billing.queries.overview import Standing
from billing.rules import addons, intervals, pricing
from billing.rules.preview import Preview
from billing.services.changes import committed, plan_changes
from config import words
from storefront import addon_words, agreement_words, receipts, reductions


def rate_of(price: Price) -> pricing.Rate:
    return pricing.Rate(catalog.tiers_of(price), price.scheme, price.interval)


def of_now(shown: Preview, standing: Standing, price: Price, *, stale: bool = False) -> receipts.Receipt:
    """Had today: the rest of the period (or a year) at the new plan, less what is paid for of the old one.

    In a trial the first charge.
    """
    made = receipts.of_preview(shown, standing, stale=stale)
    title = _("%(plan)s, from today") % {"plan": price.plan.name}
    if shown.first_charge is None:
        notes = [*made["notes"], *_cancelled(standing, shown.ends_at)]
        return made | {"title": title, "lines": _lines(shown, standing, price), "notes": notes}
    charge = shown.first_charge
    values = {"day": words.day(charge.at)}
    return {
        "title": title,
        "on": shown.proration_at,
        "currency": charge.currency,
        "lines": [{"label": words.seats(charge.quantity), "note": "", "amount_minor": charge.subtotal_minor}],
        "subtotal_minor": None,
        "taxes": receipts.taxes(charge.taxes, charge.tax_minor),
        "balance_minor": -charge.balance_applied_minor if charge.balance_applied_minor > 0 else 0,
        "total_minor": charge.due_minor,
        "total_label": _("First charge, on %(day)s") % values,
        "next_text": _("Nothing is charged today: it is free until %(day)s.") % values,
        "stale": stale,
    }


def _cancelled(standing: Standing, ends_at: datetime | None) -> list[str]:
    """A cancellation that is booked takes place on another day with it."""
    if standing.booked is None or ends_at is None or ends_at == standing.booked.effective_at:
        return []
    values = {"day": words.day(ends_at), "before": words.day(standing.booked.effective_at)}
    return [_("You cancelled: with this it ends on %(day)s, instead of %(before)s.") % values]


def _lines(shown: Preview, standing: Standing, price: Price) -> list[dict[str, Any]]:
    """What is charged of the plan, what is given back of the old one, then each add-on."""
    mine = [line for line in shown.lines if not line.addon]
    charged = [line for line in mine if line.amount_minor >= 0]
    given = -sum(line.amount_minor for line in mine if line.amount_minor < 0)
    is_anew = plan_changes.becomes_a_year(standing.row, price)
    found = []
    for line in charged:
        values = {
            "plan": price.plan.name,
            "seats": words.seats(line.quantity),
            "span": receipts.span(line.starts_at, line.ends_at),
        }
        note = receipts.unit_words(rate_of(price), line.quantity, shown.currency) if line.quantity else ""
        label = _("%(plan)s, %(seats)s, for a year") if is_anew else _("%(plan)s, %(seats)s, for the %(span)s left")
        found.append({"label": label % values, "note": note, "amount_minor": line.amount_minor})
    if given:
        label = _("%(plan)s: what you have paid for and do not use") % {"plan": standing.row.plan.name}
        found.append({"label": label, "note": "", "amount_minor": -given})
    for code in dict.fromkeys(line.addon for line in shown.lines if line.addon):
        amount = sum(line.amount_minor for line in shown.lines if line.addon == code)
        found.append({"label": addon_words.of_code(standing, code), "note": "", "amount_minor": amount})
    return found


def _ends_then(standing: Standing, interval: str) -> datetime | None:
    """When it ends if the next period is one of `interval`. Two queries at most, none where nothing is booked."""
    if standing.booked is None:
        return None
    starts_at = standing.row.period_ends_at
    return booked_ends.moved(standing.row, period=(starts_at, intervals.end(starts_at, interval)), interval=interval)


def of_later(price: Price, standing: Standing, term: committed.Term | None = None) -> receipts.Receipt:
    """From the next period on: what that period costs then, with its add-ons, discounts and tax.

    With `term` it waits for the end of a committed one.
    """
    row = standing.row
    at = term.ends_at if term else row.period_ends_at
    rate, held = rate_of(price), coming.along(standing.coming_addons, coming.Place.of(price))
    seats = standing.quantity + sum(change.delta for change in standing.scheduled)
    parts = addons.parts(rate.total(seats), held, seats)
    off = addons.off(standing.renewal_discounts, parts, at)
    net = [part - less for part, less in zip(parts, off, strict=True)]
    lines = [
        receipts.plan_line(rate, seats, row.currency),
        *(addon_words.line(item, seats, rate.interval, row.currency) for item in held),
    ]
    if sum(off):
        note = reductions.note(standing.renewal_discounts, row.currency)
        lines.append({"label": reductions.label(standing.renewal_discounts), "note": note, "amount_minor": -sum(off)})
    day = words.day(at)
    before = {"before": words.money(standing.charged_minor(seats, at), row.currency)}
    return {
        "title": _("%(plan)s from %(day)s") % {"plan": price.plan.name, "day": day},
        "currency": row.currency,
        "lines": lines,
        "subtotal_minor": None,
        "taxes": receipts.taxes(standing.levy.on(*net), 0),
        "total_minor": sum(net) + standing.levy.added(*net),
        "total_label": _("A year, from then on") if rate.interval == "year" else _("A month, from then on"),
        "notes": [*agreement_words.put_off(term), *_cancelled(standing, _ends_then(standing, rate.interval))],
        "next_text": _("Instead of %(before)s. Nothing is charged today, and you can take it back until then.") % before,
    }
