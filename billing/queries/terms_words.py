"""Exceptions in words: what one gives, for buyers and for staff, and what its end changes."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import TermsKind
from billing.queries import catalog
from billing.queries.standing_facts import Agreed
from config import words


def gives(kind: str, said: Mapping[str, Any]) -> str:
    """ "10% off", "up to 400 seats to buy here", "45 days to pay an invoice"."""
    return _GIVES[TermsKind(kind)](said)


def line(one: Agreed) -> str:
    """ "10% off until 1 March 2027": the last day with it, as with every discount."""
    if one.state == "ended_early" and one.ended_at is not None:
        text, on = _("%(what)s, ended on %(day)s"), words.day(one.ended_at)
    else:
        text, on = _("%(what)s until %(day)s"), last_day(one.ends_on)
    return text % {"what": gives(one.kind, one.value), "day": on}


def until(kind: str, said: Mapping[str, Any], ends_on: date) -> str:
    """The same of one that holds."""
    return _("%(what)s until %(day)s") % {"what": gives(kind, said), "day": last_day(ends_on)}


def last_day(ends_on: date) -> str:
    """The last day with an exception; `ends_on` is the first without."""
    return words.day(ends_on - timedelta(days=1))


def after(kind: str) -> str:
    """What is true from the day of its end on, for the buyer."""
    return str(_AFTER[TermsKind(kind)]())


def days(starts_on: date, ends_on: date) -> str:
    return _("from %(first)s until %(last)s") % {"first": words.day(starts_on), "last": last_day(ends_on)}


def _discount(said: Mapping[str, Any]) -> str:
    return _("%(amount)s off") % {"amount": words.percent(said["percent_bps"])}


def _price_hold(said: Mapping[str, Any]) -> str:
    return _("The price you have")


def _term(said: Mapping[str, Any]) -> str:
    """ "A committed term", with what is had until then: "at least 40 seats of Business"."""
    values = {"seats": words.seats(said["seats"]) if said.get("seats") else "", "plan": said.get("plan_name", "")}
    if values["seats"] and values["plan"]:
        return _("A committed term with at least %(seats)s of %(plan)s") % values
    if values["seats"]:
        return _("A committed term with at least %(seats)s") % values
    return _("A committed term with at least %(plan)s") % values if values["plan"] else _("A committed term")


def _payment_terms(said: Mapping[str, Any]) -> str:
    count = said["net_days"]
    text = ngettext("%(count)s day to pay an invoice", "%(count)s days to pay an invoice", count)
    return text % {"count": words.number(count)}


def _credit_limit(said: Mapping[str, Any]) -> str:
    return _("Up to %(amount)s on open invoices") % {"amount": words.money(said["amount_minor"], said["currency"], whole=True)}


def _seat_ceiling(said: Mapping[str, Any]) -> str:
    return _("Up to %(seats)s to buy here") % {"seats": words.seats(said["seats"])}


def _feature(said: Mapping[str, Any]) -> str:
    granted = said.get("granted") or {}
    name = catalog.text(granted["name"]) if granted.get("name") else said["feature"]
    if said["limit"] is None:
        return str(name)
    unit = catalog.text(granted["unit"]) if granted.get("unit") else ""
    return f"{name}: {words.number(said['limit'])} {unit}".strip()


_GIVES = {
    TermsKind.DISCOUNT: _discount,
    TermsKind.PRICE_HOLD: _price_hold,
    TermsKind.TERM: _term,
    TermsKind.PAYMENT_TERMS: _payment_terms,
    TermsKind.CREDIT_LIMIT: _credit_limit,
    TermsKind.SEAT_CEILING: _seat_ceiling,
    TermsKind.FEATURE: _feature,
}
_AFTER = {
    TermsKind.DISCOUNT: lambda: _("Charges from then on are without it, at the price list's rate."),
    TermsKind.PRICE_HOLD: lambda: _(
        "You keep your price until you say yes to another one: if it is sold no more by then, we ask you before a renewal."
    ),
    TermsKind.TERM: lambda: _("From then on you may cancel at the end of any period."),
    TermsKind.PAYMENT_TERMS: lambda: _("Invoices from then on are paid as everybody pays them."),
    TermsKind.CREDIT_LIMIT: lambda: _("From then on the usual limit counts. Invoices that are open stay as they are."),
    TermsKind.SEAT_CEILING: lambda: _("Seats you have stay yours. To buy more than the plan sells, talk to a person."),
    TermsKind.FEATURE: lambda: _("From then on you have what your plan and its add-ons bring."),
}
