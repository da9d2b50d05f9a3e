"""Subscriptions with their timeline, the seat ledger, changes and what is scheduled."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin.access import ReadOnly, at_stripe, money
from billing.models import ScheduledChange, SeatChange, SeatLedgerEntry, Subscription
from billing.queries import timeline
from billing.services import ledger

STATUS_COLORS = {
    "active": "success",
    "trialing": "info",
    "past_due": "warning",
    "unpaid": "danger",
    "paused": "warning",
    "canceled": "danger",
}
STATE_COLORS = {"done": "success", "waiting": "warning", "sending": "info", "failed": "danger", "declined": "danger"}
SCHEDULED_COLORS = {"pending": "info", "applied": "success", "canceled": "warning"}


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnly):
    list_display = ("organization", "plan", "seats", "mrr", "shown_status", "period_ends_at", "cancel_at", "started_at")
    list_filter = ("status", "line", "plan", "currency", ("cancel_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "plan__line", "price")
    search_fields = ("stripe_id", "organization__name", "organization__domain", "organization__public_id")
    ordering = ("-started_at", "-id")
    date_hierarchy = "started_at"
    fieldsets = (
        (None, {"fields": ("organization", "plan", "price", "status", "quantity", "mrr", "currency")}),
        (_("Period"), {"fields": ("period_starts_at", "period_ends_at", "started_at", "cancel_at", "canceled_at", "ended_at")}),
        (_("Waiting for payment"), {"fields": ("pending_quantity", "pending_expires_at", "pending_invoice")}),
        (
            _("At Stripe"),
            {"fields": ("stripe", "schedule", "latest_invoice", "projection_wanted", "projection_done", "mirrored_at")},
        ),
    )
    change_form_before_template = "admin/billing/timeline.html"
    readonly_fields = ("mrr", "stripe", "schedule", "latest_invoice", "pending_invoice")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the timeline: what happened and what is to come, from every table, the newest first."""
        row = self.get_object(request, unquote(object_id))
        allowed = row is not None and self.has_view_permission(request, row)
        moments = [
            (moment, money(moment.amount_minor, moment.currency), money(moment.mrr_delta_minor, moment.currency))
            for moment in (timeline.of(row) if allowed else ())
        ]
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "moments": moments}
        )
        return response

    @display(description=_("Seats"), ordering="quantity")
    def seats(self, row: Subscription) -> str:
        waits = f" (+{row.pending_quantity - row.quantity})" if row.pending_quantity else ""
        return f"{row.quantity}{waits}"

    @display(description=_("MRR"))
    def mrr(self, row: Subscription) -> str:
        return money(ledger.mrr_minor(row.price, row.quantity), row.currency)

    @display(description=_("Status"), ordering="status", label=STATUS_COLORS)
    def shown_status(self, row: Subscription) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description=_("Subscription"))
    def stripe(self, row: Subscription) -> SafeString | str:
        return at_stripe(row.stripe_id)

    @display(description=_("Schedule"))
    def schedule(self, row: Subscription) -> SafeString | str:
        return at_stripe(row.schedule_id)

    @display(description=_("Latest invoice"))
    def latest_invoice(self, row: Subscription) -> SafeString | str:
        return at_stripe(row.latest_invoice_id)

    @display(description=_("Invoice"))
    def pending_invoice(self, row: Subscription) -> SafeString | str:
        return at_stripe(row.pending_invoice_id)


@admin.register(SeatLedgerEntry)
class SeatLedgerAdmin(ReadOnly):
    list_display = ("occurred_at", "organization", "shown_kind", "delta", "quantity_after", "mrr_delta", "by", "reason")
    list_filter = ("kind", "source", "currency")
    list_select_related = ("subscription__organization", "actor")
    search_fields = ("subscription__organization__name", "subscription__stripe_id", "stripe_invoice_id", "reason")
    ordering = ("-occurred_at", "-id")
    date_hierarchy = "occurred_at"
    exclude = ("stripe_invoice_id",)
    readonly_fields = ("invoice",)

    @display(description=_("Organization"), ordering="subscription__organization__name")
    def organization(self, row: SeatLedgerEntry) -> str:
        return str(row.subscription.organization)

    @display(description=_("What"), ordering="kind")
    def shown_kind(self, row: SeatLedgerEntry) -> str:
        return row.get_kind_display()

    @display(description=_("MRR"), ordering="mrr_delta_minor")
    def mrr_delta(self, row: SeatLedgerEntry) -> str:
        return money(row.mrr_delta_minor, row.currency)

    @display(description=_("By"))
    def by(self, row: SeatLedgerEntry) -> str:
        return str(row.actor or row.source)

    @display(description=_("Invoice"))
    def invoice(self, row: SeatLedgerEntry) -> SafeString | str:
        return at_stripe(row.stripe_invoice_id)


@admin.register(SeatChange)
class SeatChangeAdmin(ReadOnly):
    list_display = ("created_at", "organization", "seats", "due_now", "shown_state", "by", "expires_at", "message")
    list_filter = ("state", "source", "currency")
    list_select_related = ("subscription__organization", "actor")
    search_fields = ("public_id", "subscription__organization__name", "stripe_invoice_id")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"
    exclude = ("nonce", "stripe_invoice_id")
    readonly_fields = ("invoice",)

    @display(description=_("Organization"), ordering="subscription__organization__name")
    def organization(self, row: SeatChange) -> str:
        return str(row.subscription.organization)

    @display(description=_("Seats"))
    def seats(self, row: SeatChange) -> SafeString:
        return format_html("{} &rarr; {}", row.quantity_before, row.quantity_after)

    @display(description=_("Due now"), ordering="due_now_minor")
    def due_now(self, row: SeatChange) -> str:
        return money(row.due_now_minor, row.currency)

    @display(description=_("State"), ordering="state", label=STATE_COLORS)
    def shown_state(self, row: SeatChange) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("By"))
    def by(self, row: SeatChange) -> str:
        return str(row.actor or row.source)

    @display(description=_("Invoice"))
    def invoice(self, row: SeatChange) -> SafeString | str:
        return at_stripe(row.stripe_invoice_id)


@admin.register(ScheduledChange)
class ScheduledChangeAdmin(ReadOnly):
    list_display = ("effective_at", "organization", "kind", "delta", "shown_state", "reason_code", "by", "created_at")
    list_filter = ("state", "kind", "reason_code", "source")
    list_select_related = ("subscription__organization", "actor")
    search_fields = ("public_id", "subscription__organization__name", "reason")
    ordering = ("-effective_at", "-id")
    date_hierarchy = "effective_at"

    @display(description=_("Organization"), ordering="subscription__organization__name")
    def organization(self, row: ScheduledChange) -> str:
        return str(row.subscription.organization)

    @display(description=_("State"), ordering="state", label=SCHEDULED_COLORS)
    def shown_state(self, row: ScheduledChange) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("By"))
    def by(self, row: Any) -> str:
        return str(row.actor or row.source)
