"""What waits for somebody's yes, and how the exception budget stands: for those who decide."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from billing.models import ExceptionEntry
from billing.queries import budget_words
from billing.queries import budgets as budget_queries
from config import clock, words
from offramps.desk_guard import FloorRequest, deciders_only
from offramps.models import DealVersion
from offramps.queries import deal_words
from offramps.queries import deals as queries
from offramps.services import deal_approvals, deals

MOST_ENTRIES = 50


@require_safe
@deciders_only
def approvals(request: FloorRequest) -> HttpResponse:
    """GET /desk/approvals/: what waits, the oldest first, each with what is not the catalog's."""
    decider = queries.decider(request.user)
    rows = [
        {
            "version": one,
            "subject": deal_words.subject(one),
            "findings": deal_words.findings(queries.verdict_of(one)),
            "who": deal_words.who(queries.verdict_of(one).who),
            "is_mine": decider.may_decide(one),
        }
        for one in queries.waiting()
    ]
    return render(request, "offramps/approvals.html", {"rows": rows})


@require_POST
@deciders_only
def decide(request: FloorRequest, public_id: str) -> HttpResponse:
    """POST /desk/deals/<id>/decision/: verb=approve|decline, version, note."""
    number = request.POST.get("version", "")
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        raise Http404
    version = get_object_or_404(DealVersion, deal__public_id=public_id, number=int(number))
    verbs = {"approve": deal_approvals.approve, "decline": deal_approvals.decline}
    act = verbs.get(request.POST.get("verb", ""))
    if act is None:
        raise Http404
    try:
        act(version, note=request.POST.get("note", ""), at=clock.now(), origin=access.origin(request))
    except deal_approvals.OverBudget as error:
        messages.error(request, budget_words.full(error.full.budget, error.full.standing, error.full.raisers))
    except deal_approvals.NotYours as error:
        names = ", ".join(deal_words.who(group) for group in error.groups) or deal_words.who("")
        messages.error(request, _("Not you: %(names)s. Nobody decides on their own.") % {"names": names})
    except deals.NotNow as error:
        messages.info(request, _("It is %(state)s by now.") % {"state": error.version.get_state_display()})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Decided. Whoever made it is told."))
    return HttpResponseRedirect(reverse("offramps:deal", args=[public_id]))


@require_safe
@deciders_only
def budgets(request: FloorRequest) -> HttpResponse:
    """GET /desk/budgets/: each segment's share against its ceiling, the trend, and what counts."""
    found = budget_queries.all_of(clock.now())
    entries = ExceptionEntry.objects.filter(budget__quarter=found[0].quarter)
    rows = entries.select_related("organization", "owner", "budget").order_by("-counted_at", "-pk")
    context: dict[str, Any] = {
        "budgets": [
            {
                "shown": one,
                "trend": [*((name, bps) for name, bps in one.past), (one.quarter, one.standing.share_bps)],
                "tone": "bad" if one.is_over else "warn" if one.is_near else "",
                "share": words.percent(one.standing.share_bps),
                "ceiling": words.percent(one.standing.ceiling_bps),
            }
            for one in found
        ],
        "entries": list(rows[:MOST_ENTRIES]),
        "raisers": ", ".join(str(one) for one in budget_queries.raisers()),
    }
    return render(request, "offramps/budgets.html", context)
