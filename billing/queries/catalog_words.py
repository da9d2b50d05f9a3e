"""A catalog's changes in words, for the command line and the admin."""

from collections.abc import Mapping, Sequence
from typing import Any

from babel import lists
from django.utils import translation
from django.utils.translation import gettext as _

from billing.queries import pilot_words, promotion_words
from billing.rules.catalog import AddonKind
from billing.rules.catalog_diff import Change, Kind
from billing.rules.pricing import Scheme
from config import words


def sentence(change: Change) -> str:
    """One change as one line in the active language."""
    if change.kind in (Kind.PRICE_ADDED, Kind.PRICE_CHANGED, Kind.PRICE_RETIRED, Kind.STRIPE_REPAIRED):
        return _price_sentence(change)
    if change.kind.startswith("promotion_"):
        return promotion_words.sentence(change)
    if change.kind.startswith("pilot_"):
        return pilot_words.sentence(change)
    template = {
        Kind.LINE_ADDED: _("%(subject)s: new product line"),
        Kind.LINE_WITHDRAWN: _("%(subject)s: no longer sold; customers on its plans keep them"),
        Kind.PLAN_ADDED: _("%(subject)s: new plan %(name)s"),
        Kind.PLAN_WITHDRAWN: _("%(subject)s: plan %(name)s is no longer sold; customers on it keep it"),
        Kind.ADDON_ADDED: _("%(subject)s: new add-on, %(after)s"),
        Kind.ADDON_WITHDRAWN: _("%(subject)s: the add-on is no longer sold; customers who have it keep it"),
        Kind.FEATURE_ADDED: _("%(subject)s: now includes %(name)s, %(after)s"),
        Kind.FEATURE_REMOVED: _("%(subject)s: no longer includes %(name)s"),
        Kind.FEATURE_CHANGED: _("%(subject)s: %(name)s goes from %(before)s to %(after)s"),
        Kind.MOVE_ADDED: _("%(subject)s: customers may now move to %(name)s by themselves"),
        Kind.MOVE_REMOVED: _("%(subject)s: customers can no longer move to %(name)s by themselves"),
        Kind.FIELD_CHANGED: _("%(subject)s: %(name)s goes from %(before)s to %(after)s"),
    }[change.kind]
    counted = change.kind in (Kind.FEATURE_ADDED, Kind.FEATURE_CHANGED)
    return template % {
        "subject": change.subject or _("catalog"),
        "name": change.name,
        "before": _value(change.before, counted=counted),
        "after": _value(change.after, counted=counted),
    }


def listed(names: Sequence[str]) -> str:
    """ "Team, Inspect and Reports"."""
    return str(lists.format_list(list(names), locale=translation.get_language() or "en"))


def price(data: Mapping[str, Any], *, with_scheme: bool = False) -> str:
    """A price's tiers: "$18 up to 9 seats, $16 up to 24, then $14"; "(graduated)" after it with the scheme."""
    parts: list[str] = []
    for tier in data["tiers"]:
        amount = words.money(tier["unit_minor"], data["currency"], whole=True)
        if tier["up_to"] is None:
            parts.append(_("then %(amount)s") % {"amount": amount} if parts else amount)
        else:
            parts.append(_("%(amount)s up to %(seats)s") % {"amount": amount, "seats": words.seats(tier["up_to"])})
    scheme = data["scheme"] if with_scheme else ""
    if scheme == Scheme.GRADUATED:
        return _("%(tiers)s (graduated)") % {"tiers": ", ".join(parts)}
    if scheme == Scheme.VOLUME:
        return _("%(tiers)s (volume)") % {"tiers": ", ".join(parts)}
    return ", ".join(parts)


def _is_scheme_told(change: Change) -> bool:
    """Where tiers are graduated, and wherever that has changed: the same amounts then make another price."""
    schemes = {data["scheme"] for data in (change.before, change.after) if data}
    return Scheme.GRADUATED in schemes or len(schemes) > 1


def _price_sentence(change: Change) -> str:
    data = change.after or change.before
    interval = {"month": _("a seat and month"), "year": _("a seat and year")}[data["interval"]]
    if data.get("kind") == AddonKind.FIXED:
        interval = {"month": _("a month"), "year": _("a year")}[data["interval"]]
    is_named = _is_scheme_told(change)
    template = {
        Kind.PRICE_ADDED: _("%(subject)s: %(after)s %(interval)s in %(currency)s"),
        Kind.PRICE_CHANGED: _("%(subject)s: %(before)s becomes %(after)s %(interval)s in %(currency)s, for new customers"),
        Kind.PRICE_RETIRED: _(
            "%(subject)s: %(before)s %(interval)s in %(currency)s is no longer sold; customers on it keep it"
        ),
        Kind.STRIPE_REPAIRED: _("%(subject)s: %(after)s %(interval)s in %(currency)s was missing at Stripe and is made again"),
    }[change.kind]
    return template % {
        "subject": change.subject,
        "before": price(change.before, with_scheme=is_named) if change.before else "",
        "after": price(change.after, with_scheme=is_named) if change.after else "",
        "interval": interval,
        "currency": data["currency"].upper(),
    }


def _value(value: Any, *, counted: bool) -> str:
    if counted and value is None:
        return _("without limit")
    if value is None:
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return " / ".join(f"{language}: “{text}”" for language, text in value.items())
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return words.number(value) if isinstance(value, int) else str(value)
