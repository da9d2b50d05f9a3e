"""Changes that wait, in words; and those that wait for the end of a committed term, as events of what happens next."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.queries.overview import Standing
from billing.queries.standing_facts import Scheduled
from config import words
from storefront import addon_words


def of(change: Scheduled) -> str:
    """ "3 seats more", "Without Priority support", "Starter, paid monthly"."""
    if change.plan is not None:
        name = {"plan": change.plan["name"]}
        return (_("%(plan)s, paid yearly") if change.plan["interval"] == "year" else _("%(plan)s, paid monthly")) % name
    if not change.is_addon:
        return _fewer_or_more(change.delta)
    values = {"addon": addon_words.name(change.addon_name), "number": words.number(change.addon_after or 0)}
    return (_("%(number)s x %(addon)s") if change.addon_after else _("Without %(addon)s")) % values


def _fewer_or_more(delta: int) -> str:
    """ "3 seats more", "2 seats fewer"."""
    count = abs(delta)
    if delta > 0:
        return ngettext("%(count)s seat more", "%(count)s seats more", count) % {"count": words.number(count)}
    return ngettext("%(count)s seat fewer", "%(count)s seats fewer", count) % {"count": words.number(count)}


def booked(standing: Standing) -> list[dict[str, Any]]:
    """What a committed term puts off, as events of what happens next: fewer seats, a smaller plan, the end."""
    return [*_put_off(standing), *_end(standing)]


def _end(standing: Standing) -> list[dict[str, Any]]:
    if standing.booked is None:
        return []
    return [
        {
            "on": standing.booked.effective_at,
            "title": _("The subscription ends"),
            "detail": _("You cancelled for the end of what was agreed. Until then it goes on and renews."),
            "kind": "warn",
            "rank": 3,
            "undo_url": reverse("storefront:scheduled_change", args=[standing.booked.public_id]),
            "undo_label": _("Keep the subscription"),
            "undo_name": "action",
            "undo_value": "take_back",
        }
    ]


def _put_off(standing: Standing) -> list[dict[str, Any]]:
    """Fewer seats, a smaller plan, that a committed term puts off."""
    return [
        {
            "on": change.effective_at,
            "title": of(change),
            "detail": _("Set by %(who)s %(day)s. It waits for the end of what was agreed.")
            % {"who": change.by or _("the store"), "day": words.on_day(change.created_at)},
            "undo_url": reverse("storefront:scheduled_change", args=[change.public_id]),
            "undo_label": _("Undo this change"),
            "undo_name": "action",
            "undo_value": "take_back",
        }
        for change in standing.put_off
        if not change.is_end
    ]
