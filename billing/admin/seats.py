"""The seat ledger, the increases that somebody confirmed, and what is scheduled."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts import exports
from billing.admin import exported
from billing.admin.shown import at_stripe, money, seats
from billing.models import ScheduledChange, SeatChange, SeatLedgerEntry
from config import words
from config.admin import columns, facts, pages

LEDGER_TONES = {
    "started": "good",
    "added": "good",
    "converted": "good",
    "renewed": "info",
    "removed": "wait",
    "stripe": "info",
    "ended": "bad",
}
CHANGE_TONES = {
    "sending": "info",
    "waiting": "wait",
    "done": "good",
    "declined": "bad",
    "stale": "",
    "dropped": "",
    "expired": "wait",
    "failed": "bad",
}
SCHEDULED_TONES = {"pending": "info", "applied": "good", "canceled": "", "superseded": ""}


class _OfASubscription:
    """Columns of rows that belong to a subscription and were made by somebody."""

    @display(description=_("Organization"), ordering="subscription__organization__name")
    def organization(self, row: Any) -> SafeString | str | None:
        return columns.link(row.subscription.organization)

    @display(description=_("Subscription"))
    def of_subscription(self, row: Any) -> SafeString | str | None:
        return columns.link(row.subscription)

    @display(description=_("By"))
    def by(self, row: Any) -> str:
        return facts.by(row.actor, row.source)

    @display(description=_("Invoice"))
    def invoice(self, row: Any) -> SafeString | str:
        return at_stripe(row.stripe_invoice_id)


@admin.register(SeatLedgerEntry)
class SeatLedgerAdmin(_OfASubscription, exports.Exported):
    list_display = ("occurred_at", "organization", "kind", "change", "mrr_delta", "by", "reason")
    list_filter = ("kind", "source", "currency")
    list_select_related = ("subscription__organization", "actor")
    search_fields = ("subscription__organization__name", "subscription__stripe_id", "stripe_invoice_id", "reason")
    ordering = ("-occurred_at", "-id")
    date_hierarchy = "occurred_at"
    badges = {"kind": LEDGER_TONES}
    export_columns = exported.LEDGER
    fields = (
        *(("occurred_at", "kind"), ("organization", "of_subscription"), ("change", "mrr_delta"), ("by", "source")),
        *("reason", ("invoice", "command")),
    )
    readonly_fields = ("organization", "of_subscription", "change", "mrr_delta", "by", "invoice")

    @display(description=_("Seats"), ordering="delta")
    def change(self, row: SeatLedgerEntry) -> str:
        return f"{row.delta:+d} = {words.number(row.quantity_after)}"

    @display(description=_("MRR"), ordering="mrr_delta_minor")
    def mrr_delta(self, row: SeatLedgerEntry) -> str:
        return money(row.mrr_delta_minor, row.currency, signed=True)


@admin.register(SeatChange)
class SeatChangeAdmin(_OfASubscription, exports.Exported):
    list_display = ("created_at", "organization", "kind", "seats", "due_now", "state", "by", "expires_at", "message")
    list_filter = ("state", "kind", "source", "currency")
    list_select_related = ("subscription__organization", "actor")
    search_fields = ("public_id", "subscription__organization__name", "stripe_invoice_id")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"
    badges = {"state": CHANGE_TONES}
    export_columns = exported.SEAT_CHANGES
    fields = (
        *(
            ("created_at", "state", "kind"),
            ("organization", "of_subscription"),
            ("seats", "due_now"),
            ("by", "source"),
            "message",
        ),
        *(("expires_at", "concluded_at"), ("invoice", "command"), "public_id", "assign_to", "preview"),
    )
    readonly_fields = ("organization", "of_subscription", "seats", "due_now", "by", "invoice", "public_id")

    @display(description=_("Seats"))
    def seats(self, row: SeatChange) -> str:
        return seats(row.quantity_before, row.quantity_after)

    @display(description=_("Due now"), ordering="due_now_minor")
    def due_now(self, row: SeatChange) -> str:
        return money(row.due_now_minor, row.currency)


@admin.register(ScheduledChange)
class ScheduledChangeAdmin(_OfASubscription, pages.ReadOnly):
    list_display = ("effective_at", "organization", "kind", "change", "state", "reason_code", "by", "created_at")
    list_filter = ("state", "kind", "reason_code", "source")
    list_select_related = ("subscription__organization", "actor")
    search_fields = ("public_id", "subscription__organization__name", "reason")
    ordering = ("-effective_at", "-id")
    date_hierarchy = "effective_at"
    badges = {"state": SCHEDULED_TONES}
    fields = (
        *(("effective_at", "state"), ("organization", "of_subscription"), ("kind", "change"), ("by", "source")),
        *(("reason_code", "reason"), ("created_at", "public_id"), ("ended_at", "ended_by")),
    )
    readonly_fields = ("organization", "of_subscription", "change", "by", "public_id")

    @display(description=_("Seats"), ordering="delta")
    def change(self, row: ScheduledChange) -> str:
        return f"{row.delta:+d}" if row.delta else "-"
