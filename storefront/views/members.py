"""One member: role, removal, leaving, and handing the ownership over."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.middleware import CURRENT
from accounts.models import Membership, Role
from accounts.queries import members
from accounts.rules import permissions
from accounts.services import memberships
from billing.services import people
from config import clock
from storefront.forms.team import OwnershipForm, RoleForm


@require_POST
@access.require(Permission.MANAGE_ROLES)
def role(request: OrganizationRequest, membership_id: int) -> HttpResponse:
    """POST /team/members/<id>/role/ with `role`."""
    membership = _member(request, membership_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles."))
        return redirect("storefront:team")
    new = Role(form.cleaned_data["role"])
    try:
        memberships.change_role(membership=membership, role=new, origin=access.origin(request), at=clock.now())
    except memberships.LastOwner:
        messages.error(request, _("You are the last owner. Make somebody else an owner first."))
    except memberships.Gone:
        messages.error(request, _("%(name)s has left the team meanwhile.") % {"name": membership.user})
    else:
        messages.success(request, _("%(name)s is now %(role)s.") % {"name": membership.user, "role": new.label})
    return redirect("storefront:team")


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.MANAGE_MEMBERS)
def removal(request: OrganizationRequest, membership_id: int) -> HttpResponse:
    """GET, POST /team/members/<id>/removal/: what it means, then it is done."""
    membership = _member(request, membership_id)
    if membership.pk == request.membership.pk:
        return redirect("storefront:team_leaving")
    if not permissions.can_act_on(request.membership.role, membership.role):
        return access.refuse(request, Permission.MANAGE_ROLES)
    if request.method != "POST":
        return render(request, "storefront/team/removal.html", {"member": membership})
    try:
        people.remove(membership=membership, origin=access.origin(request), at=clock.now())
    except memberships.LastOwner:
        messages.error(request, _("%(name)s is the last owner and can't be removed.") % {"name": membership.user})
    except memberships.Gone:
        messages.info(request, _("%(name)s had left the team already.") % {"name": membership.user})
    else:
        messages.success(request, _("%(name)s is no longer in the team.") % {"name": membership.user})
    return redirect("storefront:team")


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.VIEW_MEMBER_HOME)
def leaving(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /team/leaving/: leave the organization one acts for."""
    owners = members.owners(request.organization)
    is_last_owner = [owner.pk for owner in owners] == [request.membership.pk]
    if request.method == "POST":
        try:
            people.remove(membership=request.membership, origin=access.origin(request), at=clock.now())
        except memberships.LastOwner:
            is_last_owner = True
        except memberships.Gone:
            return redirect("/")
        else:
            request.session.pop(CURRENT, None)
            messages.success(request, _("You have left %(organization)s.") % {"organization": request.organization})
            return redirect("/")
    context = {"is_last_owner": is_last_owner}
    return render(request, "storefront/team/leaving.html", context, status=409 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@access.require(Permission.TRANSFER_OWNERSHIP)
def ownership(request: OrganizationRequest) -> HttpResponse:
    """GET, POST /team/ownership/ with `member`: make another member the owner and oneself a billing admin."""
    form = OwnershipForm(request.POST or None, membership=request.membership, initial={"member": request.GET.get("member")})
    if request.method == "POST" and form.is_valid():
        receiver = form.cleaned_data["member"]
        try:
            memberships.transfer_ownership(
                giver=request.membership, receiver=receiver, origin=access.origin(request), at=clock.now()
            )
        except (memberships.Gone, memberships.NotOwner):
            form.add_error("member", _("The team has changed meanwhile. Look again."))
        else:
            messages.success(request, _("%(name)s is now the owner. You are a billing admin.") % {"name": receiver.user})
            return redirect("storefront:team")
    return render(
        request,
        "storefront/team/ownership.html",
        {"form": form, "has_others": form.has_others},
        status=422 if form.errors else 200,
    )


def _member(request: OrganizationRequest, membership_id: int) -> Membership:
    rows = Membership.objects.live().filter(organization=request.organization).select_related("user", "organization")
    return get_object_or_404(rows, pk=membership_id)
