"""A change's price as the receipt component reads it: every line of Stripe's invoice to come, in our own words."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.queries import collecting_words
from billing.queries import tax as tax_queries
from billing.queries.overview import Standing
from billing.queries.seats import Later
from billing.rules import pricing, rounding
from billing.rules.preview import Line, Preview
from billing.rules.tax import TaxLine
from billing.services.changes.promotions import Offer
from config import words
from storefront import addon_words, invoice_words, reductions, tier_words, window_words

Receipt = dict[str, Any]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def of_preview(shown: Preview, standing: Standing, *, stale: bool = False) -> Receipt:
    """More seats, or an add-on, now: prorations, tax, credit, what is due, and what comes at the renewal."""
    extra = taxes(shown.taxes, shown.tax_minor)
    if shown.discount_minor:
        extra.insert(0, {"label": reductions.label(shown.discounts), "amount_minor": -shown.discount_minor})
    if shown.carried_minor:
        extra.append({"label": _("Carried to your next invoice"), "amount_minor": -shown.carried_minor})
    if shown.balance_applied_minor < 0:
        extra.append({"label": _("Kept as your credit"), "amount_minor": -shown.balance_applied_minor})
    return {
        "title": _title(shown, standing),
        "on": shown.proration_at if shown.charged_at is None else None,
        "currency": shown.currency,
        "lines": _lines(shown, standing),
        "subtotal_minor": shown.subtotal_minor if extra else None,
        "taxes": extra,
        "balance_minor": -shown.balance_applied_minor if shown.balance_applied_minor > 0 else 0,
        "total_minor": shown.due_now_minor,
        **_total_label(shown, standing),
        "notes": [*_notes(shown), *window_words.notes(shown), *invoice_words.notes(shown)],
        "next_text": _renewal(shown),
        "stale": stale,
    }


def _total_label(shown: Preview, standing: Standing) -> dict[str, str]:
    """What stands beside the sum, where it is not due now."""
    if shown.charged_at and shown.lines:
        return {"total_label": window_words.about_total(shown, standing)}
    return {"total_label": invoice_words.about_total(shown)} if invoice_words.is_invoiced(shown) else {}


def _title(shown: Preview, standing: Standing) -> str:
    if shown.addon:
        return _("%(addon)s, from today") % {"addon": addon_words.of_code(standing, shown.addon)}
    gained = shown.quantity_after - shown.quantity_before
    if gained < 0:
        return window_words.title(shown)
    if gained == 0:
        return _("What could not be charged")
    title = ngettext("%(count)s more seat, from today", "%(count)s more seats, from today", gained)
    return title % {"count": words.number(gained)}


def _notes(shown: Preview) -> list[str]:
    """What is worked into the lines, and why less is due than they say."""
    left = -shown.balance_before_minor - shown.balance_applied_minor
    worked_in = [] if shown.discount_minor else reductions.worked_in(shown.discounts, shown.currency)
    used = reductions.credit_first(
        used_minor=shown.balance_applied_minor, due_minor=shown.due_now_minor, left_minor=left, currency=shown.currency
    )
    carried = invoice_words.carried(shown.carried_minor, shown.currency)
    return [*worked_in, *used, *([carried] if carried else [])]


def of_promotion(offered: Offer, standing: Standing) -> Receipt:
    """The next charge with a promotion code: today nothing, then less, and from when on it is the full price again."""
    entered = offered.entered
    lines = [
        *period_lines(standing, standing.coming),
        {"label": entered.name, "note": entered.short, "amount_minor": -offered.off_minor},
    ]
    extra = taxes(offered.taxes, offered.tax_minor)
    left = -standing.balance_minor - offered.balance_applied_minor
    full = offered.total_minor + standing.levy.added(*standing.parts(standing.coming))
    values = {"full": words.money(full, offered.currency)}
    if entered.ends_at is not None:
        then = _("From %(day)s it is %(full)s again.") % (values | {"day": words.day(entered.ends_at)})
    elif entered.lasts_beyond(offered.renewal_at):
        then = ""
    else:
        then = _("The charge after that is %(full)s again.") % values
    return {
        "title": _("Your charge %(when)s") % {"when": words.on_day(offered.renewal_at)},
        "currency": offered.currency,
        "lines": lines,
        "subtotal_minor": None,
        "taxes": extra,
        "balance_minor": -offered.balance_applied_minor if offered.balance_applied_minor > 0 else 0,
        "total_minor": offered.due_minor,
        "total_label": collecting_words.then_label(standing.how),
        "notes": reductions.credit_first(
            used_minor=offered.balance_applied_minor, due_minor=offered.due_minor, left_minor=left, currency=offered.currency
        ),
        "next_text": then,
    }


def of_later(later: Later, standing: Standing) -> Receipt:
    """Seats from the next period on: what that period costs, and what it would have cost."""
    day = words.day(later.at)
    before = standing.charged_minor(later.before, later.at) if later.before else 0
    values = {"before": words.money(before, later.currency), "seats": words.seats(later.before)}
    lines = period_lines(standing, later.seats)
    off, held = standing.discount_minor(later.seats, later.at), standing.renewal_discounts
    if off:
        note = reductions.note(held, later.currency)
        lines.append({"label": reductions.label(held), "note": note, "amount_minor": -off})
    return {
        "taxes": taxes(standing.levy.on(*standing.net_parts(later.seats, later.at)), 0),
        "title": _("%(seats)s from %(day)s") % {"seats": words.seats(later.seats), "day": day},
        "currency": later.currency,
        "lines": lines,
        "subtotal_minor": None,
        "total_minor": standing.charged_minor(later.seats, later.at),
        "total_label": _("A year, from then on") if standing.coming_rate.interval == "year" else _("A month, from then on"),
        "next_text": _("Instead of %(before)s for %(seats)s. Nothing is charged today, and you can take it back until then.")
        % values,
    }


def period_lines(standing: Standing, seats: int) -> list[dict[str, Any]]:
    """What a period from the next one on costs: the plan's seats, and each add-on there is then."""
    rate, currency = standing.coming_rate, standing.row.currency
    items = standing.coming_addons
    return [
        plan_line(rate, seats, currency),
        *(addon_words.line(item, seats, rate.interval, currency) for item in items),
    ]


