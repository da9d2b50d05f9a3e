"""Ending at once: what is given back and what becomes of open invoices, why, and one button."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import CancelReason, CommandState, StripeCommand
from billing.queries import overview
from billing.queries.overview import Standing
from billing.services import commands, faults
from billing.services.changes import seats
from billing.services.leaving import endings
from config import clock, words
from storefront import ending_words, seat_problems, seat_urls
from storefront.forms.seats import CancelForm
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CANCEL)
def ending(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/ending/?line=: what ending today gives back and settles. POST {token, reason_code, reason}: do it."""
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not standing.row.is_live or standing.pilot is not None or standing.is_trial_over:
        return redirects.see(reverse("storefront:cancellation"))
    form = CancelForm(request.POST or None, initial={"line": standing.row.line.code})
    if request.method == "POST" and form.is_valid():
        return _end(request, standing, form)
    return _show(request, standing, form, status=422 if form.errors else 200)


def _show(
    request: OrganizationRequest,
    standing: Standing,
    form: CancelForm,
    problem: seat_problems.Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    values = {"standing": standing, "form": form, "problem": problem, "features": ending_words.features(standing)}
    try:
        offered = endings.offer(standing.row, is_owner=_is_owner(request), at=clock.now())
    except endings.OwnersOnly:
        messages.info(request, _("Ending it today is for an owner of your organization. You can end it with the period."))
        return redirects.see(seat_urls.cancellation_url(standing))
    except endings.BankAtWork as error:
        return _after_the_debit(request, standing, error)
    except (seats.SeatsError, faults.GatewayError) as error:
        values["problem"] = problem = seat_problems.of(standing, error, standing.quantity)
        status = problem.status
    else:
        credit, title = offered.credit, _("Given back")
        values |= {
            "offered": offered,
            "policy": ending_words.policy(offered, standing),
            "settled": ending_words.invoices(offered),
            "receipt": ending_words.receipt(credit, standing, title=title) if credit.lines else None,
        }
    return render(request, "storefront/cancellation/ending.html", values, status=status)


def _end(request: OrganizationRequest, standing: Standing, form: CancelForm) -> HttpResponse:
    given = form.cleaned_data
    try:
        command = endings.end(
            standing.row,
            token=request.POST.get("token", ""),
            is_owner=_is_owner(request),
            reason_code=CancelReason(given["reason_code"]),
            reason=given["reason"],
            origin=access.origin(request),
            at=clock.now(),
        )
    except seats.Stale:
        return _show(request, standing, form, seat_problems.stale(), status=409)
    except endings.BankAtWork as error:
        return _after_the_debit(request, standing, error)
    except (seats.SeatsError, commands.Busy, faults.GatewayError) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _show(request, standing, form, problem, status=problem.status)
    _say(request, command, standing)
    return redirects.see(reverse("storefront:home"))


def _after_the_debit(request: OrganizationRequest, standing: Standing, error: endings.BankAtWork) -> HttpResponse:
    invoice = error.invoice
    values = {"amount": words.money(invoice.amount_remaining_minor, invoice.currency)}
    said = _("Your bank is on its way to pay %(amount)s. Ending it today is possible once that has arrived.")
    if invoice.debit_arrives_on is not None:
        values["day"] = words.day(invoice.debit_arrives_on)
        said = _("Your bank pays %(amount)s, usually by %(day)s. Ending it today is possible once that has arrived.")
    messages.info(request, said % values)
    return redirects.see(seat_urls.cancellation_url(standing))


def _say(request: OrganizationRequest, command: StripeCommand, standing: Standing) -> None:
    if command.state == CommandState.DONE:
        given = command.result.get("given_minor", 0)
        said = _("Ended. %(amount)s was given back as your credit.") if given else _("Ended. Nothing more is charged.")
        messages.success(request, said % {"amount": words.money(given, standing.row.currency)})
    elif command.state == CommandState.OPEN:
        messages.info(request, _("It is being ended. Our payment service takes a moment; nothing more is charged."))
    else:
        messages.error(request, _("It could not be ended, and nothing was charged. Talk to us, we look into it."))


def _is_owner(request: OrganizationRequest) -> bool:
    return access.can(request, Permission.CANCEL_NOW)
