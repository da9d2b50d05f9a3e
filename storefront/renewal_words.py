"""The renewal in words: what it comes to, and what is another than now."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.queries import collecting_words
from billing.queries.overview import Standing
from config import words
from storefront import change_words, receipts, reductions, seat_problems


def url(standing: Standing) -> str:
    return f"{reverse('storefront:renewal')}?{urlencode({'line': standing.row.line.code})}"


def stale() -> seat_problems.Problem:
    return seat_problems.Problem(
        title=_("This has moved since you looked"),
        text=_("Nothing was changed. Here is what is recommended now."),
        tone="warn",
    )


def receipt(standing: Standing) -> receipts.Receipt | None:
    """What is charged at the renewal, line by line; None: nothing is."""
    charge = standing.next_charge
    if charge is None:
        return None
    lines = receipts.period_lines(standing, charge.seats)
    if charge.discount_minor:
        note = reductions.note(charge.discounts, charge.currency)
        lines.append({"label": reductions.label(charge.discounts), "note": note, "amount_minor": -charge.discount_minor})
    return {
        "title": _("The renewal on %(day)s") % {"day": words.day(charge.at)},
        "currency": charge.currency,
        "lines": lines,
        "subtotal_minor": None,
        "taxes": receipts.taxes(charge.taxes, 0),
        "balance_minor": charge.balance_minor,
        "total_minor": charge.due_minor,
        "total_label": collecting_words.charged_label(
            standing.how,
            words.on_day(charge.at),
            collecting_words.due(standing.how, charge.at, standing.row.days_until_due),
        ),
        "notes": [_("Tax is added then.")] if charge.is_before_tax else [],
        "next_text": collecting_words.later(standing.how, standing.last4),
    }


def changes(standing: Standing) -> list[str]:
    """What is another from the next period on than now."""
    row = standing.row
    found = [change_words.of(change) for change in standing.scheduled if not change.is_end]
    over = (
        held
        for held in standing.discounts
        if held.ends_at is not None and held.ends_at <= row.period_ends_at and not held.is_once
    )
    said = _("%(name)s ends before, and takes nothing off any more")
    return [*found, *(said % {"name": reductions.name(held)} for held in over)]
