"""An invitation: the page its link leads to, mailing it again, withdrawing it."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.middleware import CURRENT, zone
from accounts.models import Invitation, Membership, Role
from accounts.queries import invitations as read
from accounts.services import invitations
from billing.models import SeatAssignment
from billing.services import people
from config import clock


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """GET, POST /invitations/<token>/: who invites whom to what, and joining. Anybody with the link may look."""
    found = read.by_token(token)
    if found is None:
        return render(request, "storefront/invitations/unknown.html", status=404)
    # In the organization's time zone, as the mail has said it: whoever looks is not in it yet.
    with timezone.override(zone(found.organization.time_zone)):
        response = _join(request, token, found) if request.method == "POST" else _show(request, token, found)
    patch_cache_control(response, private=True, no_store=True)
    return response


@require_POST
@access.require(Permission.INVITE)
def sends(request: OrganizationRequest, invitation_id: int) -> HttpResponse:
    """POST /team/invitations/<id>/sends/: mail it again, with a fresh link."""
    row = _own(request, invitation_id)
    try:
        invitations.resend(invitation=row, origin=access.origin(request), at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The invitation to %(email)s is on its way again.") % {"email": row.email})
    return redirect("storefront:team")


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.INVITE)
def revocation(request: OrganizationRequest, invitation_id: int) -> HttpResponse:
    """GET, POST /team/invitations/<id>/revocation/: what it means, then its link stops working and its seat is free."""
    row = _own(request, invitation_id)
    if request.method != "POST":
        has_seat = SeatAssignment.objects.filter(invitation=row, ended_at=None).exists()
        return render(request, "storefront/invitations/revocation.html", {"invitation": row, "has_seat": has_seat})
    people.revoke(invitation=row, origin=access.origin(request), at=clock.now())
    messages.success(request, _("The invitation to %(email)s is withdrawn.") % {"email": row.email})
    return redirect("storefront:team")


def _own(request: OrganizationRequest, invitation_id: int) -> Invitation:
    """The organization's invitation; a billing admin may not touch those that give a higher role than they could."""
    rows = Invitation.objects.filter(organization=request.organization).select_related("organization")
    row = get_object_or_404(rows, pk=invitation_id)
    if row.role != Role.MEMBER and not access.can(request, Permission.MANAGE_ROLES):
        raise Http404
    return row


def _show(request: HttpRequest, token: str, found: Invitation, status: int = 200) -> HttpResponse:
    standing = read.standing(found, clock.now())
    user = request.user
    is_right = user.is_authenticated and user.email.lower() == found.email.lower()
    context: dict[str, Any] = {"invitation": found, "standing": standing, "is_right_person": is_right}
    if standing is not read.Standing.OPEN:
        context["is_member"] = user.is_authenticated and _is_member(request, found)
        return render(request, "storefront/invitations/ended.html", context, status=410 if status == 200 else status)
    if not user.is_authenticated:
        # Whoever has the link reads that mailbox: signing up with its address needs no further proof.
        get_adapter().stash_verified_email(request, found.email)
        query = urlencode({"email": found.email, "next": reverse("storefront:invitation", args=[token])})
        context |= {
            "signup_url": f"{reverse('account_signup')}?{query}",
            "login_url": f"{reverse('account_login')}?{query}",
        }
    return render(request, "storefront/invitations/invitation.html", context, status=status)


def _join(request: HttpRequest, token: str, found: Invitation) -> HttpResponse:
    if not request.user.is_authenticated:
        return _show(request, token, found, status=403)
    try:
        membership = people.accept(token=token, user=request.user, origin=access.origin(request), at=clock.now())
    except (invitations.NotAcceptable, invitations.WrongPerson):
        found.refresh_from_db()
        return _show(request, token, found, status=409)
    request.session[CURRENT] = membership.organization.public_id
    messages.success(request, _("Welcome to %(organization)s.") % {"organization": membership.organization})
    return redirect("/")


def _is_member(request: HttpRequest, found: Invitation) -> bool:
    rows: list[Membership] = request.memberships  # type: ignore[attr-defined] # a middleware adds it
    return any(row.organization_id == found.organization_id for row in rows)
