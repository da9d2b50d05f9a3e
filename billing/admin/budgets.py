"""The exception budget, to look at: each segment's quarter with its share against the ceiling, and what counts against it."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin.shown import money
from billing.models import ExceptionBudget, ExceptionEntry
from billing.queries import budgets
from config import clock, words
from config.admin import pages

DOLLARS = "usd"


class EntryRows(pages.ReadOnlyRows):
    model = ExceptionEntry
    fields = ("organization", "kinds", "arr", "owner", "reason", "ends_on", "counted_at", "freed_at")
    readonly_fields = ("arr",)
    ordering = ("-counted_at",)
    related = ("organization", "owner", "budget")

    @display(description=_("ARR"))
    def arr(self, row: ExceptionEntry) -> str:
        return money(row.us_cents, DOLLARS)


@admin.register(ExceptionBudget)
class ExceptionBudgetAdmin(pages.ReadOnly):
    list_display = ("quarter", "segment", "share", "warned_at")
    list_filter = ("segment", "quarter")
    ordering = ("-quarter", "segment")
    inlines = (EntryRows,)
    fields: Any = (
        *(("segment", "quarter"), ("share", "by_deals"), ("by_arr", "raised_by"), ("base_deals", "base_arr")),
        ("opened_at", "warned_at"),
    )
    readonly_fields = ("share", "by_deals", "by_arr", "base_arr", "raised_by")

    @display(description=_("Share of the ceiling"))
    def share(self, row: ExceptionBudget) -> str:
        standing = budgets.standing(row, clock.now())
        values = {"share": words.percent(standing.share_bps), "ceiling": words.percent(standing.ceiling_bps)}
        return gettext("%(share)s of at most %(ceiling)s") % values

    @display(description=_("By customers"))
    def by_deals(self, row: ExceptionBudget) -> str:
        standing = budgets.standing(row, clock.now())
        values = {"used": words.number(standing.used.deals), "base": words.number(standing.base.deals)}
        return gettext("%(used)s of %(base)s") % values

    @display(description=_("By ARR"))
    def by_arr(self, row: ExceptionBudget) -> str:
        standing = budgets.standing(row, clock.now())
        values = {"used": money(standing.used.us_cents, DOLLARS), "base": money(standing.base.us_cents, DOLLARS)}
        return gettext("%(used)s of %(base)s") % values

    @display(description=_("ARR at its beginning"))
    def base_arr(self, row: ExceptionBudget) -> str:
        return money(row.base_us_cents, DOLLARS)

    @display(description=_("Who can raise the ceiling"))
    def raised_by(self, row: ExceptionBudget) -> Any:
        return ", ".join(str(one) for one in budgets.raisers()) or "-"
