"""The manager's board: who waits, who is on, and the hand on it: give a lead to somebody else, pause a pool."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from config import clock
from offramps.desk_guard import FloorRequest, manager_only
from offramps.models import Lead, Pool, Rep
from offramps.queries import board as queries
from offramps.services import pools, reassigning


@require_safe
@manager_only
def board(request: FloorRequest) -> HttpResponse:
    """GET /desk/board/"""
    found = queries.board(clock.now())
    context: dict[str, Any] = {
        "board": found,
        "takers": [
            *((f"rep:{one.rep.public_id}", str(one.rep)) for one in found.people),
            *((f"pool:{one.pool.public_id}", str(one.pool)) for one in found.groups),
        ],
        "speeds_by": [(_("How fast, by pool"), found.by_pool), (_("How fast, by rep"), found.by_rep)],
        "stages": [
            _("Detected to routed"),
            _("Routed to offered"),
            _("Offered to accepted"),
            _("Accepted to call"),
            _("In all"),
        ],
    }
    return render(request, "offramps/board.html", context)


@require_POST
@manager_only
def reassign(request: FloorRequest, public_id: str) -> HttpResponse:
    """POST /desk/board/cases/<id>/taker/: to=rep:<id>|pool:<id>, reason."""
    lead = get_object_or_404(Lead, public_id=public_id)
    kind, _colon, wanted = request.POST.get("to", "").partition(":")
    rep = Rep.objects.filter(public_id=wanted).select_related("user").first() if kind == "rep" else None
    pool = Pool.objects.filter(public_id=wanted).first() if kind == "pool" else None
    given = {"reason": request.POST.get("reason", "")}
    try:
        reassigning.reassign(lead, rep=rep, pool=pool, **given, at=clock.now(), origin=access.origin(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except reassigning.NotOpen:
        messages.info(request, _("It was closed already."))
    else:
        messages.success(request, _("%(name)s has it now.") % {"name": rep or pool})
    return HttpResponseRedirect(reverse("offramps:board"))


@require_POST
@manager_only
def switch_pool(request: FloorRequest, public_id: str) -> HttpResponse:
    """POST /desk/board/pools/<id>/: to=paused|running."""
    pool = get_object_or_404(Pool, public_id=public_id)
    to, origin, now = request.POST.get("to", ""), access.origin(request), clock.now()
    if to not in ("paused", "running"):
        raise Http404
    try:
        if to == "paused":
            pools.pause(pool, at=now, origin=origin)
        else:
            pools.resume(pool, at=now, origin=origin)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return HttpResponseRedirect(reverse("offramps:board"))