def plan_line(rate: pricing.Rate, seats: int, currency: str) -> dict[str, Any]:
    """A plan's seats for a whole period: what one of them costs, or each tier where that differs."""
    tiers = tier_words.rows(rate.tiers, rate.scheme, seats, currency)
    note = "" if tiers else unit_words(rate, seats, currency)
    return {"label": words.seats(seats), "note": note, "tiers": tiers, "amount_minor": rate.total(seats)}


def taxes(lines: Sequence[TaxLine], tax_minor: int) -> list[dict[str, Any]]:
    """Each tax with its name and rate, as the receipt and the mails take them; a sum alone where nobody told them apart."""
    if not lines:
        return [{"label": _("Tax"), "amount_minor": tax_minor}] if tax_minor else []
    return [{"label": tax_queries.label(line), "amount_minor": line.amount_minor} for line in lines]


def unit_words(rate: pricing.Rate, seats: int, currency: str) -> str:
    """ "$16 a seat and month"; where seats differ in price, their average."""
    unit = words.money(rate.unit(seats), currency, whole=True)
    if rate.scheme == pricing.Scheme.GRADUATED:
        return _("%(unit)s a seat on average") % {"unit": unit}
    if rate.interval == "year":
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


def _lines(shown: Preview, standing: Standing) -> list[dict[str, Any]]:
    """The plan's lines, then one for each add-on: what Stripe takes back of its old number, and charges for the new one."""
    found = _plan_lines(shown, standing)
    for code in dict.fromkeys(line.addon for line in shown.lines if line.addon):
        mine = [line for line in shown.lines if line.addon == code]
        now = max(mine, key=lambda line: line.amount_minor)
        values = {"addon": addon_words.of_code(standing, code), "span": span(now.starts_at, now.ends_at)}
        paid = -sum(line.amount_minor for line in mine if line.amount_minor < 0)
        note = ""
        if paid:
            parts = {"price": words.money(now.amount_minor, shown.currency), "paid": words.money(paid, shown.currency)}
            note = _("%(price)s, less %(paid)s that you have paid for") % parts
        label = _("%(addon)s for the %(span)s left") % values
        found.append({"label": label, "note": note, "amount_minor": sum(line.amount_minor for line in mine)})
    return found


