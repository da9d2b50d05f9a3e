"""Credit notes as Stripe has them, on their own and below their invoices."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin.shown import at_stripe, money
from billing.models import CreditNote
from config.admin import codes, columns, pages

NOTE_TONES = {"issued": "good", "void": ""}


class _NoteColumns:
    """What a credit note's row and page say alike."""

    @display(description=_("Amount"), ordering="total_minor")
    def total(self, row: CreditNote) -> str:
        return money(row.total_minor, row.invoice.currency)

    @display(description=_("Tax"))
    def tax(self, row: CreditNote) -> str:
        return money(row.tax_minor, row.invoice.currency)

    @display(description=_("To what paid it"))
    def refunded(self, row: CreditNote) -> str:
        return money(row.refunded_minor, row.invoice.currency)

    @display(description=_("As credit"))
    def credited(self, row: CreditNote) -> str:
        return money(row.credited_minor, row.invoice.currency)


@admin.register(CreditNote)
class CreditNoteAdmin(_NoteColumns, pages.ReadOnly):
    list_display = ("issued_at", "number", "of_organization", "invoice", "total", "refunded", "credited", "status")
    list_filter = ("status", "reason", "invoice__currency")
    list_select_related = ("invoice__organization",)
    search_fields = ("number", "stripe_id", "invoice__number", "invoice__organization__name")
    ordering = ("-issued_at", "-id")
    date_hierarchy = "issued_at"
    badges = {"status": NOTE_TONES}
    fields: Any = (
        *(("of_organization", "invoice"), ("number", "status"), ("total", "tax"), ("refunded", "credited")),
        *(("why", "issued_at"), ("stripe", "mirrored_at")),
    )
    readonly_fields = ("why", "of_organization", "total", "tax", "refunded", "credited", "stripe")

    @display(description=_("Organization"), ordering="invoice__organization__name")
    def of_organization(self, row: CreditNote) -> SafeString | str | None:
        return columns.link(row.invoice.organization)

    @display(description=_("Reason"), ordering="reason")
    def why(self, row: CreditNote) -> str:
        return codes.said("reason", row.reason) or "-"

    @display(description=_("At Stripe"))
    def stripe(self, row: CreditNote) -> SafeString | str:
        return at_stripe(row.stripe_id)


class NoteRows(_NoteColumns, pages.ReadOnlyRows):
    model = CreditNote
    fields = ("number", "issued_at", "total", "tax", "refunded", "credited", "status")
    readonly_fields = ("total", "tax", "refunded", "credited")
    related = ("invoice",)
    ordering = ("-issued_at",)
