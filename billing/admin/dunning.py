"""Failed payments: where each stands, what was told when, and what came of all of them."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin.shown import money
from billing.models import DunningEpisode, DunningInvoice, DunningStep, DunningStepKind
from billing.queries import dunning
from billing.rules import dunning as rules
from config import clock, words
from config.admin import columns, pages

STEP_TONES = {
    "failed": "info",
    "second": "info",
    "third": "wait",
    "again": "wait",
    "read_only": "wait",
    "off": "bad",
}
OUTCOME_TONES = {"recovered": "good", "waived": "", "left": "wait", "lost": "bad"}


class StepRows(pages.ReadOnlyRows):
    model = DunningStep
    fields = ("at", "step", "read_only_at", "off_at", "told_at", "round")
    badges = {"step": STEP_TONES}
    ordering = ("pk",)


class InvoiceRows(pages.ReadOnlyRows):
    model = DunningInvoice
    fields = ("invoice", "amount", "failed_at", "paid_at", "paid_step")
    readonly_fields = ("amount", "paid_step")
    related = ("invoice", "episode")
    ordering = ("pk",)

    @display(description=_("Missing"))
    def amount(self, row: DunningInvoice) -> str:
        return money(row.amount_minor, row.episode.currency)

    @display(description=_("Paid at the step"))
    def paid_step(self, row: DunningInvoice) -> str:
        return _step(row.paid_reached)


def _step(rank: int | None) -> str:
    found = rules.STEPS.get(rank) if rank is not None else None
    return str(DunningStepKind(found).label) if found else "-"


@admin.register(DunningEpisode)
class DunningEpisodeAdmin(pages.ReadOnly):
    list_display = ("started_at", "organization", "subscription", "reached_step", "how", "read_only_at", "off_at")
    list_filter = ("outcome", "reached", "currency", ("escalated_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization", "subscription__plan", "subscription__organization")
    search_fields = ("organization__name", "organization__public_id", "subscription__stripe_id", "invoices__invoice__number")
    ordering = ("-started_at", "-id")
    date_hierarchy = "started_at"
    inlines = (InvoiceRows, StepRows)
    list_before_template = "admin/billing/recovery.html"
    fields = (
        *(("organization", "subscription"), ("reached_step", "how"), ("started_at", "closed_at")),
        *(("read_only_at", "off_at"), ("second_at", "third_at"), ("due_at", "notice_days")),
        *(("escalated_at", "end_asked_at"), ("is_cancelled_then", "round")),
    )
    readonly_fields = ("reached_step", "how")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the figures above the list: two queries more."""
        found = dunning.figures(clock.now())
        more = {"months": [_month(one) for one in found.months], "open_now": [_open(one) for one in found.open]}
        response: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **more})
        return response

    @display(description=_("Step"), ordering="reached")
    def reached_step(self, row: DunningEpisode) -> SafeString:
        return columns.badge(_step(row.reached), STEP_TONES.get(row.step, ""))

    @display(description=_("Outcome"), ordering="outcome")
    def how(self, row: DunningEpisode) -> SafeString:
        said = row.get_outcome_display() if row.outcome else _("open")
        return columns.badge(str(said), OUTCOME_TONES.get(row.outcome, "info"))


def _month(one: dunning.Month) -> dict[str, Any]:
    return {
        "month": words.period(one.month, (one.month + timedelta(days=31)).replace(day=1)),
        "invoices": words.number(one.invoices),
        "failed": money(one.failed_minor, one.currency),
        "recovered": money(one.recovered_minor, one.currency),
        "rate": words.percent(one.rate_bps),
        "by_step": [(_step(rank), money(amount, one.currency)) for rank, amount in enumerate(one.by_step) if amount],
        "open": money(one.open_minor, one.currency) if one.open_minor else "-",
        "left": money(one.left_minor, one.currency) if one.left_minor else "-",
        "lost": money(one.lost_minor, one.currency) if one.lost_minor else "-",
        "customers_lost": one.customers_lost,
    }


def _open(one: dunning.Open) -> dict[str, Any]:
    return {
        "subscriptions": one.subscriptions,
        "missing": money(one.missing_minor, one.currency),
        "without_access": one.without_access,
    }
