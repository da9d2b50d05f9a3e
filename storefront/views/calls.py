"""A hand-raise's page: what was asked, the call's clock while it runs, and what it ends in. The id is the key."""

import contextlib
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.middleware import StoreRequest, zone
from billing.queries import catalog
from billing.rules import catalog as catalog_rules
from config import clock, live
from offramps.models import Countdown, HandRaise
from offramps.queries import hand_raises as queries
from offramps.queries import progress as progress_queries
from offramps.rules import qualifying
from offramps.rules.progress import Progress
from offramps.services import offers
from storefront import call_words
from storefront.queries import pricing_choice


@require_safe
@never_cache
def raised(request: StoreRequest, public_id: str) -> HttpResponse:
    """GET /talk/<id>/: what was asked, and how it stands. It can be reloaded, kept and passed on."""
    found, seen = queries.raised(public_id), progress_queries.of(public_id)
    if found is None or seen is None:
        raise Http404
    fit = found.trigger.lead.fit if hasattr(found, "trigger") else ""
    if fit in qualifying.NOT_SERVED:
        return render(request, "storefront/talk/not_served.html", {"fit": fit, "raised": found})
    with timezone.override(zone(seen.zone)):
        context = {"raised": found, "fit": fit, "cart_url": _buyable_url(found), **_context(public_id, seen)}
        return render(request, "storefront/talk/raised.html", context)


@require_safe
@never_cache
def progress(request: StoreRequest, public_id: str) -> HttpResponse:
    """GET /talk/<id>/progress/: how it stands, for the page that asks every second or two; 304 while nothing has changed."""
    seen = _seen(public_id)
    with timezone.override(zone(seen.zone)):
        context = _context(public_id, seen)
        known = live.unchanged(request, context["tag"])
        return known or live.tagged(render(request, "storefront/talk/_progress.html", context), context["tag"])


@require_POST
@never_cache
def talking(request: StoreRequest, public_id: str) -> HttpResponse:
    """POST /talk/<id>/talking/: the customer says that the call is there. Nobody calls yet: nothing is noted."""
    seen = _seen(public_id)
    held = Countdown.objects.filter(public_id=seen.call).first() if seen.call else None
    if held is not None and call_words.told(seen, clock.now()).may_say_talking:
        with contextlib.suppress(offers.TakenByAnother):  # whoever had it lost it this instant: the page says how it stands
            offers.talking(held, rep=None, at=clock.now(), origin=access.origin(request))
    return HttpResponseRedirect(reverse("storefront:talk_raised", args=[public_id]))


def _seen(public_id: str) -> Progress:
    seen = progress_queries.of(public_id)
    if seen is None:
        raise Http404
    return seen


def _context(public_id: str, seen: Progress) -> dict[str, Any]:
    told = call_words.told(seen, clock.now())
    return {"public_id": public_id, "told": told, "seen": seen, "tag": live.tag(told, seen.slot, seen.slot_state)}


def _buyable_url(found: HandRaise) -> str:
    """The way to what can be bought meanwhile: as many seats as the plan sells."""
    plan = catalog.on_sale().plan(str(found.basket.get("plan", "")))
    if plan is None or found.basket.get("interval") not in catalog_rules.INTERVALS:
        return ""
    choice = pricing_choice.Choice(plan.line, 0, found.basket["interval"], found.basket["currency"])
    return pricing_choice.cart_url(plan, choice, min(max(int(found.basket["seats"]), plan.seats_min), plan.seats_max))
