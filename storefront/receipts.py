"""A change's price as the receipt component reads it: every line of Stripe's invoice to come, in our own words."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.queries.overview import Standing
from billing.queries.seats import Later
from billing.rules.preview import Line, Preview
from config import words

Receipt = dict[str, Any]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def of_preview(shown: Preview, standing: Standing, *, stale: bool = False) -> Receipt:
    """More seats, now: prorations, tax, credit, what is due, and what comes at the renewal."""
    gained = shown.quantity_after - shown.quantity_before
    title = ngettext("%(count)s more seat, from today", "%(count)s more seats, from today", gained)
    extra = [{"label": _("Tax"), "amount_minor": shown.tax_minor}] if shown.tax_minor else []
    if shown.balance_applied_minor < 0:
        extra.append({"label": _("Kept as your credit"), "amount_minor": -shown.balance_applied_minor})
    return {
        "title": title % {"count": words.number(gained)},
        "on": shown.proration_at,
        "currency": shown.currency,
        "lines": [_line(line, standing) for line in shown.lines],
        "subtotal_minor": shown.subtotal_minor if extra else None,
        "taxes": extra,
        "balance_minor": -shown.balance_applied_minor if shown.balance_applied_minor > 0 else 0,
        "total_minor": shown.due_now_minor,
        "next_text": _renewal(shown),
        "stale": stale,
    }


def of_later(later: Later, standing: Standing) -> Receipt:
    """Seats from the next period on: what that period costs, and what it would have cost."""
    day = words.day(later.at)
    values = {"before": words.money(later.total_before_minor, later.currency), "seats": words.seats(later.before)}
    return {
        "title": _("%(seats)s from %(day)s") % {"seats": words.seats(later.seats), "day": day},
        "currency": later.currency,
        "lines": [
            {
                "label": words.seats(later.seats),
                "note": unit_words(standing, later.seats),
                "amount_minor": later.total_minor,
            }
        ],
        "subtotal_minor": None,
        "total_minor": later.total_minor,
        "total_label": _("A year, from then on") if standing.row.price.interval == "year" else _("A month, from then on"),
        "next_text": _("Instead of %(before)s for %(seats)s. Nothing is charged today, and you can take it back until then.")
        % values,
    }


def unit_words(standing: Standing, seats: int) -> str:
    """ "$16 a seat and month"."""
    unit = words.money(standing.unit_minor(seats), standing.row.currency, whole=True)
    if standing.row.price.interval == "year":
        return _("%(unit)s a seat and year") % {"unit": unit}
    return _("%(unit)s a seat and month") % {"unit": unit}


def span(starts_at: datetime, ends_at: datetime) -> str:
    """How long, in days, or in hours below a day: "19 days"."""
    length = ends_at - starts_at
    if length < DAY:
        hours = max(1, round(length / HOUR))
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": words.number(hours)}
    days = round(length / DAY)
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": words.number(days)}


def _line(line: Line, standing: Standing) -> dict[str, Any]:
    values = {"seats": words.seats(line.quantity), "span": span(line.starts_at, line.ends_at)}
    if line.amount_minor < 0:
        label = _("%(seats)s: %(span)s you have paid for and give back") % values
        return {"label": label, "note": _("Counted against the new price"), "amount_minor": line.amount_minor}
    label = _("%(seats)s for the %(span)s left") % values
    note = unit_words(standing, line.quantity) if line.quantity else ""
    return {"label": label, "note": note, "amount_minor": line.amount_minor}


def _renewal(shown: Preview) -> str:
    values = {
        "amount": words.money(shown.renewal_minor, shown.currency),
        "seats": words.seats(shown.quantity_at_renewal),
        "when": words.on_day_away(shown.renewal_at),
    }
    if shown.quantity_at_renewal < 1:
        return _("Your subscription ends %(when)s; nothing is charged then.") % values
    return _("Then %(amount)s for %(seats)s, %(when)s.") % values
