"""A trial's own steps: one more week, and going on after it ended without a card, or after a pause."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import ChangeState, CommandState, StripeCommand, Subscription
from billing.queries import overview
from billing.queries.overview import Standing
from billing.services import commands, faults
from billing.services.books import first_payments
from billing.services.changes import seats
from billing.services.leaving import resuming
from billing.services.selling import cards
from billing.services.trying import trial_changes
from config import clock, words
from storefront import seat_problems, trial_receipts
from storefront.views import redirects


@require_POST
@access.require(Permission.CHANGE_SEATS)
def extension(request: OrganizationRequest) -> HttpResponse:
    """POST /subscription/trial/extension/ {line}: let the trial go on, once."""
    standing = overview.standing(request.organization, request.POST.get("line", "")[:40])
    if standing is None or standing.trial_ends_at is None:
        messages.info(request, _("There is no trial that could go on."))
        return redirects.see(reverse("storefront:home"))
    try:
        command = trial_changes.extend(standing.row, origin=access.origin(request), at=clock.now())
    except trial_changes.CannotExtend:
        messages.info(request, _("A trial is made longer once, in its last days. Nothing was changed."))
        return redirects.see(reverse("storefront:home"))
    except commands.Busy:
        messages.info(request, _("A change is being made. Look again in a few seconds."))
        return redirects.see(reverse("storefront:home"))
    if command.state == CommandState.DONE:
        standing.row.refresh_from_db(fields=["trial_ends_at"])
        day = words.day(standing.row.trial_ends_at) if standing.row.trial_ends_at else ""
        messages.success(request, _("Your trial goes on until %(day)s. Nothing was charged.") % {"day": day})
    elif command.state == CommandState.OPEN:
        messages.info(request, _("Your trial is being made longer. Our payment service takes a moment; nothing is charged."))
    else:
        messages.error(request, _("The trial could not be made longer, and nothing was charged. Talk to us, we look into it."))
    return redirects.see(reverse("storefront:home"))


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_PAYMENT)
def resumption(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/resumption/?line=: what going on costs. POST {line, token}: pay it, or add a card and pay it.

    While the bank wants to be asked about an earlier click, both lead to the payment that waits.
    """
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not (standing.is_trial_over or standing.is_resting):
        return redirect("storefront:home")
    if standing.first_payment is not None:
        return redirects.see(reverse("storefront:seat_change", args=[standing.first_payment.public_id]))
    if request.method == "POST":
        return _go_on(request, standing, request.POST.get("token", ""))
    return _show(request, standing)


def _show(
    request: OrganizationRequest, standing: Standing, problem: seat_problems.Problem | None = None, status: int = 200
) -> HttpResponse:
    values: dict[str, Any] = {"standing": standing, "problem": problem, "receipt": None, "token": ""}
    try:
        offered = resuming.offer(standing.row)
    except (seats.SeatsError, faults.GatewayError) as error:
        values["problem"] = seat_problems.of(standing, error, standing.quantity)
    else:
        values |= {
            "receipt": trial_receipts.of_resuming(offered.charge, standing),
            "token": offered.token,
            "due_minor": offered.charge.due_minor,
        }
    return render(request, "storefront/trial/resumption.html", values, status=status)


def _go_on(request: OrganizationRequest, standing: Standing, token: str) -> HttpResponse:
    origin, at = access.origin(request), clock.now()
    try:
        command = resuming.resume(standing.row, token=token, origin=origin, at=at)
    except resuming.NoCard:
        return _add_card(request, standing, token)
    except seats.Stale:
        return _show(request, standing, seat_problems.stale(), status=409)
    except seats.NotLive:
        return redirects.see(reverse("storefront:home"))
    except commands.Busy as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _show(request, standing, problem, status=problem.status)
    return went_on(request, command)


def _add_card(request: OrganizationRequest, standing: Standing, token: str) -> HttpResponse:
    agreed = resuming.agreed(standing.row, token)
    command = cards.start_setup(request.organization, origin=access.origin(request), at=clock.now(), agreed=agreed)
    url = command.result.get("url")
    if not url:
        messages.error(request, _("The card page could not be opened. Nothing was charged; try again in a minute."))
        return redirects.see(_address(standing.row.line.code))
    return redirects.see(url)


def went_on(request: OrganizationRequest, command: StripeCommand) -> HttpResponse:
    """Say how it went: it goes on, it is on its way, the bank wants to be asked, or why not and that nothing was charged."""
    waits = first_payments.of_command(command)
    if waits is not None and waits.state != ChangeState.DONE:
        return redirects.see(reverse("storefront:seat_change", args=[waits.public_id]))
    if command.state == CommandState.DONE:
        messages.success(request, _("Your subscription goes on, and everything is as you left it."))
    elif command.state == CommandState.OPEN:
        messages.info(request, _("Your payment is on its way, which takes a moment. You are charged once at most."))
    elif command.state == CommandState.DECLINED:
        said = _("The payment was declined and nothing was charged: “%(why)s” Try another card.")
        messages.error(request, said % {"why": command.error})
        return redirects.see(reverse("storefront:payment_method"))
    else:
        messages.error(request, _("The price had moved, so nothing was charged. Look at it again; your card is kept."))
        line = Subscription.objects.filter(stripe_id=command.payload["subscription"]).values_list("line__code", flat=True)
        return redirects.see(_address(line.get()))
    return redirects.see(reverse("storefront:home"))


def _address(line: str) -> str:
    return f"{reverse('storefront:resumption')}?{urlencode({'line': line})}"
