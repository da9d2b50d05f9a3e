"""Pilots, to look at: what the catalog offers, and who had one and how it went."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin.shown import at_stripe, money
from billing.models import Pilot, PilotFee, PilotRun
from billing.queries import catalog, pilot_words
from config import words
from config.admin import columns, pages


class PilotFeeInline(pages.ReadOnlyRows):
    model = PilotFee
    fields = ("currency", "fee", "margin", "cost", "on_offer", "stripe", "credit")
    readonly_fields = ("fee", "margin", "cost", "on_offer", "stripe", "credit")
    ordering = ("-retired_at", "currency")
    show_change_link = False
    tab = False

    @display(description=_("Fee"))
    def fee(self, row: PilotFee) -> str:
        return money(row.amount_minor, row.currency)

    @display(description=_("Margin"))
    def margin(self, row: PilotFee) -> str:
        return words.percent(row.margin_bps)

    @display(description=_("Cost of the pilot"))
    def cost(self, row: PilotFee) -> str:
        return money(row.unit_cost_minor, row.currency)

    @display(description=_("On offer"))
    def on_offer(self, row: PilotFee) -> SafeString:
        if row.retired_at is None:
            return columns.badge(_("On offer"), "good")
        return columns.badge(_("Not since %(day)s") % {"day": words.day(row.retired_at)})

    @display(description=_("At Stripe"))
    def stripe(self, row: PilotFee) -> SafeString | str:
        return at_stripe(row.stripe_price_id)

    @display(description=_("Coupon at Stripe"))
    def credit(self, row: PilotFee) -> str:
        return row.stripe_coupon_id or "-"


@admin.register(Pilot)
class PilotAdmin(pages.ReadOnly):
    list_display = ("code", "line", "in_words", "terms", "plan", "is_credited", "on_offer")
    list_filter = ("line", "is_credited", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("line", "plan__line")
    search_fields = ("code", "stripe_product_id")
    ordering = ("withdrawn_at", "line__rank", "rank")
    inlines = (PilotFeeInline,)
    fields = (("code", "line"), ("in_words", "on_offer"), "terms", ("plan", "is_credited"), "said", ("stripe", "rank"))
    readonly_fields = ("in_words", "terms", "on_offer", "said", "stripe")

    @display(description=_("Name"))
    def in_words(self, row: Pilot) -> str:
        return catalog.text(row.name)

    @display(description=_("Pitch"))
    def said(self, row: Pilot) -> str:
        return catalog.text(row.pitch)

    @display(description=_("Terms"))
    def terms(self, row: Pilot) -> str:
        return pilot_words.terms(seats=row.seats, days=row.days)

    @display(description=_("On offer"))
    def on_offer(self, row: Pilot) -> SafeString:
        if row.withdrawn_at is None:
            return columns.badge(_("On offer"), "good")
        return columns.badge(_("Not since %(day)s") % {"day": words.day(row.withdrawn_at)})

    @display(description=_("At Stripe"))
    def stripe(self, row: Pilot) -> SafeString | str:
        return at_stripe(row.stripe_product_id)


@admin.register(PilotRun)
class PilotRunAdmin(pages.ReadOnly):
    list_display = ("organization", "line", "state", "fee_paid", "seats", "starts_at", "ends_at")
    list_filter = (
        "line",
        ("converted_at", admin.EmptyFieldListFilter),
        ("ended_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("organization", "line", "fee__pilot", "subscription")
    search_fields = ("organization__name", "organization__public_id", "subscription__stripe_id")
    ordering = ("-claimed_at", "-id")
    date_hierarchy = "claimed_at"
    fields = (
        ("organization", "line"),
        ("state", "fee_paid"),
        ("fee", "is_credited"),
        ("seats", "days"),
        ("subscription", "attempt"),
        ("claimed_at", "released_at"),
        ("starts_at", "ends_at"),
        ("ended_at", "converted_at"),
        ("notice_due_at", "told_days", "told_ends_at"),
    )
    readonly_fields = ("state", "fee_paid")

    @display(description=_("Fee"))
    def fee_paid(self, row: PilotRun) -> str:
        return money(row.fee.amount_minor, row.fee.currency)

    @display(description=_("State"))
    def state(self, row: PilotRun) -> SafeString:
        if row.starts_at is None or row.ends_at is None:
            said = _("Never begun") if row.released_at else _("Payment page open")
            return columns.badge(said, "" if row.released_at else "wait")
        if row.converted_at is not None:
            return columns.badge(_("Became the plan on %(day)s") % {"day": words.day(row.converted_at)}, "good")
        if row.ended_at is not None:
            return columns.badge(_("Read-only since %(day)s") % {"day": words.day(row.ended_at)}, "wait")
        return columns.badge(_("Runs until %(day)s") % {"day": words.day(row.ends_at)}, "info")
