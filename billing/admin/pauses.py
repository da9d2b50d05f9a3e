"""Pauses, to look at: who rests until when, what was given back, and how going on went."""

from django.contrib import admin

from billing.models import Pause
from config.admin import pages


@admin.register(Pause)
class PauseAdmin(pages.ReadOnly):
    list_display = ("subscription", "state", "months", "began_at", "resumes_at", "tries")
    list_filter = ("state", "months")
    list_select_related = ("subscription__organization", "subscription__plan")
    search_fields = ("subscription__organization__name", "subscription__organization__public_id", "subscription__stripe_id")
    ordering = ("-id",)
    date_hierarchy = "asked_at"
    fields = (
        ("subscription", "state"),
        ("months", "credit_minor", "currency"),
        ("asked_at", "began_at"),
        ("resumes_at", "ended_at"),
        ("announced_at", "due_at"),
        ("tries", "message"),
        ("actor", "source"),
        "command",
    )
