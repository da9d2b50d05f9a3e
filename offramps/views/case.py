"""A case: the person, what they want and have, what happened, what is next, and what became of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from config import clock
from offramps.desk_guard import FloorRequest, floor_only
from offramps.models import Lead, LeadState
from offramps.queries import case as queries
from offramps.queries import desk_access, fit
from offramps.services import casework, leads, ringing

OUTCOMES = (LeadState.WON, LeadState.LOST, LeadState.NOT_A_FIT)


@require_safe
@floor_only
def case(request: FloorRequest, public_id: str) -> HttpResponse:
    """GET /desk/cases/<id>/"""
    lead = _lead(request, public_id)
    now = clock.now()
    context = {
        "lead": lead,
        "case": queries.case(lead, now),
        "rep": request.rep,
        "now": now,
        "numbers": ringing.timing(now),
        "fit": fit.in_words(lead),
        "outcomes": [{"value": state.value, "label": state.label} for state in OUTCOMES],
        "viewing_url": _viewing_url(request, lead),
        "zone": timezone.get_current_timezone_name(),
    }
    return render(request, "offramps/case.html", context)


@require_POST
@floor_only
def close(request: FloorRequest, public_id: str) -> HttpResponse:
    """POST /desk/cases/<id>/outcome/: outcome, reason."""
    lead = _lead(request, public_id)
    outcome, reason = request.POST.get("outcome", ""), request.POST.get("reason", "")
    if outcome not in LeadState.values or outcome == LeadState.OPEN or not reason.strip():
        messages.error(request, _("Choose an outcome and say why."))
        return _back(lead)

    def act(at: datetime) -> None:
        leads.close(lead, outcome=LeadState(outcome), reason=reason, at=at, origin=access.origin(request))
        casework.finish_step(lead, at=at)

    return _done(request, lead, act, "")


@require_POST
@floor_only
def take(request: FloorRequest, public_id: str) -> HttpResponse:
    """POST /desk/cases/<id>/taking/: a case that waits in the pool becomes the rep's."""
    lead, rep = _lead(request, public_id), request.rep
    if rep is None:
        raise Http404
    if not casework.take(lead, rep, at=clock.now(), origin=access.origin(request)):
        messages.info(request, _("Somebody has it, or it rings at somebody now."))
    return _back(lead)


@require_POST
@floor_only
def note(request: FloorRequest, public_id: str) -> HttpResponse:
    """POST /desk/cases/<id>/notes/: text."""
    lead, text = _lead(request, public_id), request.POST.get("text", "")
    return _done(request, lead, lambda at: casework.note(lead, text=text, at=at, origin=access.origin(request)), "")


@require_POST
@floor_only
def step(request: FloorRequest, public_id: str) -> HttpResponse:
    """POST /desk/cases/<id>/step/: text, due_at (local to the rep); or done=yes."""
    lead = _lead(request, public_id)
    if request.POST.get("done"):
        return _done(request, lead, lambda at: casework.finish_step(lead, at=at), "")
    due_at = _instant(request.POST.get("due_at", ""))
    if due_at is None:
        messages.error(request, _("Say by when: a day and a time."))
        return _back(lead)
    text, origin = request.POST.get("text", ""), access.origin(request)
    return _done(request, lead, lambda at: casework.set_step(lead, text=text, due_at=due_at, at=at, origin=origin), "")


@require_POST
@floor_only
def hand_back(request: FloorRequest, public_id: str) -> HttpResponse:
    """POST /desk/cases/<id>/return/: note, which the customer reads."""
    lead, said = _lead(request, public_id), request.POST.get("note", "")
    done = _("Handed back. The customer has your note and the cart by mail.")
    return _done(request, lead, lambda at: casework.hand_back(lead, note=said, at=at, origin=access.origin(request)), done)


def _done(request: FloorRequest, lead: Lead, act: Callable[[datetime], object], said: str) -> HttpResponse:
    """Do it, and back to the case with what is to be said."""
    try:
        act(clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except leads.AlreadyClosed:
        messages.info(request, _("It was closed already."))
    else:
        if said:
            messages.success(request, said)
    return _back(lead)


def _back(lead: Lead) -> HttpResponse:
    return HttpResponseRedirect(reverse("offramps:case", args=[lead.public_id]))


def _instant(text: str) -> datetime | None:
    """A day and a time as the rep's clock says them; None for what is neither."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found.replace(tzinfo=ZoneInfo(timezone.get_current_timezone_name())) if found and found.tzinfo is None else found


def _viewing_url(request: FloorRequest, lead: Lead) -> str:
    """Where staff say why, and then see the store as the customer does; empty for whoever may not."""
    may: Any = request.user.has_perm("accounts.add_viewing")
    if lead.organization_id is None or not may:
        return ""
    return reverse("admin:accounts_organization_viewing", args=[lead.organization_id])


def _lead(request: FloorRequest, public_id: str) -> Lead:
    sees_all = desk_access.of(request).is_manager
    found = queries.find(None if sees_all else request.rep, public_id)
    if found is None:
        raise Http404
    return found
