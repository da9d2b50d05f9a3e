"""Exceptions from the catalog: their list, one with its story, and the buttons that propose, decide and end them."""

import functools
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Organization
from billing.admin import terms_forms as forms
from billing.admin.shown import money
from billing.models import Terms
from billing.queries import terms_words
from config.admin import acts, columns, pages

STATE_TONES = {
    "proposed": "wait",
    "approved": "good",
    "declined": "bad",
    "withdrawn": "",
    "ended_early": "bad",
    "ended": "",
}
BUTTONS = {
    "approve": (_("Approve"), "task_alt"),
    "decline": (_("Decline"), "block"),
    "withdraw": (_("Withdraw"), "undo"),
    "end": (_("End it now"), "event_busy"),
}


@admin.register(Terms)
class TermsAdmin(pages.ReadOnly):
    list_display = ("organization", "state", "kind", "gives", "starts_on", "ends_on", "owner", "approver")
    list_filter = ("state", "kind", "quarter", "owner", "line")
    list_select_related = ("organization", "line", "owner", "approver", "proposed_by")
    search_fields = ("organization__name", "organization__public_id", "reason", "owner__email", "public_id")
    ordering = ("-proposed_at", "-id")
    date_hierarchy = "ends_on"
    badges = {"state": STATE_TONES}
    begins = pages.Begins(
        text=_("An exception is proposed on its customer's page: choose the organization, then “Propose an exception”."),
        label=_("Choose an organization"),
        list="admin:accounts_organization_changelist",
    )
    fields: Any = (
        *(("organization", "line"), ("kind", "state"), ("gives", "quarter"), ("starts_on", "ends_on"), ("owner", "reason")),
        *(("proposed_by", "proposed_at"), ("approver", "decided_at"), "note", ("begun", "ended_at")),
        *(("ended_by", "end_reason"), ("announced", "stripe_coupon_id")),
    )
    readonly_fields = ("gives", "begun", "announced")

    def get_urls(self) -> list[URLPattern]:
        """With the pages on which one is proposed, decided and ended."""

        def propose(request: HttpRequest, organization_id: int) -> HttpResponse:
            return forms.propose(self, request, organization_id)

        def decide(request: HttpRequest, terms_id: int, verb: str) -> HttpResponse:
            return forms.decide(self, request, terms_id, verb)

        guard = self.admin_site.admin_view
        deciding = [
            path(f"<int:terms_id>/{verb}/", guard(decide), {"verb": verb}, name=f"billing_terms_{verb}")
            for verb in forms.DECIDING
        ]
        return [
            path("propose/<int:organization_id>/", guard(propose), name="billing_terms_propose"),
            *deciding,
            *super().get_urls(),
        ]

    @display(description=_("Gives"))
    def gives(self, row: Terms) -> str:
        return terms_words.gives(row.kind, row.value)

    @display(description=_("in force since"))
    def begun(self, row: Terms) -> Any:
        return columns.moment(row.began_at)

    @display(description=_("End announced"))
    def announced(self, row: Terms) -> Any:
        """When, and with which amounts."""
        notice = getattr(row, "notice", None)
        if notice is None or notice.sent_at is None:
            return None
        if notice.then_minor is None:
            return columns.moment(notice.sent_at)
        values = {"now": money(notice.now_minor, notice.currency), "then": money(notice.then_minor, notice.currency)}
        return gettext("%(now)s a period, then %(then)s") % values


def _offer(verb: str, request: HttpRequest, row: Terms) -> acts.Offer | None:
    deciding = forms.DECIDING[verb]
    if row.state != deciding.state or not deciding.is_open_to(request, row):
        return None
    label, icon = BUTTONS[verb]
    return acts.Offer(str(label), reverse(f"admin:billing_terms_{verb}", args=[row.pk]), icon)


def _propose_offer(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    if not forms.may_propose(request):
        return None
    return acts.Offer(
        gettext("Propose an exception"), reverse("admin:billing_terms_propose", args=[organization.pk]), "handshake"
    )


def _list_offer(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    """The organization's exceptions, where it has some."""
    if not request.user.has_perm("billing.view_terms") or not Terms.objects.filter(organization=organization).exists():
        return None
    url = columns.listing("billing.terms", organization__id__exact=organization.pk)
    return acts.Offer(gettext("Its exceptions"), url, "contract")


for _verb in forms.DECIDING:
    acts.offer_on(Terms, functools.partial(_offer, _verb))
acts.offer_on(Organization, _list_offer)
acts.offer_on(Organization, _propose_offer)
