"""Pilots in words: what is had, for how long and for what fee; and what changes about them from one catalog to the next."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.rules.catalog_diff import Change, Kind
from config import words


def how_long(days: int) -> str:
    """ "30 days"."""
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": words.number(days)}


def how_many(seats: int) -> str:
    """ "up to 20 people"."""
    return ngettext("%(count)s person", "up to %(count)s people", seats) % {"count": words.number(seats)}


def terms(*, seats: int, days: int) -> str:
    """ "30 days, up to 20 people, one fee"."""
    return _("%(days)s, %(people)s, one fee") % {"days": how_long(days), "people": how_many(seats)}


def sentence(change: Change) -> str:
    """One change of the catalog as one line, for the command line and the admin."""
    plain = change.after or change.before
    template = {
        Kind.PILOT_ADDED: _("%(subject)s: new pilot, %(terms)s (%(fees)s), then %(plan)s by a click"),
        Kind.PILOT_FEE_CHANGED: _("%(subject)s: the fee is %(after)s now, was %(before)s; whoever has paid keeps the pilot"),
        Kind.PILOT_WITHDRAWN: _("%(subject)s: the pilot is no longer offered; whoever has it keeps it to its end"),
        Kind.PILOT_REPAIRED: _("%(subject)s: the pilot's fee was missing at Stripe and is made again"),
    }[change.kind]
    is_whole = "fees" in plain
    return template % {
        "subject": change.subject,
        "terms": terms(seats=plain["seats"], days=plain["days"]) if is_whole else "",
        "fees": ", ".join(_fee(fee) for fee in plain["fees"]) if is_whole else "",
        "plan": plain.get("plan", ""),
        "before": "" if is_whole else _fee(change.before),
        "after": "" if is_whole else _fee(change.after),
    }


def _fee(plain: Mapping[str, Any] | None) -> str:
    return words.money(plain["amount_minor"], plain["currency"], whole=True) if plain else _("nothing")
