"""A plan that ends as an event of what happens next: once it was told, with the way to choose."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.queries.overview import Standing


def events(standing: Standing) -> list[dict[str, Any]]:
    """The event of the timeline component; none before anybody was told, unless they have chosen already."""
    ending = standing.sunset
    if ending is None or not (ending.told or ending.chosen):
        return []
    plan = {"plan": standing.row.plan.name}
    event = {
        "on": ending.renews_at,
        "title": _("%(plan)s is being discontinued") % plan,
        "action_url": f"{reverse('storefront:sunset')}?{urlencode({'line': standing.row.line.code})}",
    }
    if ending.chosen:
        said = _("You have %(plan)s from then on, as you have chosen.") % {"plan": ending.chosen}
        return [event | {"detail": said, "kind": "next", "action_label": _("Choose another one")}]
    said = (
        _("Without a choice of yours it ends then.") if ending.is_end else _("Without a choice of yours you keep it for now.")
    )
    return [event | {"detail": said, "kind": "warn", "action_label": _("Choose what follows")}]
