"""The SANDBOX bar: a demo's visitors move the time, and see what happens on the way."""

from datetime import datetime, timedelta
from math import floor

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest
from billing.services import store_time, time_moves
from config import clock, words
from storefront import sandbox_words, year_story
from storefront.views import redirects

SPANS = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


@require_http_methods(["GET", "HEAD", "POST"])
@access.signed_in
def move(request: OrganizationRequest) -> HttpResponse:
    """POST /demo/clock/ {move: day, week, renewal, year, fail, on; next}; GET: how far. 404 but in a demo on the sandbox."""
    if not settings.DEMO or not store_time.is_movable():
        raise Http404
    if request.method != "POST":
        return _progress(request)
    try:
        is_on_its_way = _move(request, request.POST.get("move", ""))
    except store_time.Busy:
        messages.warning(request, _("The time is being moved already. Look again in a moment."))
    except store_time.NoAnswer:
        messages.error(request, _("The sandbox does not answer. Nothing was moved."))
    else:
        if is_on_its_way:
            return redirects.see(reverse("storefront:sandbox_bar"))
    return redirects.back(request, "storefront:home")


def _move(request: OrganizationRequest, wanted: str) -> bool:
    """Do what was asked; whether it goes on behind this answer."""
    organization, under_way = request.organization, time_moves.current()
    if wanted == "fail" and organization is not None:
        store_time.fail_next_payment(organization)
        messages.info(request, _("The next payment will be declined."))
        return False
    if under_way is not None and under_way.ended:
        time_moves.finish(under_way)  # whoever asked for it went away: the next one need not see its end first
    elif under_way is not None:
        if wanted == "on" and time_moves.is_still(under_way):
            time_moves.go_on(under_way)
        return True
    if wanted == "year":
        after = redirects.back(request, "storefront:home").url
        time_moves.begin(to=time_moves.year_from(clock.now()), organization=organization, after=after, is_year=True)
        return True
    target = _target(request, wanted)
    if target is None:
        return False
    if time_moves.is_long(target):
        after = redirects.back(request, "storefront:home").url
        time_moves.begin(to=target, organization=organization, after=after)
        return True
    _say(request, store_time.advance(to=target, organization=organization))
    return False


def _target(request: OrganizationRequest, wanted: str) -> datetime | None:
    """Until when; None, and a word about it, where there is nothing to go to."""
    if wanted in SPANS:
        return clock.now() + SPANS[wanted]
    if wanted == "renewal" and request.organization is not None:
        try:
            return store_time.after_renewal(request.organization)
        except ValueError:
            messages.info(request, _("There is no renewal to go to: no subscription is active."))
    return None


def _progress(request: OrganizationRequest) -> HttpResponse:
    """How far it is; at its end, back to where the way began, with what happened."""
    under_way = time_moves.current()
    if under_way is None:
        return _leave(request, reverse("storefront:home"))
    if under_way.ended and not under_way.is_year:
        moved = time_moves.finish(under_way)
        if under_way.ended == "done":
            _say(request, moved)
        else:
            messages.error(request, _("The sandbox stopped answering on the way. What has happened until then stands."))
        return _leave(request, under_way.after)
    now = clock.now()
    share = floor(under_way.share(now) * 100)
    page = {
        "under_way": under_way,
        "now": now,
        "share": share,
        "is_still": time_moves.is_still(under_way),
        "from": words.full_day(under_way.started_at),
        "to": words.full_day(under_way.target),
        "ending": year_story.ending(under_way),
        "months": year_story.months(under_way, now) if under_way.is_year else [],
    }
    name = "storefront/moving/_how_far.html" if request.headers.get("HX-Request") else "storefront/moving/page.html"
    return render(request, name, page)


def _leave(request: OrganizationRequest, url: str) -> HttpResponse:
    """Elsewhere: the whole page, though a part of it asked."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirects.see(url)


def _say(request: OrganizationRequest, moved: store_time.Moved) -> None:
    days = ngettext("%(count)s day passed", "%(count)s days passed", moved.days) % {"count": words.number(moved.days)}
    events = sandbox_words.happened(moved.facts)
    if events:
        messages.success(request, f"{days}: {', '.join(events)}.")
    else:
        messages.info(request, _("%(days)s: nothing happened.") % {"days": days})
