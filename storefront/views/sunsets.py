"""A plan that ends: until when one has it, and what to have instead, by one click."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import SunsetCase
from billing.queries import overview
from billing.queries import sunsets as queries
from billing.queries.overview import Standing
from billing.rules import sunsets as rules
from billing.services import commands
from billing.services.changes import seats
from billing.services.renewing import sunsets
from config import clock, words
from storefront import renewal_words, seat_problems
from storefront.views import redirects

LONGEST_NUMBER = 15


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CHANGE_SEATS)
def sunset(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/sunset/?line=: what ends when, and the plans instead. POST {line, plan, amount}: have that one then.

    A mail leads here: looking changes nothing.
    """
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    case = queries.of(standing.row) if standing is not None and standing.row.is_live else None
    if standing is None or case is None:
        messages.info(request, _("Your plan goes on. There is nothing to choose."))
        return redirect("storefront:home")
    return _choose(request, standing, case) if request.method == "POST" else _show(request, standing, case)


def _choose(request: OrganizationRequest, standing: Standing, case: SunsetCase) -> HttpResponse:
    amount = request.POST.get("amount", "")
    amount_minor = int(amount) if amount.isascii() and amount.isdigit() and len(amount) <= LONGEST_NUMBER else -1
    plan, origin = request.POST.get("plan", "")[:40], access.origin(request)
    try:
        held = sunsets.choose(standing, plan=plan, amount_minor=amount_minor, origin=origin, at=clock.now())
    except seats.Stale:
        return _show(request, standing, case, problem=renewal_words.stale(), status=409)
    except (seats.SeatsError, commands.Busy) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _show(request, standing, case, problem=problem, status=problem.status)
    assert held.price is not None
    values = {"plan": held.price.plan.name, "day": words.day(case.renews_at)}
    messages.success(request, _("%(plan)s from %(day)s. You can choose another one until then.") % values)
    return redirects.see(f"{request.path}?line={standing.row.line.code}")


def _show(
    request: OrganizationRequest,
    standing: Standing,
    case: SunsetCase,
    *,
    problem: seat_problems.Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    values = {
        "standing": standing,
        "case": case,
        "problem": problem,
        "choices": queries.choices(standing, case),
        "now_minor": queries.now_minor(standing),
        "answer_by": case.renews_at - rules.CLOSES_BEFORE,
        "is_settled": case.due_at is None,
        "is_yearly": standing.row.price.interval == "year",
    }
    return render(request, "storefront/sunset/page.html", values, status=status)
