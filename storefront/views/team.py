"""The team: who is in it, who is invited, and inviting many at once."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import OrganizationRequest, Permission
from accounts.models import Invitation, Membership, Role
from accounts.queries import invitations as invitations_read
from accounts.queries import joining as joining_read
from accounts.queries import mail_choices, members
from accounts.rules import permissions
from accounts.services import joining
from accounts.services.invitations import Outcome
from billing.services import people
from config import clock
from storefront.forms.team import InviteForm

PAGE_SIZE = 50
OUTCOMES = {
    Outcome.INVITED: (gettext_lazy("Invited"), "good"),
    Outcome.MEMBER: (gettext_lazy("Is in the team already"), "neutral"),
    Outcome.WAITING: (gettext_lazy("Has an open invitation already"), "neutral"),
    Outcome.REPEATED: (gettext_lazy("Twice in your list"), "neutral"),
    Outcome.MALFORMED: (gettext_lazy("Is no e-mail address. Correct it and send it again"), "bad"),
    # Outcome.KNOWN is of programs alone, which name invitations by ids of their own.
}


@dataclass(frozen=True)
class Member:
    """A row of the team: what may be done to it depends on who looks."""

    membership: Membership
    is_self: bool
    can_remove: bool
    can_change_role: bool


@dataclass(frozen=True)
class Waiting:
    invitation: Invitation
    is_expired: bool


@dataclass(frozen=True)
class Line:
    """What became of one address."""

    email: str
    label: str
    tone: str


@require_safe
@access.require(Permission.VIEW_TEAM)
def team(request: OrganizationRequest) -> HttpResponse:
    """GET /team/?q=&page=."""
    return render(request, "storefront/team/team.html", context(request, InviteForm(roles=roles_to_give(request))))


@require_POST
@access.require(Permission.INVITE)
def invitations(request: OrganizationRequest) -> HttpResponse:
    """POST /team/invitations/: invite everybody in the list or file; the page again, with a result a line."""
    form = InviteForm(request.POST, request.FILES, roles=roles_to_give(request))
    lines: list[Line] = []
    if form.is_valid():
        try:
            lines = _invite(request, form)
            form = InviteForm(roles=roles_to_give(request))
        except ValidationError as error:
            form.add_error(None, error)
    return render(request, "storefront/team/team.html", context(request, form, lines), status=422 if form.errors else 200)


def context(request: OrganizationRequest, form: InviteForm, lines: list[Line] | None = None) -> dict[str, Any]:
    """What the team page and its parts show. Six queries besides the request's own."""
    now = clock.now()
    query = request.GET.get("q", "").strip()
    rows = members.of(request.organization)
    if query:
        rows = rows.filter(Q(user__name__icontains=query) | Q(user__email__icontains=query))
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    waiting = invitations_read.waiting(request.organization)[: 4 * PAGE_SIZE]
    return {
        "form": form,
        "lines": lines or [],
        "query": query,
        "page": page,
        "members": [_member(request, row) for row in page],
        "asking": [(row, joining.token(row)) for row in joining_read.waiting(request.organization, now)],
        "unreachable": mail_choices.unreachable(request.organization),
        "waiting": [Waiting(row, row.expires_at <= now) for row in waiting],
        "can_transfer": access.can(request, Permission.TRANSFER_OWNERSHIP),
        "role_choices": Role.choices,
    }


def roles_to_give(request: OrganizationRequest) -> list[Role]:
    """The roles that whoever asks may hand out: every one for an owner, member for a billing admin."""
    return [Role.MEMBER, Role.BILLING_ADMIN, Role.OWNER] if access.can(request, Permission.MANAGE_ROLES) else [Role.MEMBER]


def _invite(request: OrganizationRequest, form: InviteForm) -> list[Line]:
    invited = people.invite(
        organization=request.organization,
        emails=form.cleaned_data["emails"],
        role=Role(form.cleaned_data["role"]),
        with_seat=form.cleaned_data["with_seat"],
        origin=access.origin(request),
        at=clock.now(),
    )
    lines = []
    for result in invited.results:
        label, tone = OUTCOMES[result.outcome]
        said = str(label)
        if result.is_new and form.cleaned_data["with_seat"]:
            said = _("Invited, with a seat") if result.email in invited.seated else _("Invited, no seat is free")
        lines.append(Line(result.email, said, tone))
    return lines


def _member(request: OrganizationRequest, row: Membership) -> Member:
    is_self = row.pk == request.membership.pk
    return Member(
        membership=row,
        is_self=is_self,
        can_remove=not is_self and permissions.can_act_on(request.membership.role, row.role),
        can_change_role=not is_self and access.can(request, Permission.MANAGE_ROLES),
    )
