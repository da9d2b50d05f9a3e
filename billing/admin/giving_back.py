"""Refunds and credits by staff: their list, and the buttons that lead to their giving_back_acts."""

import functools
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Organization
from billing.admin import giving_back_acts, giving_back_forms
from billing.admin.shown import at_stripe, money
from billing.models import Adjustment, Invoice, Subscription, TimeUnit
from config.admin import acts, columns, pages

STATE_TONES = {"asked": "wait", "sending": "info", "done": "good", "failed": "bad", "declined": "bad", "withdrawn": ""}
BUTTONS = {"approve": (_("Approve"), "task_alt"), "decline": (_("Decline"), "block"), "withdraw": (_("Withdraw"), "undo")}


@admin.register(Adjustment)
class AdjustmentAdmin(pages.ReadOnly):
    list_display = ("created_at", "organization", "amount", "kind", "reason", "state", "actor", "api_key", "invoice")
    list_filter = ("state", "kind", "reason", "currency", "actor")
    list_select_related = ("organization", "invoice", "subscription", "actor", "approver", "api_key")
    search_fields = ("organization__name", "invoice__number", "stripe_id", "note", "actor__email")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"
    badges = {"state": STATE_TONES}
    fields: Any = (
        *(("organization", "invoice", "subscription"), ("amount", "where"), ("reason", "state"), "note"),
        *(("actor", "api_key", "created_at"), ("approver", "decided_at"), "decision_note"),
        *(("stripe", "concluded_at"), "message", "command"),
    )
    readonly_fields = ("amount", "where", "stripe")

    def get_urls(self) -> list[URLPattern]:
        """With the pages on which a refund and a credit are asked for."""

        def refund(request: HttpRequest, invoice_id: int) -> HttpResponse:
            return giving_back_acts.refund(self, request, invoice_id)

        def credit(request: HttpRequest, organization_id: int) -> HttpResponse:
            return giving_back_acts.credit(self, request, organization_id)

        def time(request: HttpRequest, subscription_id: int) -> HttpResponse:
            return giving_back_acts.time(self, request, subscription_id)

        def decide(request: HttpRequest, adjustment_id: int, verb: str) -> HttpResponse:
            return giving_back_acts.decide(self, request, adjustment_id, verb)

        guard = self.admin_site.admin_view
        deciding = [
            path(f"<int:adjustment_id>/{verb}/", guard(decide), {"verb": verb}, name=f"billing_adjustment_{verb}")
            for verb in giving_back_acts.DECIDING
        ]
        return [
            *deciding,
            path("time/<int:subscription_id>/", guard(time), name="billing_adjustment_time"),
            path("refund/<int:invoice_id>/", guard(refund), name="billing_adjustment_refund"),
            path("credit/<int:organization_id>/", guard(credit), name="billing_adjustment_credit"),
            *super().get_urls(),
        ]

    @display(description=_("Amount"), ordering="amount_minor")
    def amount(self, row: Adjustment) -> str:
        return money(row.amount_minor, row.currency)

    @display(description=_("how"))
    def where(self, row: Adjustment) -> str:
        """To what paid it, as credit, or how much of each, as it was asked of Stripe."""
        if row.time_count:
            months = ngettext("%(count)s month", "%(count)s months", row.time_count)
            days = ngettext("%(count)s day", "%(count)s days", row.time_count)
            span = (months if row.time_unit == TimeUnit.MONTHS else days) % {"count": row.time_count}
            return f"{row.get_kind_display()}: {span}"
        params = row.command.payload["params"] if row.command else {}
        if not (params.get("refund_amount") and params.get("credit_amount")):
            return row.get_kind_display()
        values = {
            "card": money(params["refund_amount"], row.currency),
            "credit": money(params["credit_amount"], row.currency),
        }
        return gettext("%(card)s to what paid it, %(credit)s as credit") % values

    @display(description=_("At Stripe"))
    def stripe(self, row: Adjustment) -> SafeString | str:
        return at_stripe(row.stripe_id)


def _refund_offer(request: HttpRequest, invoice: Invoice) -> acts.Offer | None:
    is_open = invoice.status == "open" and invoice.amount_remaining_minor > 0
    if not (is_open or invoice.status == "paid") or not giving_back_forms.may_give(request):
        return None
    said = gettext("Lower it") if is_open else pgettext("verb", "Refund")
    return acts.Offer(said, reverse("admin:billing_adjustment_refund", args=[invoice.pk]), "currency_exchange")


def _credit_offer(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    if not giving_back_forms.may_give(request):
        return None
    return acts.Offer(gettext("Give credit"), reverse("admin:billing_adjustment_credit", args=[organization.pk]), "redeem")


def _invoices_offer(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    """The way to a refund from the organization's page: its paid invoices."""
    if not giving_back_forms.may_give(request):
        return None
    url = columns.listing("billing.invoice", organization__id__exact=organization.pk, status__exact="paid")
    return acts.Offer(gettext("Refund an invoice"), url, "currency_exchange")


def _time_offer(request: HttpRequest, row: Subscription) -> acts.Offer | None:
    if row.status != "active" or not giving_back_forms.may_give(request):
        return None
    return acts.Offer(gettext("Give time"), reverse("admin:billing_adjustment_time", args=[row.pk]), "more_time")


def _decision(verb: str, request: HttpRequest, row: Adjustment) -> acts.Offer | None:
    if not giving_back_acts.may_decide(request, row, verb):
        return None
    label, icon = BUTTONS[verb]
    return acts.Offer(str(label), reverse(f"admin:billing_adjustment_{verb}", args=[row.pk]), icon)


for _verb in giving_back_acts.DECIDING:
    acts.offer_on(Adjustment, functools.partial(_decision, _verb))
acts.offer_on(Subscription, _time_offer)
acts.offer_on(Invoice, _refund_offer)
acts.offer_on(Organization, _invoices_offer)
acts.offer_on(Organization, _credit_offer)
