"""Whose account a customer is: dated rows, set from the customer's page, ended from their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from config import words
from config.admin import acts, pages
from offramps.admin import roster_acts
from offramps.admin.roster_forms import OwnerForm
from offramps.models import AccountOwnership, OwnerKind, OwnerStyle
from offramps.services import owning


def _now(organization: Organization) -> list[acts.Row]:
    """Who has the account, and so ends with a new one of the same kind."""
    rows = AccountOwnership.objects.filter(organization=organization, ends_at=None).select_related("rep__user", "pool")
    text = gettext("%(name)s, since %(when)s")
    return [
        acts.Row(str(row.get_kind_display()), text % {"name": row.rep or row.pool, "when": words.moment(row.starts_at)})
        for row in rows
    ]


def _set(organization: Organization, form: Any, who: dict[str, Any]) -> object:
    said = form.cleaned_data
    values = {**said, "kind": OwnerKind(said["kind"]), "style": OwnerStyle(said["style"])}
    return owning.set_owner(organization, **values, **who)


SET = roster_acts.Step(
    title=_("Set the account's owner"),
    lead=_("Whoever has the account in the same kind is its owner no longer from this moment on; the row stays."),
    button=_("Set the owner"),
    done=_("Set."),
    permission="offramps.change_accountownership",
    form=lambda data, _row: OwnerForm(data),
    do=_set,
    icon="assignment_ind",
    rows=_now,
)
END = roster_acts.Step(
    title=_("End it"),
    lead=_("Nobody has the account in this kind any more, until somebody is set."),
    button=_("End it"),
    done=_("Ended."),
    permission="offramps.change_accountownership",
    form=lambda data, _row: forms.Form(data),
    do=lambda row, _form, who: owning.end(row, **who),
    icon="person_off",
    is_open=lambda row: row.ends_at is None,
)


@admin.register(AccountOwnership)
class AccountOwnershipAdmin(pages.ReadOnly):
    list_display = ("organization", "kind", "rep", "pool", "style", "reason", "starts_at", "ends_at")
    list_filter = ("kind", "style", ("ends_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "rep__user", "pool", "set_by")
    search_fields = ("organization__name", "rep__user__email", "rep__user__name", "reason")
    ordering = ("-starts_at", "-id")
    fields: Any = (("organization", "kind"), ("rep", "pool"), ("style", "set_by"), "reason", ("starts_at", "ends_at"))
    begins = pages.Begins(
        text=_("An owner is set on the customer's page: choose the organization, then “Set the account's owner”."),
        label=_("Choose an organization"),
        list="admin:accounts_organization_changelist",
    )

    def get_urls(self) -> list[URLPattern]:
        """With the pages on which an owner is set and ended."""

        def set_owner(request: HttpRequest, organization_id: int) -> HttpResponse:
            row = get_object_or_404(Organization, pk=organization_id)
            back_url = reverse("admin:accounts_organization_change", args=[row.pk])
            return roster_acts.run(self, request, SET, row, back_url)

        def end(request: HttpRequest, row_id: int) -> HttpResponse:
            return roster_acts.on_row(self, request, END, AccountOwnership, row_id)

        guard = self.admin_site.admin_view
        return [
            path("set/<int:organization_id>/", guard(set_owner), name="offramps_accountownership_set"),
            path("<int:row_id>/end/", guard(end), name="offramps_accountownership_end"),
            *super().get_urls(),
        ]


def _set_offer(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    if not request.user.has_perm(SET.permission):
        return None
    url = reverse("admin:offramps_accountownership_set", args=[organization.pk])
    return acts.Offer(str(SET.title), url, SET.icon)


def _end_offer(request: HttpRequest, row: AccountOwnership) -> acts.Offer | None:
    if row.ends_at is not None or not request.user.has_perm(END.permission):
        return None
    return acts.Offer(str(END.title), reverse("admin:offramps_accountownership_end", args=[row.pk]), END.icon)


acts.offer_on(Organization, _set_offer)
acts.offer_on(AccountOwnership, _end_offer)
