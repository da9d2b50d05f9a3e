"""One change of seats: on its way or waiting for its payment, as a first charge may; and what waits for the period's end."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from billing.models import FIRST_PAYMENTS, ChangeKind, ChangeState, ScheduledChange, ScheduledKind, SeatChange
from billing.queries import unseated
from billing.services import commands, faults
from billing.services.changes import scheduled, seat_increases, seats
from billing.services.mirroring import invoices
from config import clock, words
from storefront import addon_words
from storefront.views import redirects

# How often the page asks how a change stands, in seconds, and for how long.
EVERY = {ChangeState.SENDING: 1, ChangeState.WAITING: 4}
LONGEST = {ChangeState.SENDING: timedelta(minutes=2), ChangeState.WAITING: timedelta(hours=2)}


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.CHANGE_SEATS)
def change(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """GET /seats/changes/<id>/: how it stands. POST action=drop gives it up.

    The page asks again with the state it shows (`seen`) and when it began to (`since`): 204 while nothing has changed, so that
    nobody's focus is disturbed.
    """
    found = _find(request, public_id)
    if request.method == "POST":
        return _drop(request, found)
    state, wall = ChangeState(found.state), clock.wall()
    is_same = request.GET.get("seen") == state
    since = _since(request.GET.get("since", ""), wall) if is_same else wall
    asks_again = state in EVERY and wall - since < LONGEST[state]
    is_part = request.htmx
    if is_part and is_same and asks_again:
        return HttpResponse(status=204)
    values = {
        "change": found,
        "gained": found.quantity_after - found.quantity_before,
        "line": found.subscription.line.code,
        "what": _what(found),
        "is_first": found.kind in FIRST_PAYMENTS,
        "people": _people(found) if state == ChangeState.WAITING else [],
        "asks_again": asks_again,
        "again_url": f"{request.path}?{urlencode({'seen': state.value, 'since': int(since.timestamp())})}",
        "look_url": request.path,
        "seconds": EVERY.get(state),
    }
    return render(request, "storefront/seats/_change.html" if is_part else "storefront/seats/change.html", values)


@require_http_methods(["GET", "HEAD"])
@access.require(Permission.CHANGE_SEATS)
def payment(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """GET /seats/changes/<id>/payment/: on to the page that finishes the payment, at the address it has now."""
    found = _find(request, public_id)
    if found.state != ChangeState.WAITING or not found.stripe_invoice_id:
        return redirects.see(f"/seats/changes/{found.public_id}/")
    try:
        return redirects.see(invoices.payment_url(found.stripe_invoice_id))
    except (faults.GatewayError, invoices.NoPage):
        messages.error(request, _("Our payment service does not answer. Nothing is lost; try again in a minute."))
        return redirects.see(f"/seats/changes/{found.public_id}/")


@require_POST
@access.require(Permission.CHANGE_SEATS)
def scheduled_change(request: OrganizationRequest, public_id: str) -> HttpResponse:
    """POST /seats/scheduled/<id>/ action=take_back: undo a change, or the cancellation, that has not happened yet."""
    rows = ScheduledChange.objects.filter(subscription__organization=request.organization, public_id=public_id)
    found = rows.select_related("subscription__line", "subscription__plan", "price_after").first()
    if found is None:
        raise Http404
    try:
        is_taken = scheduled.take_back(found, origin=access.origin(request), at=clock.now())
    except seats.BelowSeatsInUse as error:
        text = ngettext(
            "%(count)s person more has a seat than would be left. Take a seat back first; nothing was changed.",
            "%(count)s people more have a seat than would be left. Take seats back first; nothing was changed.",
            error.missing,
        )
        messages.error(request, text % {"count": words.number(error.missing)})
    except seats.NotLive:
        messages.error(request, _("The subscription has ended. Nothing was changed."))
    except seats.Conflicts as error:
        text = _("Seats that change then came with it: your plan is sold with %(least)s to %(most)s. Take that back first.")
        messages.error(request, text % {"least": words.number(error.minimum), "most": words.seats(error.maximum)})
    else:
        _say(request, found, is_taken=is_taken)
    return redirects.back(request, "storefront:seats", line=found.subscription.line.code)


def _since(text: str, wall: datetime) -> datetime:
    """When the page began to ask; now, for what is no such instant."""
    is_number = text.isascii() and text.isdigit() and len(text) < 11
    return min(datetime.fromtimestamp(int(text), UTC), wall) if is_number else wall


def _find(request: OrganizationRequest, public_id: str) -> SeatChange:
    rows = SeatChange.objects.filter(subscription__organization=request.organization, public_id=public_id)
    known = rows.select_related("subscription__line", "subscription__plan", "subscription__organization", "actor")
    found = known.select_related("addon_price__addon", "price_after__plan").first()
    if found is None:
        raise Http404
    return found


def _what(found: SeatChange) -> str:
    """The name of the add-on or the plan that it is about; "": of seats."""
    if found.price_after is not None:
        return found.price_after.plan.name
    return addon_words.name(found.addon_price.addon.name) if found.addon_price else ""


def _people(found: SeatChange) -> list[str]:
    """Whom the seats are for: members by name, the others by the address that is invited then."""
    return [*(unseated.names(found.assign_to) if found.assign_to else []), *found.invite]


def _drop(request: OrganizationRequest, found: SeatChange) -> HttpResponse:
    try:
        found = seat_increases.drop(found, origin=access.origin(request), at=clock.now())
    except commands.Busy:
        messages.warning(request, _("A change is being made. Look again in a few seconds."))
        return redirects.see(f"/seats/changes/{found.public_id}/")
    if found.state == ChangeState.DROPPED and found.kind in FIRST_PAYMENTS:
        messages.success(request, _("Dropped. Nothing was charged, and everything is as it was."))
        return redirects.back(request, "storefront:home")
    if found.state == ChangeState.DROPPED:
        said = _("Dropped. Nothing was charged, and your seats are as they were.")
        if found.kind == ChangeKind.WINDOW:
            said = _("Given back. Nothing was charged for them.")
        messages.success(request, said)
        return redirects.back(request, "storefront:seats", line=found.subscription.line.code)
    return redirects.see(f"/seats/changes/{found.public_id}/")


def _say(request: OrganizationRequest, found: ScheduledChange, *, is_taken: bool) -> None:
    if not is_taken:
        messages.info(request, _("That has happened, or was taken back, already."))
    elif found.kind == ScheduledKind.END:
        messages.success(request, _("Your subscription goes on. Nothing is lost."))
    elif found.kind == ScheduledKind.PLAN:
        messages.success(request, _("Taken back. You keep %(plan)s as it is.") % {"plan": found.subscription.plan.name})
    else:
        messages.success(request, _("Taken back. Your seats stay as they are."))
