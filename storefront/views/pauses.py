"""Pausing: for how long, what is given back to the cent, what happens meanwhile and afterwards, and one button."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.queries import policies, profiles
from billing.models import Pause, PauseState
from billing.queries import overview
from billing.queries.overview import Standing
from billing.services import commands, faults
from billing.services.changes import seats
from billing.services.leaving import pauses
from config import clock, words
from storefront import ending_words, pause_words, seat_problems
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CANCEL)
def pause(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/pause/?line=&months=: what a pause gives back, and until when. POST {token, months}: pause it now."""
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not standing.row.is_live:
        return render(request, "storefront/seats/nothing.html", {"standing": standing})
    if standing.row.status == "paused":
        return redirects.see(reverse("storefront:home"))
    months = int(said.get("months", "")) if said.get("months", "").isascii() and said.get("months", "").isdigit() else 1
    if request.method == "POST":
        return _pause(request, standing, months)
    return _show(request, standing, months)


def _show(
    request: OrganizationRequest,
    standing: Standing,
    months: int,
    problem: seat_problems.Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    at = clock.now()
    most = pause_words.most(profiles.segment(standing.row.organization_id), at)
    values = {
        "standing": standing,
        "problem": problem,
        "months": months,
        "choices": [
            {"label": words.months(count), "url": pause_words.url(standing, months=count), "current": count == months}
            for count in range(1, most + 1)
        ],
        "reads": policies.value("billing.pause_reads", at),
        "notice_days": policies.value("billing.pause_notice_days", at),
    }
    try:
        offered = pauses.offer(standing.row, months=months, at=at)
    except pauses.Refused as refused:
        found = pause_words.problem(refused, standing)
        return render(request, "storefront/pause/page.html", values | {"problem": found}, status=status)
    except (seats.SeatsError, commands.Busy, faults.GatewayError) as error:
        found = seat_problems.of(standing, error, standing.quantity)
        return render(request, "storefront/pause/page.html", values | {"problem": found}, status=status)
    title = _("Paused for %(months)s") % {"months": words.months(months)}
    values |= {
        "offered": offered,
        "receipt": ending_words.receipt(offered.credit, standing, title=title, stale=status == 409),
        "charged_minor": standing.charged_minor(standing.quantity, offered.resumes_at),
        "label": _("Pause until %(day)s") % {"day": words.day(offered.resumes_at)},
    }
    return render(request, "storefront/pause/page.html", values, status=status)


def _pause(request: OrganizationRequest, standing: Standing, months: int) -> HttpResponse:
    token = request.POST.get("token", "")
    try:
        made = pauses.pause(standing.row, token=token, origin=access.origin(request), at=clock.now())
    except seats.Stale:
        return _show(request, standing, months, seat_problems.stale(), status=409)
    except pauses.Refused as refused:
        return _show(request, standing, months, pause_words.problem(refused, standing), status=422)
    except (seats.SeatsError, commands.Busy, faults.GatewayError) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _show(request, standing, months, problem, status=problem.status)
    _say(request, made)
    return redirects.see(reverse("storefront:home"))


def _say(request: OrganizationRequest, made: Pause) -> None:
    if made.state == PauseState.ON and made.resumes_at is not None:
        values = {"day": words.day(made.resumes_at), "amount": words.money(made.credit_minor, made.currency)}
        said = _("Paused until %(day)s.")
        if made.credit_minor:
            said = _("Paused until %(day)s. %(amount)s was given back as your credit.")
        messages.success(request, said % values)
    elif made.state == PauseState.SENDING:
        messages.info(request, _("It is being paused. Our payment service takes a moment; nothing is charged."))
    else:
        messages.error(request, _("It could not be paused, and nothing was changed. Talk to us, we look into it."))
