"""What pilots cost, as the receipt component reads it: the plan's first charge, to the cent."""

from typing import Any

from django.utils.translation import gettext as _

from billing.queries import catalog, promotion_words
from billing.queries.overview import Standing
from billing.rules import intervals
from billing.rules.tax import Exempt
from billing.services.trying.pilot_conversions import Offer
from config import words
from storefront import receipts, reductions, tier_words

Receipt = dict[str, Any]


def of_conversion(offer: Offer, standing: Standing) -> Receipt:
    """The plan from today: its first period, less the fee where it is credited."""
    charge = offer.charge
    per = _("every year") if offer.interval == "year" else _("every month")
    note = _("%(unit)s a seat, %(per)s") % {"unit": words.money(offer.unit_minor, charge.currency, whole=True), "per": per}
    tiers = _tiers(offer, standing)
    line = {"label": words.seats(offer.quantity), "note": "" if tiers else note, "tiers": tiers}
    lines: list[dict[str, Any]] = [{**line, "amount_minor": charge.subtotal_minor}]
    if offer.fee_minor:
        lines.append({"label": _fee_name(standing), "note": _("The fee, taken off"), "amount_minor": -offer.fee_minor})
    if charge.discount_minor > offer.fee_minor:
        label = reductions.label(standing.discounts)
        lines.append({"label": label, "note": "", "amount_minor": offer.fee_minor - charge.discount_minor})
    taxed = receipts.taxes(charge.taxes, charge.tax_minor)
    if charge.balance_applied_minor < 0:
        taxed.append({"label": _("Still owed from before"), "amount_minor": -charge.balance_applied_minor})
    return {
        "title": _("%(plan)s, from today") % {"plan": standing.row.plan.name},
        "on": charge.at,
        "currency": charge.currency,
        "lines": lines,
        "subtotal_minor": None,
        "taxes": taxed,
        "balance_minor": -charge.balance_applied_minor if charge.balance_applied_minor > 0 else 0,
        "total_minor": charge.due_minor,
        "total_label": _("Due now"),
        "next_text": _then(offer, standing),
        "notes": [_("The rest of the fee is not paid back.")] if 0 < offer.fee_minor < _fee_of(standing) else [],
    }


def _then(offer: Offer, standing: Standing) -> str:
    """What each period after this one costs: with tax, unless Stripe Tax works it out when it charges."""
    charge, levy = offer.charge, standing.levy
    if levy.is_automatic and levy.exempt == Exempt.NONE:
        yearly, monthly = (
            _("Then %(amount)s every year before tax, next on %(day)s."),
            _("Then %(amount)s every month before tax, next on %(day)s."),
        )
    else:
        yearly, monthly = (
            _("Then %(amount)s every year, next on %(day)s."),
            _("Then %(amount)s every month, next on %(day)s."),
        )
    amount = words.money(charge.subtotal_minor + levy.added(charge.subtotal_minor), charge.currency)
    day = words.day(intervals.end(charge.at, offer.interval))
    return (yearly if offer.interval == "year" else monthly) % {"amount": amount, "day": day}


def _tiers(offer: Offer, standing: Standing) -> list[str]:
    row = standing.row
    plan = catalog.on_sale().plan(f"{row.line.code}/{row.plan.code}")
    price = plan.price(offer.interval, offer.charge.currency) if plan else None
    return tier_words.rows(price.tiers, price.scheme, offer.quantity, price.currency) if price else []


def _fee_name(standing: Standing) -> str:
    """As the invoice names it."""
    return promotion_words.name(standing.begun_as.name, "") if standing.begun_as else ""


def _fee_of(standing: Standing) -> int:
    return standing.begun_as.fee_minor if standing.begun_as else 0
