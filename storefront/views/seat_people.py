"""Who has a seat: giving, taking back, and inviting somebody to one."""

import re

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.models import Role
from billing.models import SeatAssignment, Subscription
from billing.queries import overview
from billing.queries.overview import State
from billing.services import people
from config import clock, switches
from config.switches import Feature
from storefront.views import redirects

SEPARATORS = re.compile(r"[\s,;]+")


@require_POST
@access.require(Permission.CHANGE_SEATS)
def assignments(request: OrganizationRequest) -> HttpResponse:
    """POST /seats/assignments/: one of {assign: membership}, {unassign: assignment}, {emails}; `line` names the product."""
    standing = overview.standing(request.organization, request.POST.get("line", "")[:40])
    if standing is None or not standing.row.is_live:
        messages.error(request, _("There is no active subscription. Nothing was changed."))
    elif standing.state is State.PAUSED:
        messages.warning(request, _("It is paused: everything is kept, and nothing can be changed until it goes on."))
    elif request.POST.get("assign"):
        _assign(request, standing.row)
    elif request.POST.get("unassign"):
        _unassign(request)
    else:
        _invite(request)
    return redirects.back(request, "storefront:seats", **({"line": standing.row.line.code} if standing else {}))


def _assign(request: OrganizationRequest, row: Subscription) -> None:
    ids = [int(text) for text in request.POST.getlist("assign") if text.isascii() and text.isdigit() and len(text) < 16]
    try:
        given = people.assign(subscription=row, membership_ids=ids, origin=access.origin(request), at=clock.now())
    except people.NoFreeSeat as error:
        text = ngettext(
            "Every seat is taken. Add %(count)s seat first.", "Every seat is taken. Add %(count)s seats first.", error.missing
        )
        messages.warning(request, text % {"count": error.missing})
    except people.NotAMember:
        messages.error(request, _("That person is not in your organization any more."))
    else:
        if given:
            messages.success(request, ngettext("Seat given.", "Seats given.", given))


def _unassign(request: OrganizationRequest) -> None:
    text = request.POST["unassign"]
    mine = SeatAssignment.objects.filter(subscription__organization=request.organization)
    seat = mine.filter(pk=int(text)).first() if text.isascii() and text.isdigit() and len(text) < 16 else None
    if seat is None:
        raise Http404
    if people.unassign(assignment=seat, origin=access.origin(request), at=clock.now()):
        messages.success(request, _("Seat taken back. It is free now; what it costs stays the same."))


def _invite(request: OrganizationRequest) -> None:
    if not switches.has(Feature.INVITATIONS):
        raise Http404
    emails = [part for part in SEPARATORS.split(request.POST.get("emails", "")) if part]
    if not emails:
        messages.warning(request, _("Type one or more e-mail addresses."))
        return
    try:
        invited = people.invite(
            organization=request.organization,
            emails=emails,
            role=Role.MEMBER,
            with_seat=True,
            origin=access.origin(request),
            at=clock.now(),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return
    _say_invited(request, invited)


def _say_invited(request: OrganizationRequest, invited: people.Invited) -> None:
    new = [result.email for result in invited.results if result.is_new]
    not_new = [result.email for result in invited.results if not result.is_new]
    seated = len(invited.seated)
    if seated:
        text = ngettext("%(count)s person invited to a seat.", "%(count)s people invited to a seat.", seated)
        messages.success(request, text % {"count": seated})
    if len(new) > seated:
        missing = len(new) - seated
        text = ngettext(
            "%(count)s person invited without a seat: all are taken. Add a seat for them.",
            "%(count)s people invited without a seat: all are taken. Add seats for them.",
            missing,
        )
        messages.warning(request, text % {"count": missing})
    if not_new:
        text = _("Not invited, because they are here already, invited already, or no addresses: %(emails)s")
        messages.info(request, text % {"emails": ", ".join(not_new[:5])})
