"""How bundles' revenue is shared among their product lines: on each invoice, and as a list that leaves as CSV."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts import exports
from billing.admin import exported
from billing.admin.shown import money
from billing.models import RevenueShare
from config.admin.pages import ReadOnlyRows


class ShareRows(ReadOnlyRows):
    model = RevenueShare
    fields = ("kind", "line", "plan", "weight", "amount")
    readonly_fields = ("amount",)
    show_change_link = False
    tab = False

    @display(description=_("Amount"))
    def amount(self, share: RevenueShare) -> str:
        return money(share.amount_minor, share.currency)


@admin.register(RevenueShare)
class RevenueShareAdmin(exports.Exported):
    list_display = ("issued_at", "invoice", "organization", "kind", "line", "plan", "weight", "amount")
    list_filter = ("line", "kind", "currency", "invoice__status")
    list_select_related = ("invoice__organization", "credit_note")
    search_fields = ("invoice__number", "credit_note__number", "invoice__stripe_id", "invoice__organization__name")
    export_columns = exported.REVENUE_SHARES
    ordering = ("-invoice__issued_at", "invoice_id", "id")
    date_hierarchy = "invoice__issued_at"
    fields = (("invoice", "organization"), ("kind", "credit_note"), ("line", "plan"), ("weight", "amount"))
    readonly_fields = ("organization", "amount")

    @display(description=_("Issued"), ordering="invoice__issued_at")
    def issued_at(self, row: RevenueShare) -> object:
        """Of the invoice, or of the credit note that gave back."""
        return row.credit_note.issued_at if row.credit_note else row.invoice.issued_at

    @display(description=_("Organization"))
    def organization(self, row: RevenueShare) -> str:
        return str(row.invoice.organization)

    @display(description=_("Amount"), ordering="amount_minor")
    def amount(self, row: RevenueShare) -> str:
        return money(row.amount_minor, row.currency)
