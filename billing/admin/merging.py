"""Merging two organizations: looked at first, confirmed by the name of the one that goes, and never undone."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts import access, staff_guard
from accounts.models import Organization, OrganizationMerge
from accounts.origin import Source
from billing.services import commands, merging
from billing.services.merging import Obstacle, Outlook
from config import clock, words
from config.admin import acts, pages

OBSTACLES: dict[Obstacle, Promise] = {
    Obstacle.SAME: _("That is the same organization: name the one that goes on."),
    Obstacle.CLOSED: _("One of the two is closed."),
    Obstacle.LIVE: _(
        "The one that goes has a subscription, and Stripe moves none to another customer: end it, or merge the other way round."
    ),
    Obstacle.INVOICES: _("The one that goes has open invoices: they are paid or settled first."),
    Obstacle.CHECKOUT: _("The one that goes has a payment page open: it ends within a day."),
    Obstacle.COMMAND: _("Something is being done at Stripe for the one that goes: try again in a minute."),
    Obstacle.CREDIT: _("The one that goes has a balance at Stripe: give the credit back, or have what is owed paid, first."),
    Obstacle.DISPUTE: _("The one that goes has a disputed charge: wait for its outcome."),
}
COUNTS: dict[str, Promise] = {
    "members": _("Members who move"),
    "members_there": _("Members who are in both"),
    "invitations": _("Open invitations that move"),
    "contacts": _("Billing contacts that move"),
    "invoices": _("Invoices that are read there from then on"),
    "external_ids": _("The product's own id, given to the other"),
    "keys_revoked": _("API keys that are revoked"),
    "webhooks_stopped": _("Webhook endpoints that stop"),
    "quotes_withdrawn": _("Quotes that are withdrawn"),
    "carts_closed": _("Carts that are closed"),
}


class MergeForm(forms.Form):
    """Into which, why, and the name of the one that goes."""

    target = forms.CharField(
        label=_("Goes on as"),
        max_length=120,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The other organization's public ID, or the product's own id of it."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("Who asked, and how you made sure that both are theirs."),
    )
    typed_name = forms.CharField(
        label=_("Name of the one that goes"),
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Typed as it stands above, once you have looked at what moves."),
    )

    def clean_target(self) -> Organization:
        said = self.cleaned_data["target"].strip()
        found = Organization.objects.filter(Q(public_id=said) | Q(external_id=said)).first()
        if found is None:
            raise ValidationError(gettext("There is no organization with this id."))
        return found


@admin.register(OrganizationMerge)
class OrganizationMergeAdmin(pages.ReadOnly):
    list_display = ("source", "target", "merged_by", "merged_at")
    list_select_related = ("source", "target", "merged_by")
    search_fields = ("source__name", "source__public_id", "target__name", "target__public_id")
    ordering = ("-merged_at", "-id")
    date_hierarchy = "merged_at"
    fields = (("source", "target"), "reason", "moved", ("merged_by", "merged_at"))

    def get_urls(self) -> list[URLPattern]:
        """With the page on which two are merged."""

        def merge(request: HttpRequest, source_id: int) -> HttpResponse:
            return _merge(self, request, source_id)

        own = path("of/<int:source_id>/", self.admin_site.admin_view(merge), name="accounts_organizationmerge_merge")
        return [own, *super().get_urls()]


def _merge(page: Any, request: HttpRequest, source_id: int) -> HttpResponse:
    """GET, POST .../of/<organization>/: into which and why; what moves and what is in the way; then by its name."""
    if not request.user.has_perm("accounts.add_organizationmerge"):
        raise PermissionDenied
    proof = staff_guard.way_to_fresh_proof(request, request.get_full_path())
    if proof:
        return HttpResponseRedirect(proof)
    source = get_object_or_404(Organization, pk=source_id)
    form = MergeForm(request.POST if request.method == "POST" else None)
    act = acts.Act(
        title=gettext("Merge %(name)s into another organization") % {"name": source.name},
        lead=gettext(
            "People and invoices go on in the other one, and it is closed for good. Both customers stay as they are at Stripe."
        ),
        form=form,
        button="",
        second=gettext("Look at what moves"),
        back_url=reverse("admin:accounts_organization_change", args=[source.pk]),
    )
    if request.method != "POST" or not form.is_valid():
        return acts.render(page, request, source, act, status=422 if form.is_bound else 200)
    target = form.cleaned_data["target"]
    problem = "" if "preview" in request.POST else _done(request, source, form)
    if problem is None:
        return HttpResponseRedirect(reverse("admin:accounts_organization_change", args=[target.pk]))
    found = merging.outlook(source, target)
    said = [str(OBSTACLES[one]) for one in found.obstacles]
    act = acts.replace(
        act,
        rows=_rows(source, target, found),
        button="" if said else gettext("Merge them for good"),
        problem=problem or " ".join(said),
    )
    return acts.render(page, request, source, act, status=422 if problem or form.errors else 200)


def _done(request: HttpRequest, source: Organization, form: MergeForm) -> str | None:
    """None: merged. Else what is wrong, which may be said at its field."""
    said, origin = form.cleaned_data, access.origin(request, Source.ADMIN)
    wanted = {"typed_name": said["typed_name"], "reason": said["reason"]}
    try:
        merging.merge(source, said["target"], **wanted, origin=origin, at=clock.now())
    except ValidationError as error:
        form.add_error(None, error)
        return ""
    except merging.InTheWay as error:
        return " ".join(str(OBSTACLES[one]) for one in error.obstacles)
    except commands.Busy:
        return str(OBSTACLES[Obstacle.COMMAND])
    messages.success(request, gettext("Merged. Everybody of the one that went has a mail."))
    return None


def _rows(source: Organization, target: Organization, found: Outlook) -> list[acts.Row]:
    counted = [acts.Row(str(label), words.number(found.moved[name])) for name, label in COUNTS.items() if found.moved.get(name)]
    live = [
        acts.Row(gettext("Goes on in %(name)s") % {"name": row.organization.name}, str(row))
        for row in (*found.live_there, *found.live)
    ]
    return [acts.Row(gettext("Goes"), str(source)), acts.Row(gettext("Goes on"), str(target)), *live, *counted]


def _offer(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    if organization.closed_at is not None or not request.user.has_perm("accounts.add_organizationmerge"):
        return None
    url = reverse("admin:accounts_organizationmerge_merge", args=[organization.pk])
    return acts.Offer(gettext("Merge into another"), url, "merge")


acts.offer_on(Organization, _offer)
