"""Quotes, to look at: what was offered to whom, until when, and who said yes."""

from django.contrib import admin

from billing.models import Quote, QuoteDecision
from config.admin import pages


@admin.register(Quote)
class QuoteAdmin(pages.ReadOnly):
    list_display = ("number", "organization", "kind", "state", "period_minor", "currency", "valid_on")
    list_filter = ("state", "kind", "line")
    list_select_related = ("organization",)
    search_fields = ("number", "organization__name", "organization__public_id", "approver_email", "public_id")
    ordering = ("-id",)
    date_hierarchy = "issued_at"
    fields = (
        ("number", "state", "kind"),
        ("organization", "line", "price"),
        ("period_minor", "due_minor", "currency"),
        ("subscription", "cart"),
        ("issued_at", "valid_on"),
        ("lapses_at", "remind_at"),
        ("addressed_to", "approver_email"),
        ("purchase_order", "note"),
        ("actor", "source"),
        ("created_at", "closed_at"),
        ("follows", "decision"),
        "document",
    )


@admin.register(QuoteDecision)
class QuoteDecisionAdmin(pages.ReadOnly):
    list_display = ("quote", "name", "email", "way", "due_minor", "decided_at")
    list_filter = ("way",)
    list_select_related = ("quote",)
    search_fields = ("quote__number", "name", "email")
    ordering = ("-id",)
    date_hierarchy = "decided_at"
    fields = (
        ("quote", "decided_at"),
        ("name", "email", "user"),
        ("way", "due_minor"),
        ("purchase_order", "change"),
        "documents",
    )
