"""What giving some of an add-on back means, as the receipt component reads it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing.models import ScheduledKind
from billing.queries.overview import Standing
from billing.queries.standing_facts import Scheduled
from billing.rules.addons import Item
from config import words
from storefront import addon_words, receipts, reductions


def of_fewer(standing: Standing, item: Item, number: int, at: datetime) -> receipts.Receipt:
    """With `number` of it (0: none) from the end of what is paid for on: what a period costs then, and cost before."""
    effective_at = item.period_ends_at or standing.row.period_ends_at
    then = _then(standing, item, number, effective_at, at)
    values = {"addon": addon_words.name(item.name), "number": words.number(number), "day": words.day(effective_at)}
    title = _("%(number)s x %(addon)s from %(day)s") if number else _("Without %(addon)s from %(day)s")
    made = _between(standing, then) if item.period_ends_at else _renewal(standing, then, effective_at)
    before = {"before": words.money(made.pop("before_minor"), standing.row.currency)}
    return {
        "title": title % values,
        "currency": standing.row.currency,
        "subtotal_minor": None,
        "next_text": _("Instead of %(before)s. Nothing is charged today, and you can take it back until then.") % before,
        **made,
    }


def _then(standing: Standing, item: Item, number: int, effective_at: datetime, at: datetime) -> Standing:
    """The subscription as it would be with that change beside what waits already."""
    wanted = Scheduled(
        public_id="",
        kind=ScheduledKind.ADDON,
        delta=0,
        effective_at=effective_at,
        reason_code="",
        created_at=at,
        by="",
        addon=item.code,
        addon_name=item.name,
        addon_after=number,
    )
    others = (one for one in standing.scheduled if one.addon != item.code)
    return replace(standing, scheduled=(*others, wanted))


def _renewal(standing: Standing, then: Standing, at: datetime) -> dict[str, Any]:
    """With the plan's next period."""
    seats, currency = then.coming, then.row.currency
    lines = receipts.period_lines(then, seats)
    if off := then.discount_minor(seats, at):
        note = reductions.note(then.renewal_discounts, currency)
        lines.append({"label": reductions.label(then.renewal_discounts), "note": note, "amount_minor": -off})
    return {
        "lines": lines,
        "taxes": receipts.taxes(then.levy.on(*then.net_parts(seats, at)), 0),
        "total_minor": then.charged_minor(seats, at),
        "total_label": _("A year, from then on") if then.coming_rate.interval == "year" else _("A month, from then on"),
        "before_minor": standing.charged_minor(seats, at),
    }


def _between(standing: Standing, then: Standing) -> dict[str, Any]:
    """Beside a plan by the year: what is charged each month."""
    was, now = standing.between, then.between
    items = now.items if now else ()
    return {
        "lines": [addon_words.line(one, then.quantity, "month", then.row.currency) for one in items],
        "taxes": receipts.taxes(now.taxes, 0) if now else [],
        "total_minor": now.charged_minor if now else 0,
        "total_label": _("A month, from then on"),
        "before_minor": was.charged_minor if was else 0,
    }
