"""Invoice windows, to look at: what was gathered, when it was billed, what was not paid and went back."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin import shown
from billing.models import InvoiceWindow, WindowState
from config.admin import columns, pages

TONES = {WindowState.OPEN: "info", WindowState.UNPAID: "bad", WindowState.BILLED: "good", WindowState.RELEASED: "wait"}


@admin.register(InvoiceWindow)
class InvoiceWindowAdmin(pages.ReadOnly):
    list_display = ("organization", "shown_state", "seats", "amount", "opened_at", "closes_at", "closed_at")
    list_filter = ("state",)
    list_select_related = ("subscription__organization", "subscription__plan", "billed_by")
    search_fields = ("subscription__organization__name", "subscription__organization__public_id", "subscription__stripe_id")
    ordering = ("-id",)
    date_hierarchy = "opened_at"
    fields = (
        "subscription",
        ("shown_state", "seats", "amount"),
        ("opened_at", "closes_at", "closed_at"),
        "billed_by",
        ("attempts", "unpaid_at", "next_attempt_at", "release_at"),
    )
    readonly_fields = ("shown_state", "amount")

    @display(description=_("Organization"), ordering="subscription__organization__name")
    def organization(self, row: InvoiceWindow) -> str:
        return str(row.subscription.organization)

    @display(description=_("State"), ordering="state")
    def shown_state(self, row: InvoiceWindow) -> SafeString:
        return columns.badge(row.get_state_display(), TONES.get(WindowState(row.state), ""))

    @display(description=_("Amount"), ordering="due_minor")
    def amount(self, row: InvoiceWindow) -> Any:
        return shown.money(row.due_minor, row.currency)
