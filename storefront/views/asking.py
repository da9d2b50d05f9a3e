"""Asking to join, asking for a seat, and the page on which somebody decides: from a mail's link, or from the team page."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.middleware import CURRENT, zone
from accounts.models import JoinRequest, Organization, RequestState, SeatRequest
from accounts.models.requests import Asked
from accounts.rules import permissions
from accounts.services import asking, joining, seat_requests
from billing.queries import overview
from billing.services import people
from config import clock
from storefront.forms.asking import AnswerForm, AskForm
from storefront.views import redirects

JOIN, SEAT = "join", "seat"
Row = TypeVar("Row", JoinRequest, SeatRequest)


@require_POST
@access.signed_in
def join_requests(request: OrganizationRequest) -> HttpResponse:
    """POST /organizations/joining/ with `organization` (a public id that was offered), `reason`, and `at_once` to join now."""
    form = AskForm(request.POST)
    public_id = request.POST.get("organization", "")[:16]
    origin, at = access.origin(request), clock.now()
    try:
        if request.POST.get("at_once"):
            member = joining.join_at_once(user=request.user, public_id=public_id, origin=origin, at=at)
            request.session[CURRENT] = member.organization.public_id
            messages.success(request, _("Welcome to %(organization)s.") % {"organization": member.organization})
            return redirect("/")
        reason = form.cleaned_data["reason"] if form.is_valid() else request.POST.get("reason", "")
        row = joining.ask(user=request.user, public_id=public_id, reason=reason, origin=origin, at=at)
    except joining.NotOffered:
        raise Http404 from None
    except asking.NotNow as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(
            request, _("Asked. You get a mail as soon as somebody at %(domain)s answers.") % {"domain": row.organization.domain}
        )
    return redirect("storefront:organization_new")


@require_POST
@access.signed_in
def join_withdrawal(request: OrganizationRequest, request_id: int) -> HttpResponse:
    """POST /organizations/joining/<id>/withdrawal/: take one's own request back."""
    try:
        joining.withdraw(user=request.user, request_id=request_id, origin=access.origin(request), at=clock.now())
    except JoinRequest.DoesNotExist:
        raise Http404 from None
    except asking.Answered:
        messages.info(request, _("It has been answered meanwhile, or has run out."))
    else:
        messages.success(request, _("Your request is taken back."))
    return redirect("storefront:organization_new")


@require_http_methods(["GET", "HEAD", "POST"])
@access.signed_in
def join_request(request: OrganizationRequest, token: str) -> HttpResponse:
    """GET, POST /team/requests/<token>/ with `decision` (approve, decline) and `answer`. The link alone decides nothing."""
    row = joining.by_token(token)
    if row is None or not _may_decide(request, row.organization, Permission.MANAGE_MEMBERS):
        raise Http404
    return _decide(request, row, JOIN, row.organization, _answer_join)


@require_POST
@access.require(Permission.VIEW_MEMBER_HOME)
def seat_asks(request: OrganizationRequest) -> HttpResponse:
    """POST /seats/requests/ with `reason`: ask for a seat; with `withdraw` take it back."""
    origin, at = access.origin(request), clock.now()
    if request.POST.get("withdraw"):
        if seat_requests.withdraw(membership=request.membership, origin=origin, at=at):
            messages.success(request, _("Your request is taken back."))
        return redirect("storefront:home")
    if people.has_seat(request.membership):
        messages.info(request, _("You have a seat already."))
        return redirect("storefront:home")
    form = AskForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else request.POST.get("reason", "")
    try:
        seat_requests.ask(membership=request.membership, reason=reason, origin=origin, at=at)
    except asking.NotNow as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("Asked. You get a mail as soon as the seat is yours."))
    return redirect("storefront:home")


@require_http_methods(["GET", "HEAD", "POST"])
@access.signed_in
def seat_request(request: OrganizationRequest, token: str) -> HttpResponse:
    """GET, POST /seats/requests/<token>/ with `decision` and `answer`: a free seat is given, else the price of one is next."""
    row = seat_requests.by_token(token)
    if row is None or row.membership.left_at or not _may_decide(request, row.membership.organization, Permission.CHANGE_SEATS):
        raise Http404
    return _decide(request, row, SEAT, row.membership.organization, _answer_seat)


def _may_decide(request: OrganizationRequest, organization: Organization, permission: Permission) -> bool:
    """Whether the reader's role there allows it; the organization need not be the one they act for just now."""
    mine = next((row for row in request.memberships if row.organization_id == organization.pk), None)
    return mine is not None and permissions.allows(mine.role, permission)


def _decide(
    request: OrganizationRequest,
    row: Row,
    what: str,
    organization: Organization,
    answer: Callable[[OrganizationRequest, Row, AnswerForm], HttpResponse],
) -> HttpResponse:
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _is_open(row):
        request.session[CURRENT] = organization.public_id
        try:
            return answer(request, row, form)
        except asking.Answered:
            row.refresh_from_db()
    is_open = _is_open(row)
    context = {
        "row": row,
        "what": what,
        "person": row.user if isinstance(row, JoinRequest) else row.membership.user,
        "organization": organization,
        "form": form,
        "is_open": is_open,
        "state": row.state if row.state != RequestState.OPEN or is_open else RequestState.EXPIRED,
    }
    status = 200 if is_open else 409 if request.method == "POST" else 410
    with timezone.override(zone(organization.time_zone)):  # as the mail says it, and whichever one they act for just now
        return render(request, "storefront/asking/decision.html", context, status=422 if is_open and form.errors else status)


def _is_open(row: Asked) -> bool:
    return row.state == RequestState.OPEN and row.expires_at > clock.now()


def _answer_join(request: OrganizationRequest, row: JoinRequest, form: AnswerForm) -> HttpResponse:
    origin, at = access.origin(request), clock.now()
    if form.cleaned_data["decision"] == "approve":
        joining.approve(request=row, origin=origin, at=at)
        messages.success(request, _("%(name)s is in the team now, without a seat.") % {"name": row.user})
    else:
        joining.decline(request=row, answer=form.cleaned_data["answer"], origin=origin, at=at)
        messages.success(request, _("Declined. %(name)s gets a mail.") % {"name": row.user})
    return redirect("storefront:team")


def _answer_seat(request: OrganizationRequest, row: SeatRequest, form: AnswerForm) -> HttpResponse:
    origin, at, member = access.origin(request), clock.now(), row.membership
    if form.cleaned_data["decision"] != "approve":
        seat_requests.decline(request=row, answer=form.cleaned_data["answer"], origin=origin, at=at)
        messages.success(request, _("Declined. %(name)s gets a mail.") % {"name": member.user})
        return redirect("storefront:home")
    standing = next(iter(overview.standings(member.organization)), None)
    if standing is None or not standing.row.is_live:
        messages.warning(request, _("There is no active subscription. Choose a plan first; the request waits meanwhile."))
        return redirect("storefront:pricing")
    try:
        people.assign(subscription=standing.row, membership_ids=[member.pk], origin=origin, at=at)
    except people.NoFreeSeat:
        messages.info(
            request, _("Every seat is taken. One more costs this; with your click %(name)s gets it.") % {"name": member.user}
        )
        query: dict[str, str | int] = {
            "line": standing.row.line.code,
            "seats": standing.quantity + 1,
            "when": "now",
            "member": member.pk,
        }
        return redirects.see(f"{reverse('storefront:seats')}?{urlencode(query)}")
    except people.NotAMember:
        raise Http404 from None
    messages.success(request, _("%(name)s has a seat now.") % {"name": member.user})
    return redirect("storefront:seats")
