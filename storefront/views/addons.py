"""An add-on for a subscription there is: see what it costs, have exactly that, give it back with the period."""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import Addon, ChangeState, SeatChange
from billing.queries import overview
from billing.queries.overview import Standing
from billing.rules.addons import Item
from billing.services import commands, faults
from billing.services.changes import addons, scheduled, seats
from config import clock, words
from storefront import addon_receipts, addon_words, invoice_words, receipts, seat_problems, seat_urls, trial_receipts
from storefront.forms import addons as forms
from storefront.views import redirects


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CHANGE_SEATS)
def addon(request: OrganizationRequest) -> HttpResponse:
    """GET /subscription/add-ons/?line=&addon=&number=: what having it costs now. POST {token} has it.

    With action=give_back: what `number` of it, fewer than now, or none (0) costs from the period's end on; POST does it.
    """
    said = request.POST if request.method == "POST" else request.GET
    standing = overview.standing(request.organization, said.get("line", "")[:40])
    if standing is None or not standing.row.is_live:
        return render(request, "storefront/seats/nothing.html", {"standing": standing})
    if request.method != "POST" and said.get("action") == "give_back":
        return _fewer(request, standing, said.get("addon", "")[:40])
    if request.method != "POST":
        return _answer(request, standing, said.get("addon", "")[:40])
    return _give_back(request, standing) if said.get("action") == "give_back" else _confirm(request, standing)


def _answer(request: OrganizationRequest, standing: Standing, code: str) -> HttpResponse:
    number = forms.whole(request.GET.get("number", ""), -1)
    wanted = None if number < 0 else number
    try:
        offered = addons.offer(standing.row, code=code, number=wanted, at=clock.now())
    except (seats.SeatsError, faults.GatewayError) as error:
        return _render(request, standing, problem=seat_problems.of(standing, error, standing.quantity))
    return _render(request, standing, offered=offered)


def _fewer(request: OrganizationRequest, standing: Standing, code: str) -> HttpResponse:
    """What giving some of it back means, before the click; a number that cannot be is refused here already."""
    number, at = forms.whole(request.GET.get("number", ""), -1), clock.now()
    item = next((one for one in standing.held_addons if one.code == code), None)
    try:
        if item is None:
            raise addons.NotHeld("It is not had.")
        if problem := _out_of_range(item, number):
            return _render(request, standing, problem=problem, status=problem.status)
        scheduled.check_addon(standing.row, addon=_addon(standing, code), number=number)
    except seats.SeatsError as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _render(request, standing, problem=problem, status=problem.status)
    return _render(request, standing, back=addon_receipts.of_fewer(standing, item, number, at), code=code, number=number)


def _out_of_range(item: Item, number: int) -> seat_problems.Problem | None:
    had = 1 if item.number is None else item.number
    return None if 0 <= number < had else seat_problems.not_fewer(addon_words.name(item.name), had)


def _addon(standing: Standing, code: str) -> Addon:
    row = Addon.objects.filter(line=standing.row.line_id, code=code).first()
    if row is None:
        raise addons.NotHeld("There is no such add-on.")
    return row


def _confirm(request: OrganizationRequest, standing: Standing) -> HttpResponse:
    token, origin = request.POST.get("token", ""), access.origin(request)
    try:
        change = addons.confirm(standing.row, token=token, origin=origin, at=clock.now())
    except seats.Stale as error:
        return _render(request, standing, problem=seat_problems.stale(), offered=error.fresh, status=409)
    except (seats.SeatsError, commands.Busy, faults.GatewayError) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _render(request, standing, problem=problem, status=problem.status)
    if change.state != ChangeState.DONE:
        return redirects.see(f"/seats/changes/{change.public_id}/")
    messages.success(request, _made(change))
    return redirects.see(f"{seat_urls.seats_url(standing)}#add-ons")


def _made(change: SeatChange) -> str:
    """What was paid; in a trial, what the first charge has become."""
    assert change.addon_price is not None
    values = {
        "addon": addon_words.name(change.addon_price.addon.name),
        "amount": words.money(change.due_now_minor, change.currency),
    }
    charge = change.preview.get("first_charge")
    if charge:
        values["amount"] = words.money(charge["due_minor"], change.currency)
        values["day"] = words.day(datetime.fromtimestamp(charge["at"], UTC))
        gone = change.addon_after == 0
        said = _("%(addon)s was given back.") if gone else _("You have %(addon)s now, free until %(day)s.")
        then = _("The first charge is %(amount)s then.")
        return f"{said % values} {then % values}"
    if said := invoice_words.made(change):
        had = _("You have %(addon)s now.") % values
        return f"{had} {said}"
    said = _("You have %(addon)s now. %(amount)s paid.") if change.due_now_minor else _("You have %(addon)s now.")
    return f"{said % values} {invoice_words.carried(change.carried_minor, change.currency)}".strip()


def _give_back(request: OrganizationRequest, standing: Standing) -> HttpResponse:
    """Fewer, or none, with the period. Free to take back until then."""
    code, number = request.POST.get("addon", "")[:40], forms.whole(request.POST.get("number", "0"), -1)
    item = next((one for one in standing.held_addons if one.code == code), None)
    if item is not None and (problem := _out_of_range(item, number)):
        return _render(request, standing, problem=problem, status=problem.status)
    try:
        row = _addon(standing, code)
        change = scheduled.change_addon(standing.row, addon=row, number=number, origin=access.origin(request), at=clock.now())
    except (seats.SeatsError, commands.Busy) as error:
        problem = seat_problems.of(standing, error, standing.quantity)
        return _render(request, standing, problem=problem, status=problem.status)
    values = {"addon": addon_words.name(row.name), "day": words.day(change.effective_at), "number": words.number(number)}
    said = _("From %(day)s %(number)s x %(addon)s.") if number else _("From %(day)s without %(addon)s.")
    until = _("You can take it back until then.")
    messages.success(request, f"{said % values} {until}")
    return redirects.see(f"{seat_urls.seats_url(standing)}#add-ons")


def _render(
    request: OrganizationRequest,
    standing: Standing,
    *,
    offered: seats.Offer | None = None,
    back: receipts.Receipt | None = None,
    code: str = "",
    number: int = 0,
    problem: seat_problems.Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    """With `back` what giving some of `code` back until `number` are left means."""
    shown = offered.preview if offered else None
    make = trial_receipts.of_preview if shown and shown.first_charge else receipts.of_preview
    code = shown.addon if shown else code
    name = addon_words.of_code(standing, code) if code else _("Add-on")
    values = {
        "standing": standing,
        "problem": problem,
        "name": name,
        "token": offered.token if offered else "",
        "receipt": make(shown, standing, stale=status == 409) if shown else back,
        "code": code,
        "number": number,
        "confirm": "storefront/addons/_give_back.html" if back else "storefront/addons/_confirm.html",
        "label": _label(offered, name) if offered else "",
        "seats_url": f"{seat_urls.seats_url(standing)}#add-ons",
    }
    return render(request, "storefront/addons/page.html", values, status=status)


def _label(offered: seats.Offer, name: str) -> str:
    shown = offered.preview
    values = {"addon": name, "amount": words.money(shown.due_now_minor, shown.currency)}
    if shown.addon_after == 0:
        return _("Give %(addon)s back") % values
    if invoice_words.is_invoiced(shown):
        return _("Add %(addon)s on invoice") % values
    return (_("Pay %(amount)s and add %(addon)s") if shown.due_now_minor else _("Add %(addon)s")) % values
