"""A case: the person, what they want, the company, and what became of it."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from config import clock
from offramps.desk_guard import DeskRequest, rep_only
from offramps.models import Lead, LeadState
from offramps.queries import desk as queries
from offramps.services import countdowns, leads


@require_safe
@rep_only
def case(request: DeskRequest, public_id: str) -> HttpResponse:
    """GET /desk/cases/<id>/"""
    lead = _lead(request, public_id)
    now = clock.now()
    context = {
        "lead": lead,
        "now": now,
        "numbers": countdowns.timing(now),
        "running": queries.running(lead),
        "triggers": lead.triggers.select_related("hand_raise").order_by("-pk"),
        "outcomes": [{"value": state.value, "label": state.label} for state in LeadState if state != LeadState.OPEN],
    }
    return render(request, "offramps/case.html", context)


@require_POST
@rep_only
def close(request: DeskRequest, public_id: str) -> HttpResponse:
    """POST /desk/cases/<id>/outcome/: outcome, reason."""
    lead = _lead(request, public_id)
    outcome, reason = request.POST.get("outcome", ""), request.POST.get("reason", "")
    if outcome not in LeadState.values or outcome == LeadState.OPEN or not reason.strip():
        messages.error(request, _("Choose an outcome and say why."))
        return HttpResponseRedirect(reverse("offramps:case", args=[lead.public_id]))
    try:
        leads.close(lead, outcome=LeadState(outcome), reason=reason, at=clock.now(), origin=access.origin(request))
    except leads.AlreadyClosed:
        messages.info(request, _("It was closed already."))
    return HttpResponseRedirect(reverse("offramps:case", args=[lead.public_id]))


def _lead(request: DeskRequest, public_id: str) -> Lead:
    found = queries.case(request.rep, public_id)
    if found is None:
        raise Http404
    return found
