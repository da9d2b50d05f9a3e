"""The desk: what rings, whom to call, what is dated, and the cases. A rep lives here."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from config import clock, live
from offramps.desk_guard import DeskRequest, rep_only
from offramps.models import Countdown, Presence, PresenceCause
from offramps.queries import desk as queries
from offramps.queries import desk_version, ring_tests
from offramps.services import offers, ringing, shifts
from offramps.services import presence as presences


@require_safe
@rep_only
def desk(request: DeskRequest) -> HttpResponse:
    """GET /desk/"""
    now = clock.now()
    return render(request, "offramps/desk.html", {**_queue(request, now), "version": _version(request, now)})


@require_safe
@rep_only
def queue(request: DeskRequest) -> HttpResponse:
    """GET /desk/queue/: the desk's moving part, asked for every two seconds; 304 while what it shows is what was shown."""
    now = clock.now()
    version = _version(request, now)
    known = live.unchanged(request, version)
    return known or live.tagged(render(request, "offramps/_queue.html", _queue(request, now)), version)


def _version(request: DeskRequest, now: datetime) -> str:
    day = str(ring_tests.day_of(request.rep, now))
    return f'"{desk_version.version(request.rep, now, translation.get_language() or "", day)}"'


def _queue(request: DeskRequest, now: datetime) -> dict[str, Any]:
    return {
        "rep": request.rep,
        "now": now,
        "desk": queries.desk(request.rep, now),
        "numbers": ringing.timing(now),
        "tested": ring_tests.today(request.rep, now),
    }


@require_POST
@rep_only
def presence(request: DeskRequest) -> HttpResponse:
    """POST /desk/presence/: to=online|offline."""
    to = request.POST.get("to", "")
    if to not in Presence.values:
        raise Http404
    presences.switch(request.rep, to=Presence(to), cause=PresenceCause.SELF, at=clock.now(), origin=access.origin(request))
    return HttpResponseRedirect(reverse("offramps:desk"))


@require_POST
@rep_only
def test(request: DeskRequest) -> HttpResponse:
    """POST /desk/test/: to=ring lets the desk ring as for a call, to=heard says that it was heard."""
    to, now = request.POST.get("to", ""), clock.now()
    if to not in ("ring", "heard"):
        raise Http404
    if to == "ring":
        shifts.ring_to_test(request.rep, now)
    else:
        shifts.note_heard(request.rep, now)
    return HttpResponseRedirect(reverse("offramps:desk"))


@require_POST
@rep_only
def accept(request: DeskRequest, public_id: str) -> HttpResponse:
    """POST /desk/calls/<id>/acceptance/: to the case, or back to the desk with word of who was first."""
    held = _offered(request, public_id)
    try:
        offers.accept(held, rep=request.rep, at=clock.now(), origin=access.origin(request))
    except offers.TakenByAnother as taken:
        said = _("%(name)s was first.") % {"name": taken.rep} if taken.rep else _("It is over.")
        messages.info(request, said)
        return HttpResponseRedirect(reverse("offramps:desk"))
    except offers.NotOffered as error:
        raise Http404 from error
    return HttpResponseRedirect(reverse("offramps:case", args=[held.lead.public_id]))


@require_POST
@rep_only
def decline(request: DeskRequest, public_id: str) -> HttpResponse:
    """POST /desk/calls/<id>/refusal/: it is offered on at once."""
    try:
        offers.decline(_offered(request, public_id), rep=request.rep, at=clock.now(), origin=access.origin(request))
    except offers.NotOffered as error:
        raise Http404 from error
    return HttpResponseRedirect(reverse("offramps:desk"))


@require_POST
@rep_only
def talking(request: DeskRequest, public_id: str) -> HttpResponse:
    """POST /desk/calls/<id>/talking/: the promise is kept."""
    held = _offered(request, public_id)
    try:
        offers.talking(held, rep=request.rep, at=clock.now(), origin=access.origin(request))
    except offers.TakenByAnother as taken:
        messages.info(request, _("%(name)s calls.") % {"name": taken.rep} if taken.rep else _("It is over."))
    return HttpResponseRedirect(reverse("offramps:case", args=[held.lead.public_id]))


def _offered(request: DeskRequest, public_id: str) -> Countdown:
    found = queries.offered(request.rep, public_id)
    if found is None:
        raise Http404
    return found
