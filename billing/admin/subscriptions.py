"""Subscriptions with their timeline; below an organization too."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from accounts import exports
from accounts.models import Organization
from billing.admin import entitlements, exported
from billing.admin.addons import SubscriptionAddonRows
from billing.admin.shown import at_stripe, money
from billing.models import Invoice, Subscription
from billing.queries import addons, timeline
from billing.services.books import ledger
from config import words
from config.admin import columns, facts, pages

STATUS_TONES = {
    "incomplete": "wait",
    "incomplete_expired": "bad",
    "active": "good",
    "trialing": "info",
    "past_due": "wait",
    "unpaid": "bad",
    "paused": "wait",
    "canceled": "",
}
# Where a line of the timeline is from, as staff call it.
SOURCES = {
    "ledger": _("Ledger"),
    "change": _("Seat change"),
    "scheduled": _("Scheduled"),
    "invoice": _("Invoice"),
    "journal": _("Journal"),
}
SOURCE_TONES = {"ledger": "good", "change": "info", "scheduled": "wait", "invoice": "info", "journal": ""}


class _Words:
    """What a subscription's row and page say alike."""

    @display(description=_("Seats"), ordering="quantity")
    def seats(self, row: Subscription) -> str:
        waiting = (row.pending_quantity or row.quantity) - row.quantity
        more = ngettext("+%(count)s waits for payment", "+%(count)s wait for payment", waiting) % {"count": waiting}
        return f"{words.number(row.quantity)} ({more})" if waiting else words.number(row.quantity)

    @display(description=_("MRR"))
    def mrr(self, row: Subscription) -> str:
        return money(ledger.listed_mrr_minor(row), row.currency)

    @display(description=_("Renews"), ordering="period_ends_at")
    def renews(self, row: Subscription) -> SafeString | str:
        """The next charge's day, or how it ends; of a trial, when that does."""
        if row.ended_at:
            return format_html('<span class="admin-soft">{}</span>', _("ended on %(day)s") % {"day": words.day(row.ended_at)})
        if row.cancel_at:
            return columns.badge(_("ends on %(day)s") % {"day": words.day(row.cancel_at)}, "wait")
        if row.is_in_trial:
            said = _("read-only since the trial") if row.status == "paused" else _("trial until %(day)s")
            return columns.badge(said % {"day": words.day(row.trial_ends_at or row.period_ends_at)}, "info")
        return format_html('<span class="admin-when">{}</span>', words.day_away(row.period_ends_at))

    @display(description=_("Plan"), ordering="plan__name")
    def plan_name(self, row: Subscription) -> SafeString:
        return format_html("{} <span class='admin-soft'>{}</span>", row.plan.name, row.price.get_interval_display())


