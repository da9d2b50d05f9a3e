"""The credit ledger: to read, and to take along as a file. Nobody writes it by hand."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config import words
from config.admin import pages
from offramps.models import CreditEntry

CAUSE_TONES = {"order": "good", "decrease": "bad", "refund": "bad"}


@admin.register(CreditEntry)
class CreditEntryAdmin(pages.ReadOnly):
    list_display = ("occurred_at", "rep", "customer", "cause", "source", "added", "credited", "rate", "family")
    list_filter = ("cause", "source", "is_growth", "rep")
    list_select_related = ("rep__user", "pool", "ledger_entry__subscription__organization")
    search_fields = ("ledger_entry__subscription__organization__name", "rep__user__name", "rep__user__email")
    ordering = ("-occurred_at", "-id")
    date_hierarchy = "occurred_at"
    badges = {"cause": CAUSE_TONES}
    fields: Any = (
        ("cause", "occurred_at"),
        ("customer", "source"),
        ("rep", "pool"),
        ("added", "credited"),
        ("rate", "margin"),
        ("family", "is_growth"),
        ("starts_at", "ends_at"),
        ("ledger_entry", "reverses"),
    )
    readonly_fields = ("customer", "added", "credited", "rate", "margin")

    @display(description=_("Customer"))
    def customer(self, row: CreditEntry) -> str:
        return str(row.ledger_entry.subscription.organization)

    @display(description=_("MRR"))
    def added(self, row: CreditEntry) -> str:
        return words.money(row.mrr_minor, row.currency)

    @display(description=_("Credit"), ordering="amount_minor")
    def credited(self, row: CreditEntry) -> str:
        return words.money(row.amount_minor, row.currency)

    @display(description=_("Rate"))
    def rate(self, row: CreditEntry) -> str:
        return words.percent(row.rate_bps)

    @display(description=_("Margin"))
    def margin(self, row: CreditEntry) -> str:
        return words.percent(row.margin_bps)
