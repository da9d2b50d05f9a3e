"""Refunds and credits by staff: their list, and the buttons that lead to their forms."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Organization
from billing.admin import giving_back_forms as forms
from billing.admin.shown import at_stripe, money
from billing.models import Adjustment, Invoice
from config.admin import acts, columns, pages

STATE_TONES = {"sending": "info", "done": "good", "failed": "bad"}


@admin.register(Adjustment)
class AdjustmentAdmin(pages.ReadOnly):
    list_display = ("created_at", "organization", "amount", "kind", "reason", "state", "actor", "api_key", "invoice")
    list_filter = ("state", "kind", "reason", "currency", "actor")
    list_select_related = ("organization", "invoice", "actor", "api_key")
    search_fields = ("organization__name", "invoice__number", "stripe_id", "note", "actor__email")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"
    badges = {"state": STATE_TONES}
    fields: Any = (
        *(("organization", "invoice"), ("amount", "where"), ("reason", "state"), "note", ("actor", "api_key", "created_at")),
        *(("stripe", "concluded_at"), "message", "command"),
    )
    readonly_fields = ("amount", "where", "stripe")

    def get_urls(self) -> list[URLPattern]:
        """With the pages on which a refund and a credit are asked for."""

        def refund(request: HttpRequest, invoice_id: int) -> HttpResponse:
            return forms.refund(self, request, invoice_id)

        def credit(request: HttpRequest, organization_id: int) -> HttpResponse:
            return forms.credit(self, request, organization_id)

        guard = self.admin_site.admin_view
        return [
            path("refund/<int:invoice_id>/", guard(refund), name="billing_adjustment_refund"),
            path("credit/<int:organization_id>/", guard(credit), name="billing_adjustment_credit"),
            *super().get_urls(),
        ]

    @display(description=_("Amount"), ordering="amount_minor")
    def amount(self, row: Adjustment) -> str:
        return money(row.amount_minor, row.currency)

    @display(description=_("how"))
    def where(self, row: Adjustment) -> str:
        """To the card, as credit, or how much of each, as it was asked of Stripe."""
        params = row.command.payload["params"] if row.command else {}
        if not (params.get("refund_amount") and params.get("credit_amount")):
            return row.get_kind_display()
        values = {
            "card": money(params["refund_amount"], row.currency),
            "credit": money(params["credit_amount"], row.currency),
        }
        return gettext("%(card)s to the card, %(credit)s as credit") % values

    @display(description=_("At Stripe"))
    def stripe(self, row: Adjustment) -> SafeString | str:
        return at_stripe(row.stripe_id)


def _refund_offer(request: HttpRequest, invoice: Invoice) -> acts.Offer | None:
    is_open = invoice.status == "open" and invoice.amount_remaining_minor > 0
    if not (is_open or invoice.status == "paid") or not forms.may_give(request):
        return None
    said = gettext("Lower it") if is_open else pgettext("verb", "Refund")
    return acts.Offer(said, reverse("admin:billing_adjustment_refund", args=[invoice.pk]), "currency_exchange")


def _credit_offer(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    if not forms.may_give(request):
        return None
    return acts.Offer(gettext("Give credit"), reverse("admin:billing_adjustment_credit", args=[organization.pk]), "redeem")


def _invoices_offer(request: HttpRequest, organization: Organization) -> acts.Offer | None:
    """The way to a refund from the organization's page: its paid invoices."""
    if not forms.may_give(request):
        return None
    url = columns.listing("billing.invoice", organization__id__exact=organization.pk, status__exact="paid")
    return acts.Offer(gettext("Refund an invoice"), url, "currency_exchange")


acts.offer_on(Invoice, _refund_offer)
acts.offer_on(Organization, _invoices_offer)
acts.offer_on(Organization, _credit_offer)