@admin.register(Subscription)
class SubscriptionAdmin(_Words, exports.Exported):
    list_display = ("organization", "plan_name", "seats", "mrr", "status", "renews", "started_at")
    list_filter = ("status", "line", "plan", "currency", ("cancel_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "plan__line", "price")
    search_fields = ("stripe_id", "organization__name", "organization__domain", "organization__public_id")
    export_columns = exported.SUBSCRIPTIONS
    ordering = ("-started_at", "-id")
    date_hierarchy = "started_at"
    badges = {"status": STATUS_TONES}
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("organization", "status"),
                    ("plan", "price"),
                    ("seats", "mrr"),
                    ("renews", "started_at"),
                    ("period_starts_at", "period_ends_at"),
                    ("collection_method", "days_until_due"),
                    ("trial_ends_at", "converted_at"),
                    ("cancel_at", "canceled_at"),
                    "more",
                )
            },
        ),
        (_("Granted"), {"classes": ("collapse",), "fields": ("granted",)}),
        (_("Waiting for payment"), {"fields": ("pending_quantity", "pending_expires_at", "pending_invoice")}),
        (
            _("At Stripe"),
            {
                "classes": ("collapse",),
                "fields": (
                    ("stripe", "latest_invoice"),
                    ("schedule", "mirrored_at"),
                    ("projection_wanted", "projection_done"),
                    ("currency", "ended_at"),
                ),
            },
        ),
    )
    change_form_before_template = "admin/billing/timeline.html"
    inlines = (SubscriptionAddonRows,)
    readonly_fields = (
        *("seats", "mrr", "renews", "more", "granted"),
        *("stripe", "schedule", "latest_invoice", "pending_invoice"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        rows: QuerySet[Subscription] = super().get_queryset(request)
        return rows.prefetch_related(addons.PREFETCH)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without what waits for a payment while nothing does."""
        fieldsets = super().get_fieldsets(request, obj)
        return [one for one in fieldsets if one[0] != _("Waiting for payment") or (obj and obj.pending_quantity)]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the timeline: what happened and what is to come, from every table, the newest first."""
        row = self.get_object(request, unquote(object_id))
        allowed = row is not None and self.has_view_permission(request, row)
        moments = [_told(moment) for moment in (timeline.of(row) if allowed else ())]
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "moments": moments}
        )
        return response

    @display(description=_("See also"))
    def more(self, row: Subscription) -> SafeString:
        """The rows of its own in other lists."""
        places = (
            (_("Seat ledger"), columns.listing("billing.seatledgerentry", q=row.stripe_id)),
            (_("Invoices"), columns.listing("billing.invoice", subscription__id__exact=row.pk)),
            (_("Stripe commands"), columns.listing("billing.stripecommand", q=f"subscription:{row.pk}")),
            (_("Inbox"), columns.listing("billing.inboxevent", q=row.stripe_id)),
        )
        links = [format_html('<a class="text-link" href="{}">{}</a>', url, title) for title, url in places]
        return format_html(" · ".join(["{}"] * len(links)), *links)

    @display(description=_("What the organization has"))
    def granted(self, row: Subscription) -> SafeString | str:
        return entitlements.granted(row)

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


def _told(moment: timeline.Moment) -> dict[str, Any]:
    """A line of the timeline in words."""
    return {
        "at": moment.at,
        "is_coming": moment.is_coming,
        "source": columns.badge(SOURCES.get(moment.source, moment.source), SOURCE_TONES.get(moment.source, "")),
        "kind": columns.link(moment.row, facts.kind(moment.kind)),
        "detail": facts.told(moment.facts) if moment.facts else moment.detail,
        "amount": money(moment.amount_minor, moment.currency) if moment.amount_minor is not None else "",
        "mrr": money(moment.mrr_delta_minor, moment.currency, signed=True) if moment.mrr_delta_minor is not None else "",
        "by": facts.source(moment.by),
    }


class SubscriptionRows(_Words, pages.ReadOnlyRows):
    model = Subscription
    fields = ("plan_link", "seats", "mrr", "status", "renews", "started_at")
    readonly_fields = ("plan_link", "seats", "mrr", "renews")
    ordering = ("-started_at", "-id")
    related = ("organization", "plan__line", "price")
    badges = {"status": STATUS_TONES}
    tab = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        rows: QuerySet[Subscription] = super().get_queryset(request)
        return rows.prefetch_related(addons.PREFETCH)

    @display(description=_("Plan"))
    def plan_link(self, row: Subscription) -> SafeString | str | None:
        return columns.link(row, self.plan_name(row))


class InvoiceRows(pages.ReadOnlyRows):
    model = Invoice
    fields = ("invoice", "status", "total", "remaining", "issued_at", "payable", "paid_at")
    readonly_fields = ("invoice", "total", "remaining", "payable")
    ordering = ("-issued_at", "-id")
    related = ("organization",)
    badges = {"status": {"paid": "good", "open": "wait", "draft": "info", "uncollectible": "bad", "void": ""}}
    per_page = 20

    @display(description=_("Number"))
    def invoice(self, row: Invoice) -> SafeString | str | None:
        return columns.link(row, row.number or row.stripe_id)

    @display(description=_("Total"))
    def total(self, row: Invoice) -> str:
        return money(row.total_minor, row.currency)

    @display(description=_("Open"))
    def remaining(self, row: Invoice) -> str:
        return money(row.amount_remaining_minor, row.currency)

    @display(description=_("To be paid by"))
    def payable(self, row: Invoice) -> SafeString | str:
        if row.due_at is None:
            return "-"
        return columns.badge(words.day_away(row.due_at), "bad") if row.is_overdue else words.day_away(row.due_at)


pages.hang(SubscriptionRows, Organization)
pages.hang(InvoiceRows, Organization)
