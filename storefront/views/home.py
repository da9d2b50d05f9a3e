"""The first page after signing in: for those who decide about money, and for members."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.queries import members, seat_requests
from billing.models import SeatAssignment
from billing.queries import carts, checkouts, grant_words, grants, invoices, overview
from billing.queries import seats as seats_query
from billing.queries.overview import Standing, State
from config import clock
from offramps.queries import desk_access
from storefront import pause_words, pilot_words, return_words, timelines, trials

PEOPLE_SHOWN = 5
INVOICES_SHOWN = 3


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """GET /: a visitor is shown the prices, staff without a company of their own the desk or the admin, everybody
    else their home.
    """
    if not request.user.is_authenticated:
        return redirect("storefront:pricing")
    if request.user.is_staff and not request.memberships:  # type: ignore[attr-defined] # accounts.middleware adds it
        return redirect("offramps:desk" if desk_access.of(request).rep else "admin:index")
    return _home(request)


@access.require(Permission.VIEW_MEMBER_HOME)
def _home(request: OrganizationRequest) -> HttpResponse:
    if not access.can(request, Permission.VIEW_BILLING):
        return render(request, "storefront/home/member.html", _member(request))
    standings = overview.standings(request.organization)
    if not standings:
        return render(request, "storefront/home/nothing.html", _nothing(request))
    return render(request, "storefront/home/home.html", _owner(request, standings))


def _nothing(request: OrganizationRequest) -> dict[str, Any]:
    """Nothing was ever bought. Two queries."""
    return {
        "cart": carts.latest_of(request.organization),
        "attempt": checkouts.open_attempt(request.organization),
    }


def _owner(request: OrganizationRequest, standings: list[Standing]) -> dict[str, Any]:
    """Two queries besides the standings."""
    at = clock.now()
    standing = standings[0]
    has_ended = standing.state is State.ENDED
    shown = None if has_ended else seats_query.people(standing.row, at=at, limit=PEOPLE_SHOWN)
    return {
        "standing": standing,
        "others": standings[1:],
        "events": timelines.coming(standing, at) if not has_ended else [],
        "trial": trials.shown(standing, at),
        "pilot_text": pilot_words.banner(standing, standing.pilot) if standing.pilot else "",
        "people": shown,
        "cart": carts.latest_of(request.organization) if has_ended else None,
        "back": return_words.shown(standing) if has_ended and not standing.past_pilot else None,
        "invoices": invoices.newest(request.organization, INVOICES_SHOWN),
        "pause_url": pause_words.url(standing) if pause_words.looks_possible(standing, at) else "",
        "granted": grant_words.shown(grants.of(standings, at)),
    }


def _member(request: OrganizationRequest) -> dict[str, Any]:
    """A member's own seat, what they asked, and whom to ask. Two queries, three without a seat."""
    live = SeatAssignment.objects.filter(membership=request.membership, ended_at=None)
    seats = list(live.select_related("subscription__plan", "subscription__line", "assigned_by").order_by("assigned_at"))
    return {
        "seats": seats,
        "asked": None if seats else seat_requests.latest(request.membership, clock.now()),
        "who_can": members.who_can(request.organization, Permission.CHANGE_SEATS),
    }
