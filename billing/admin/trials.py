"""Trials, to look at: who had one of what, how it went, and what its company is known by."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.models import Trial
from config import clock, words
from config.admin import columns, pages


@admin.register(Trial)
class TrialAdmin(pages.ReadOnly):
    list_display = ("organization", "line", "state", "days", "starts_at", "ends_at", "domain")
    list_filter = (
        "line",
        ("converted_at", admin.EmptyFieldListFilter),
        ("paused_at", admin.EmptyFieldListFilter),
        ("extended_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("organization", "line", "subscription")
    search_fields = ("organization__name", "organization__public_id", "domain", "subscription__stripe_id")
    ordering = ("-claimed_at", "-id")
    date_hierarchy = "claimed_at"
    fields = (
        ("organization", "line"),
        ("state", "days"),
        ("subscription", "attempt"),
        "domain",
        ("claimed_at", "released_at"),
        ("starts_at", "ends_at"),
        ("extended_at", "extended_by"),
        ("paused_at", "converted_at"),
        ("notice_due_at", "told_days", "told_ends_at"),
    )
    readonly_fields = ("state",)

    @display(description=_("State"))
    def state(self, row: Trial) -> SafeString:
        if row.starts_at is None or row.subscription is None:
            said = _("Never begun") if row.released_at else _("Payment page open")
            return columns.badge(said, "" if row.released_at else "wait")
        if row.converted_at is not None:
            return columns.badge(_("Became paid on %(day)s") % {"day": words.day(row.converted_at)}, "good")
        if not row.subscription.is_live:
            return columns.badge(_("Ended"), "")
        if row.paused_at is not None:
            return columns.badge(_("Read-only since %(day)s") % {"day": words.day(row.paused_at)}, "wait")
        ends_at = row.subscription.trial_ends_at or clock.now()
        return columns.badge(_("Runs until %(day)s") % {"day": words.day(ends_at)}, "info")
