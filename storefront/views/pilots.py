"""From a pilot to the plan it leads to: how many seats, how often it is paid, what that costs now, and one button."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import ChangeState, CommandState, Interval, StripeCommand
from billing.queries import overview
from billing.queries.overview import Standing
from billing.rules import pilots as rules
from billing.services import commands, faults
from billing.services.books import first_payments
from billing.services.changes import seats
from billing.services.trying import pilot_conversions
from config import clock, words
from storefront import pilot_receipts, seat_problems
from storefront.queries import pricing
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_PAYMENT)
def conversion(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/pilot/?line=&seats=&interval=: what the plan costs from now on. POST {line, token}: have exactly that.

    Once the pilot is over the plan is bought like any other, so the way leads to a cart that holds it.
    """
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or standing.begun_as is None:
        return redirect("storefront:home")
    if standing.pilot is None:
        return redirect(again_url(standing) if standing.past_pilot else reverse("storefront:home"))
    if standing.first_payment is not None:
        return redirects.see(reverse("storefront:seat_change", args=[standing.first_payment.public_id]))
    if request.method == "POST":
        return _go_on(request, standing, request.POST.get("token", ""))
    return _show(request, standing, clock.now())


def again_url(standing: Standing) -> str:
    """A cart with the plan of a pilot that is over."""
    row = standing.row
    wanted = {
        "plan": f"{row.line.code}/{row.plan.code}",
        "seats": standing.begun_as.seats if standing.begun_as else row.plan.seats_min,
        "interval": row.price.interval,
        "currency": row.currency,
    }
    return f"{reverse('storefront:cart_new')}?{urlencode(wanted)}"


def _least(standing: Standing) -> int:
    return rules.least_seats(plan_min=standing.row.plan.seats_min, taken=standing.in_use + standing.held)


def _chosen(standing: Standing, said: QueryDict) -> tuple[int, str]:
    """As many seats as people work, and as it was first thought of, unless the page says otherwise."""
    seats_said, interval = said.get("seats", ""), said.get("interval", "")
    is_number = seats_said.isascii() and seats_said.isdigit() and len(seats_said) < 7
    return (
        int(seats_said) if is_number else _least(standing),
        interval if interval in Interval.values else standing.row.price.interval,
    )


def _show(
    request: OrganizationRequest, standing: Standing, at: datetime, problem: seat_problems.Problem | None = None
) -> HttpResponse:
    quantity, interval = _chosen(standing, request.POST if request.method == "POST" else request.GET)
    plan = standing.row.plan
    values: dict[str, Any] = {
        "standing": standing,
        "pilot": standing.pilot,
        "seats": quantity,
        "least": _least(standing),
        "most": plan.seats_max,
        "interval": interval,
        "intervals": (pricing.Option("month", _("Monthly")), pricing.Option("year", _("Yearly"))),
        "problem": problem,
        "receipt": None,
    }
    try:
        offered = pilot_conversions.offer(standing.row, quantity=quantity, interval=interval, at=at)
    except (seats.SeatsError, faults.GatewayError) as error:
        values["problem"] = problem or seat_problems.of(standing, error, quantity)
    else:
        values |= {
            "receipt": pilot_receipts.of_conversion(offered, standing),
            "token": offered.token,
            "due_minor": offered.charge.due_minor,
        }
    template = "storefront/pilot/_answer.html" if getattr(request, "htmx", False) else "storefront/pilot/conversion.html"
    return render(request, template, values, status=problem.status if problem else 200)


def _go_on(request: OrganizationRequest, standing: Standing, token: str) -> HttpResponse:
    origin, at = access.origin(request), clock.now()
    try:
        command = pilot_conversions.confirm(standing.row, token=token, origin=origin, at=at)
    except seats.Stale:
        return _show(request, standing, at, seat_problems.stale())
    except pilot_conversions.NoPilot:
        return redirects.see(reverse("storefront:home"))
    except (seats.SeatsError, commands.Busy, faults.GatewayError) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _show(request, standing, at, problem)
    return _went(request, standing, command)


def _went(request: OrganizationRequest, standing: Standing, command: StripeCommand) -> HttpResponse:
    """Say how it went: the plan has begun, it is on its way, the bank wants to be asked, or why not: nothing was charged."""
    waits = first_payments.of_command(command)
    if waits is not None and waits.state != ChangeState.DONE:
        return redirects.see(reverse("storefront:seat_change", args=[waits.public_id]))
    values = {"plan": standing.row.plan.name, "why": command.error}
    values["seats"] = words.seats(command.payload["quantity"])
    if command.state == CommandState.DONE:
        messages.success(request, _("%(plan)s with %(seats)s has begun, and everything is as you left it.") % values)
    elif command.state == CommandState.OPEN:
        messages.info(request, _("Your payment is on its way, which takes a moment. You are charged once at most."))
    elif command.state == CommandState.DECLINED:
        said = _("The payment was declined and nothing was charged: “%(why)s” Your pilot goes on. Try another card.")
        messages.error(request, said % values)
        return redirects.see(reverse("storefront:payment_method"))
    else:
        messages.error(request, _("The plan could not begin, and nothing was charged. Your pilot goes on; look at it again."))
        return redirects.see(f"{reverse('storefront:pilot_conversion')}?{urlencode({'line': standing.row.line.code})}")
    return redirects.see(reverse("storefront:home"))
