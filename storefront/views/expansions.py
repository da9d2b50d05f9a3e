"""Seats that are added by themselves: what the owner allows, what was added, and taking it back."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import ChangeState, SeatChange
from billing.queries import overview
from billing.queries.overview import Standing
from billing.services import commands, faults
from billing.services.changes import seats
from billing.services.renewing import expansion_undo, expansions
from config import clock, words
from storefront import seat_urls
from storefront.forms.expansions import ExpansionForm, UndoForm
from storefront.views import redirects

SHOWN = timedelta(days=30)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CHANGE_SEATS)
def expansion(request: OrganizationRequest) -> HttpResponse:
    """GET /seats/expansion/?line=: whether, how many, within what. POST {is_on, step, most, budget}: by an owner."""
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not standing.row.is_live:
        return render(request, "storefront/seats/nothing.html", {"standing": standing})
    held = expansions.of(standing.row)
    if request.method != "POST":
        return _render(request, standing, ExpansionForm(standing, held))
    if not access.can(request, Permission.MANAGE_ORGANIZATION):
        raise PermissionDenied
    form = ExpansionForm(standing, held, request.POST)
    if not form.is_valid():
        return _render(request, standing, form, status=422)
    wanted = {name: form.cleaned_data[name] for name in ("is_on", "step", "most")}
    try:
        made = expansions.put(
            standing.row, **wanted, budget_minor=form.budget_minor, origin=access.origin(request), at=clock.now()
        )
    except expansions.OutOfRange as error:
        form.add_error("most", _("Between %(least)s and %(most)s.") % {"least": error.least, "most": error.most})
        return _render(request, standing, form, status=422)
    messages.success(request, _("Seats are added by themselves now.") if made.is_on else _("No seats are added by themselves."))
    return redirects.see(f"{request.path}?line={standing.row.line.code}")


def _render(request: OrganizationRequest, standing: Standing, form: ExpansionForm, status: int = 200) -> HttpResponse:
    """Three queries besides the standing."""
    row, at = standing.row, clock.now()
    held = expansions.of(row)
    made = expansions.made(row, at - SHOWN)
    values: dict[str, Any] = {
        "standing": standing,
        "form": form,
        "held": held,
        "made": [(change, _until(change)) for change in made],
        "spent_minor": sum(change.preview["total_minor"] for change in made),
        "may_set": access.can(request, Permission.MANAGE_ORGANIZATION),
        "seats_url": seat_urls.seats_url(standing),
    }
    return render(request, "storefront/seats/expansion.html", values, status=status)


def _until(change: SeatChange) -> Any:
    """Until when it can be undone; None once it cannot."""
    at = clock.now()
    until = expansion_undo.until(change, at)
    return until if until is not None and at < until else None


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CHANGE_SEATS)
def undo(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """GET /seats/expansion/<id>/undo/: what comes back. POST {amount}: take the seats back for exactly that."""
    rows = SeatChange.objects.filter(subscription__organization=request.organization, public_id=public_id)
    wanted = ("organization__customer", "plan", "price", "line")
    change = rows.select_related(*(f"subscription__{name}" for name in wanted)).first()
    if change is None:
        raise Http404
    back = f"/seats/expansion/?line={change.subscription.line.code}"
    form = UndoForm(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        return _undo(request, change, form.cleaned_data["amount"], back)
    return _show(request, change, back)


def _show(request: OrganizationRequest, change: SeatChange, back: str, status: int = 200) -> HttpResponse:
    try:
        shown = expansion_undo.offer(change, clock.now())
    except (seats.SeatsError, faults.GatewayError) as error:
        return _refused(request, error, back)
    values = {
        "change": change,
        "back_minor": -shown.total_minor,
        "gained": change.quantity_after - change.quantity_before,
        "until": expansion_undo.until(change, clock.now()),
        "back_url": back,
        "is_stale": status == 409,
    }
    return render(request, "storefront/seats/expansion_undo.html", values, status=status)


def _undo(request: OrganizationRequest, change: SeatChange, amount: int, back: str) -> HttpResponse:
    try:
        made = expansion_undo.undo(change, back_minor=amount, origin=access.origin(request), at=clock.now())
    except seats.Stale:
        return _show(request, change, back, status=409)
    except (seats.SeatsError, commands.Busy, faults.GatewayError) as error:
        return _refused(request, error, back)
    values = {"seats": words.seats(change.quantity_before), "amount": words.money(amount, change.currency)}
    if made.state == ChangeState.DONE:
        messages.success(request, _("You have %(seats)s again. %(amount)s is your credit now.") % values)
    else:
        messages.info(request, _("They are being taken back. Our payment service takes a moment."))
    return redirects.see(back)


def _refused(request: OrganizationRequest, error: Exception, back: str) -> HttpResponse:
    if isinstance(error, seats.BelowSeatsInUse):
        text = _("Some of these seats have been given to people. Take as many seats back from people first.")
    elif isinstance(error, expansion_undo.TooLate):
        text = _("This can't be undone any more. Have fewer seats from the renewal on instead.")
    elif isinstance(error, faults.GatewayError):
        text = _("Our payment service does not answer. Nothing is lost; try again in a minute.")
    else:
        text = _("A change is being made. Look again in a few seconds.")
    messages.warning(request, text)
    return redirects.see(back)
