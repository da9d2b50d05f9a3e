"""A promotion code for a subscription there is: enter it, see what the next charge becomes, have exactly that."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.queries import policies
from billing.models import CommandState
from billing.queries import overview, promotion_refusals
from billing.queries import promotions as queries
from billing.queries.overview import Standing
from billing.services import commands, faults
from billing.services.changes import promotions, seats
from config import clock
from storefront import limits, receipts, seat_problems, seat_urls
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CHANGE_SEATS)
def promotion(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/promotion/?line=&code=: the field; with `code`, what the next charge becomes. POST {token} has it."""
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not standing.row.is_live:
        return render(request, "storefront/seats/nothing.html", {"standing": standing})
    if request.method == "POST":
        return _confirm(request, standing)
    code = request.GET.get("code", "").strip()[: queries.LONGEST]
    return _answer(request, standing, code) if code else _render(request, standing)


def _answer(request: OrganizationRequest, standing: Standing, code: str) -> HttpResponse:
    """What the code does, or why nothing."""
    at = clock.now()
    if limits.is_over(request, "code", policies.value("billing.carts_per_hour", at)):
        return render(request, "storefront/cart/too_many.html", status=429)
    try:
        offered = promotions.offer(standing.row, code=code, at=at)
    except promotions.CodeRefused as error:
        return _render(request, standing, code=code, refusal=promotion_refusals.refusal(error.entered))
    except (seats.SeatsError, faults.GatewayError) as error:
        return _render(request, standing, code=code, problem=seat_problems.of(standing, error, standing.quantity))
    return _render(request, standing, code=offered.entered.code, offered=offered)


def _confirm(request: OrganizationRequest, standing: Standing) -> HttpResponse:
    token = request.POST.get("token", "")
    try:
        command = promotions.confirm(standing.row, token=token, origin=access.origin(request), at=clock.now())
    except promotions.Stale as error:
        return _render(request, standing, problem=seat_problems.stale(), offered=error.fresh, status=409)
    except promotions.CodeRefused as error:
        code, refusal = error.entered.code, promotion_refusals.refusal(error.entered)
        return _render(request, standing, code=code, refusal=refusal, status=422)
    except (seats.SeatsError, commands.Busy, faults.GatewayError) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _render(request, standing, problem=problem, status=problem.status)
    if command.state == CommandState.DONE:
        messages.success(request, _("Your discount is in. You pay less next time for it."))
    elif command.state == CommandState.OPEN:
        messages.info(
            request, _("Your discount is being put in. Our payment service takes a moment; nothing is charged for it.")
        )
    else:
        messages.error(
            request, _("Our payment service did not take the code: it may have been used up this moment. Nothing was changed.")
        )
    return redirects.see(seat_urls.seats_url(standing))


def _render(
    request: OrganizationRequest,
    standing: Standing,
    *,
    code: str = "",
    refusal: str = "",
    problem: seat_problems.Problem | None = None,
    offered: promotions.Offer | None = None,
    status: int = 200,
) -> HttpResponse:
    values = {
        "standing": standing,
        "code": code,
        "refusal": refusal,
        "problem": problem,
        "token": offered.token if offered else "",
        "receipt": receipts.of_promotion(offered, standing) if offered else None,
        "seats_url": seat_urls.seats_url(standing),
    }
    return render(request, "storefront/promotion/page.html", values, status=status)