def _plan_lines(shown: Preview, standing: Standing) -> list[dict[str, Any]]:
    """Stripe takes back the rest of the old number's price and charges the new number's: said as what one gets for it.

    The lines add up to Stripe's to the cent. Where Stripe's are others than that pair, they are shown one by one.
    """
    pair = _pair(shown)
    if pair is None:
        return [_line(line, standing) for line in shown.lines if not line.addon]
    if standing.row.price.scheme == pricing.Scheme.GRADUATED:
        return [_graduated(shown, standing, pair)]
    credit, debit = pair
    gained, net = shown.quantity_after - shown.seats_billed, credit.amount_minor + debit.amount_minor
    said = {
        "gained": words.seats(gained),
        "span": span(debit.starts_at, debit.ends_at),
        "before": words.seats(shown.seats_billed),
        "all": words.seats(debit.quantity),
        "price": words.money(debit.amount_minor, shown.currency),
        "paid": words.money(-credit.amount_minor, shown.currency),
        "unit": unit_words(standing.rate, shown.quantity_after, shown.currency),
        "old_unit": words.money(standing.rate.unit(shown.seats_billed), shown.currency, whole=True),
    }
    label = _("%(gained)s for the %(span)s left") % said
    if standing.rate.unit(shown.seats_billed) == standing.rate.unit(shown.quantity_after):
        note = _("%(unit)s: %(price)s for %(all)s, less %(paid)s that you have paid for %(before)s") % said
        return [{"label": label, "note": note, "amount_minor": net}]
    added = rounding.divide(debit.amount_minor * gained, debit.quantity)
    note = _("%(unit)s instead of %(old_unit)s, for the same days") % said
    return [
        {"label": label, "note": said["unit"], "amount_minor": added},
        {"label": _("The new price for your %(before)s too") % said, "note": note, "amount_minor": net - added},
    ]


def _graduated(shown: Preview, standing: Standing, pair: tuple[Line, Line]) -> dict[str, Any]:
    """Each new seat costs what its own tier says, and those there were stay as they are: the tiers of the new ones."""
    credit, debit = pair
    before, after = shown.seats_billed, shown.quantity_after
    said = {"gained": words.seats(after - before), "span": span(debit.starts_at, debit.ends_at)}
    yearly = standing.row.price.interval == "year"
    return {
        "label": _("%(gained)s for the %(span)s left") % said,
        "note": _("Of their price for a whole year:") if yearly else _("Of their price for a whole month:"),
        "tiers": tier_words.rows(standing.rate.tiers, standing.rate.scheme, after, shown.currency, above=before),
        "amount_minor": credit.amount_minor + debit.amount_minor,
    }


def _pair(shown: Preview) -> tuple[Line, Line] | None:
    """The credit for the old number and the charge for the new one, over the same time; None for anything else."""
    lines = [line for line in shown.lines if not line.addon]
    if len(lines) != 2:
        return None
    credit, debit = sorted(lines, key=lambda line: line.amount_minor)
    is_same_time = (credit.starts_at, credit.ends_at) == (debit.starts_at, debit.ends_at)
    numbers = (credit.quantity, debit.quantity)
    is_pair = credit.amount_minor <= 0 <= debit.amount_minor and numbers == (shown.seats_billed, shown.quantity_after)
    return (credit, debit) if is_pair and is_same_time else None


def _line(line: Line, standing: Standing) -> dict[str, Any]:
    """One of Stripe's lines by itself."""
    values = {"seats": words.seats(line.quantity), "span": span(line.starts_at, line.ends_at)}
    if line.amount_minor < 0:
        label = _("%(seats)s: %(span)s that you have paid for and give back") % values
        return {"label": label, "note": "", "amount_minor": line.amount_minor}
    label = _("%(seats)s for the %(span)s left") % values
    note = unit_words(standing.rate, line.quantity, standing.row.currency) if line.quantity else ""
    return {"label": label, "note": note, "amount_minor": line.amount_minor}


def _renewal(shown: Preview) -> str:
    values = {
        "amount": words.money(shown.renewal_minor + shown.renewal_tax_minor, shown.currency),
        "seats": words.seats(shown.quantity_at_renewal),
        "when": words.on_day_away(shown.renewal_at),
    }
    if shown.quantity_at_renewal < 1:
        said = _("Your subscription ends %(when)s; nothing is charged then.") % values
    elif shown.renewal_discount_minor:
        values["full"] = words.money(shown.renewal_full_minor, shown.currency)
        said = _("Then %(amount)s for %(seats)s, %(when)s; without the discount %(full)s.") % values
    else:
        said = _("Then %(amount)s for %(seats)s, %(when)s.") % values
    return f"{said} {_between(shown)}" if shown.between_at else said


def _between(shown: Preview) -> str:
    """What is charged by the month beside a plan by the year."""
    assert shown.between_at is not None
    amount = words.money(shown.between_minor + shown.between_tax_minor, shown.currency)
    values = {"amount": amount, "when": words.on_day_away(shown.between_at)}
    return _("Before that %(amount)s for what is paid by the month, %(when)s, and each month.") % values
