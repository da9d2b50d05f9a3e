"""Looking at the store as a customer: the page that asks why, and the list of who looked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts import access, staff_guard, viewing_guard
from accounts.models import Organization, Viewing
from accounts.models.viewing import MOST_REASON
from accounts.origin import Source
from accounts.queries import viewing as queries
from accounts.services import viewing
from config import clock
from config.admin import acts, pages

TONES = {"button": "good", "sign_out": "good", "time": "", "replaced": ""}


class ViewingForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=MOST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("What you look for. It is kept in the customer's timeline, with your name."),
    )
    ticket = forms.CharField(
        label=_("Ticket"),
        required=False,
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Its number, if there is one."),
    )


def may_look(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("accounts.add_viewing"))


def offer(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    """The button on the organization's page."""
    if organization.closed_at or not may_look(request):
        return None
    url = reverse("admin:accounts_organization_viewing", args=[organization.pk])
    return acts.Offer(gettext("View as the customer"), url, "visibility")


def start(page: pages.Page, request: HttpRequest, object_id: str) -> HttpResponse:
    """GET, POST /admin/accounts/organization/<id>/viewing/ {reason, ticket}: ask why, then on to the customer's home."""
    if not may_look(request):
        raise PermissionDenied
    if proof := staff_guard.way_to_fresh_proof(request, request.get_full_path()):
        return HttpResponseRedirect(proof)
    organization = get_object_or_404(Organization, pk=object_id)
    form = ViewingForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (opened := _open(request, organization, form)):
        return opened
    eyes = queries.eyes(organization)
    lead = gettext("You see what %(person)s sees and can change nothing. The customer's own sign-ins and marks stay untouched.")
    act = acts.Act(
        title=gettext("View %(organization)s as the customer") % {"organization": organization.name},
        lead=lead % {"person": eyes.user} if eyes else gettext("Nobody owns this organization: there are no eyes to borrow."),
        form=form,
        button=gettext("Look") if eyes else "",
        back_url=viewing_guard.back_url(organization.pk),
    )
    return acts.render(page, request, organization, act)


def _open(request: HttpRequest, organization: Organization, form: ViewingForm) -> HttpResponse | None:
    try:
        found = viewing.start(
            organization=organization,
            **form.cleaned_data,
            origin=access.origin(request, Source.ADMIN),
            at=clock.now(),
            wall=clock.wall(),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None
    except viewing.NothingToSee:
        messages.error(request, gettext("There is nothing to look at: it is closed, or nobody owns it."))
        return HttpResponseRedirect(viewing_guard.back_url(organization.pk))
    viewing_guard.open_in(request, found)
    return HttpResponseRedirect("/")


@admin.register(Viewing)
class ViewingAdmin(pages.ReadOnly):
    list_display = ("opened_at", "organization", "staff", "reason", "ticket", "until_at", "ended_at", "ended_by")
    list_filter = ("ended_by", "staff")
    list_select_related = ("organization", "staff")
    search_fields = ("organization__name", "staff__email", "reason", "ticket")
    ordering = ("-opened_at", "-id")
    date_hierarchy = "opened_at"
    badges = {"ended_by": TONES}
    fields: Any = (
        *(("organization", "membership"), ("staff", "ticket"), "reason", ("opened_at", "until_at"), ("ended_at", "ended_by")),
    )
