"""Promotions and discounts in words: what is taken off, for how long, and for whom."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.queries import catalog
from billing.rules import promotions
from billing.rules.catalog_diff import Change, Kind
from billing.rules.promotions import Duration, Promotion
from config import words


def taken_off(*, percent_bps: int | None, amount_minor: int | None, currency: str) -> str:
    """ "20% off", "$50 off"."""
    amount = words.percent(percent_bps) if percent_bps is not None else words.money(amount_minor or 0, currency, whole=True)
    return _("%(amount)s off") % {"amount": amount}


def how_long(duration: str, months: int | None) -> str:
    """ "for 3 months", "on one invoice", "for good"."""
    if duration == Duration.REPEATING and months:
        return ngettext("for %(count)s month", "for %(count)s months", months) % {"count": words.number(months)}
    return _("for good") if duration == Duration.FOREVER else _("on one invoice")


def until(ends_at: datetime | None, duration: str) -> str:
    """When a discount is over: "until 3 March", "on the next invoice only", "without end"."""
    if ends_at is not None:
        return _("until %(day)s") % {"day": words.day(ends_at - timedelta(seconds=1))}
    return _("on the next invoice only") if duration == Duration.ONCE else _("without end")


def short(promotion: Promotion, currency: str) -> str:
    """ "20% off for 3 months"."""
    off = taken_off(percent_bps=promotion.percent_bps, amount_minor=promotion.amount_off(currency), currency=currency)
    return _("%(off)s %(how_long)s") % {"off": off, "how_long": how_long(promotion.duration, promotion.months)}


def terms(promotion: Promotion) -> str:
    """Everything it promises, in one line, for staff."""
    parts = [*_amounts(promotion), how_long(promotion.duration, promotion.months)]
    if promotion.plans:
        parts.append(_("for %(plans)s") % {"plans": ", ".join(promotion.plans)})
    if promotion.intervals:
        parts.append({"month": _("paid monthly only"), "year": _("paid yearly only")}[promotion.intervals[0]])
    starts, expires = promotions.instant(promotion.starts_at), promotions.instant(promotion.expires_at)
    if starts:
        parts.append(_("from %(day)s") % {"day": words.day(starts)})
    if expires:
        parts.append(_("until %(day)s") % {"day": words.day(expires - timedelta(seconds=1))})
    if promotion.most_uses:
        parts.append(_("%(count)s times at most") % {"count": words.number(promotion.most_uses)})
    if promotion.first_purchase_only:
        parts.append(_("first purchase only"))
    return ", ".join(parts)


def _amounts(promotion: Promotion) -> list[str]:
    if promotion.percent_bps is not None:
        return [taken_off(percent_bps=promotion.percent_bps, amount_minor=None, currency="")]
    amounts = " / ".join(words.money(minor, currency, whole=True) for currency, minor in promotion.amounts)
    return [_("%(amount)s off") % {"amount": amounts}]


def sentence(change: Change) -> str:
    """A catalog's change to a promotion, as one line."""
    template = {
        Kind.PROMOTION_ADDED: _("Promotion %(code)s: new, %(after)s"),
        Kind.PROMOTION_CHANGED: _(
            "Promotion %(code)s: %(before)s becomes %(after)s, counted anew; customers who have it keep what they have"
        ),
        Kind.PROMOTION_WITHDRAWN: _("Promotion %(code)s: no longer taken; customers who have it keep it"),
        Kind.PROMOTION_REPAIRED: _("Promotion %(code)s: was missing at Stripe and is made again"),
    }[change.kind]
    return template % {"code": change.name, "before": _said(change.before), "after": _said(change.after)}


def _said(plain: Mapping[str, Any] | None) -> str:
    return terms(Promotion.of_document(plain)) if plain else ""


def taken(said: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of an invoice's discounts that took something off it: nobody is shown a reduction of zero."""
    return [one for one in said if one["amount_minor"]]


def worked_in(said: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that its prorations have worked in already, so that they take nothing off besides (Stripe says them as 0)."""
    return [one for one in said if not one["amount_minor"] and one["name"]]


def after(said: Iterable[Mapping[str, Any]]) -> str:
    """ "These prices are after Welcome (WELCOME20)."; empty where there is none."""
    found = ", ".join(name(one["name"], one["code"]) for one in said)
    return _("These prices are after this reduction: %(name)s.") % {"name": found} if found else ""


def name(names: Mapping[str, str], code: str) -> str:
    """ "Welcome (WELCOME20)"; of what has no code, as a pilot's fee taken off, the name alone."""
    said = catalog.text(names)
    return _("%(name)s (%(code)s)") % {"name": said, "code": code} if said and code else said or code
