"""Taxes, to look at: how each customer is taxed and why, its ids, who its invoices are made out to, and the rates."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Organization
from billing.admin.shown import at_stripe
from billing.models import BillingDetails, TaxId, TaxRate, TaxStanding
from billing.queries import tax as queries
from billing.rules.tax import Exempt, Reason
from config.admin import columns, pages

ID_TONES = {
    "verified": "good",
    "pending": "wait",
    "sending": "wait",
    "unverified": "bad",
    "refused": "bad",
    "unavailable": "",
}
REASONS = {
    Reason.OFF: _("The store works no tax out"),
    Reason.EXEMPTED: _("Exempted at Stripe by staff"),
    Reason.OUTSIDE: _("No rate for the country"),
    Reason.HOME: _("The seller's own country"),
    Reason.NO_ID: _("No VAT ID of the EU"),
    Reason.HOME_ID: _("A VAT ID of the seller's country alone"),
    Reason.NOT_CONFIRMED: _("The authority does not know the VAT ID"),
    Reason.NOT_IN_TIME: _("Nobody confirmed the VAT ID in time"),
    Reason.CONFIRMED: _("The VAT ID is confirmed"),
    Reason.BEING_CHECKED: _("The VAT ID is being checked"),
}
TREATMENTS = {
    Exempt.REVERSE: (_("Reverse charge"), "info"),
    Exempt.EXEMPT: (_("Exempted"), "wait"),
}


class _Behind(admin.SimpleListFilter):
    title = _("Told Stripe")
    parameter_name = "told"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("Not yet")), ("refused", _("Refused by Stripe"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TaxStanding]) -> QuerySet[TaxStanding]:
        behind = queryset.filter(done__lt=F("wanted"))
        return {"no": behind, "refused": behind.exclude(message="")}.get(self.value() or "", queryset)


@admin.register(TaxStanding)
class TaxStandingAdmin(pages.ReadOnly):
    list_display = ("organization", "treatment", "why", "of_country", "until_at", "told")
    list_filter = ("exempt", "reason", "is_automatic", "rate__country", _Behind)
    list_select_related = ("organization__billing_details", "rate")
    search_fields = ("organization__name", "organization__public_id", "organization__domain", "organization__tax_ids__value")
    ordering = ("organization__name", "pk")
    fields = (
        ("organization", "of_country"),
        ("treatment", "why"),
        ("rate", "is_automatic"),
        ("until_at", "warned_at", "review_at"),
        ("told", "due_at"),
        "message",
    )
    readonly_fields = ("of_country", "treatment", "why", "told")

    @display(description=_("Taxed"), ordering="exempt")
    def treatment(self, row: TaxStanding) -> SafeString:
        if row.exempt in TREATMENTS:
            said, tone = TREATMENTS[Exempt(row.exempt)]
            return columns.badge(said, tone)
        if row.rate is not None:
            return columns.badge(f"{row.rate.name} {queries.percent(row.rate.percent)}", "good")
        return columns.badge(_("By Stripe Tax"), "good") if row.is_automatic else columns.badge(_("Untaxed"))

    @display(description=_("Why"), ordering="reason")
    def why(self, row: TaxStanding) -> str:
        return str(REASONS[Reason(row.reason)]) if row.reason else str(_("Not worked out yet"))

    @display(description=_("Country"), ordering="organization__country")
    def of_country(self, row: TaxStanding) -> str:
        return queries.country_of(row.organization, getattr(row.organization, "billing_details", None))

    @display(description=_("Told Stripe"))
    def told(self, row: TaxStanding) -> SafeString:
        if not row.is_behind:
            return columns.badge(_("Yes"), "good")
        return columns.badge(_("Refused by Stripe"), "bad") if row.message else columns.badge(_("Not yet"), "wait")


@admin.register(TaxId)
class TaxIdAdmin(pages.ReadOnly):
    list_display = ("value", "organization", "kind", "country", "state", "registered_name", "added_at", "removed_at")
    list_filter = ("state", "type", "country", ("removed_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("value", "registered_name", "stripe_id", "organization__name", "organization__public_id")
    ordering = ("-added_at", "-id")
    date_hierarchy = "added_at"
    badges = {"state": ID_TONES}
    fields = (
        ("organization", "value"),
        ("kind", "country"),
        ("state", "registered_name"),
        "message",
        ("stripe_id", "added_at", "removed_at"),
    )
    readonly_fields = ("kind",)

    @display(description=_("Kind"), ordering="type")
    def kind(self, row: TaxId) -> str:
        return row.type


@admin.register(BillingDetails)
class BillingDetailsAdmin(pages.ReadOnly):
    list_display = ("legal_name", "organization", "city", "country", "purchase_order", "updated_at")
    list_filter = ("country",)
    list_select_related = ("organization",)
    search_fields = ("legal_name", "purchase_order", "organization__name", "organization__public_id")
    ordering = ("-updated_at", "-id")
    fields = (
        ("organization", "legal_name"),
        ("line1", "line2"),
        ("postal_code", "city"),
        ("state", "country"),
        ("purchase_order", "updated_at"),
    )


@admin.register(TaxRate)
class TaxRateAdmin(pages.ReadOnly):
    list_display = ("in_words", "country", "is_inclusive", "is_ours", "taxed", "retired", "stripe")
    list_filter = ("is_ours", "is_inclusive", "country", ("retired_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "country", "stripe_id")
    ordering = ("-is_ours", "country", "-id")
    fields = (("in_words", "country"), ("is_inclusive", "is_ours"), ("taxed", "retired"), "stripe")
    readonly_fields = ("in_words", "taxed", "retired", "stripe")

    @display(description=_("Rate"), ordering="percent")
    def in_words(self, row: TaxRate) -> str:
        return f"{row.name} {queries.percent(row.percent)}"

    @display(description=_("Customers"))
    def taxed(self, row: TaxRate) -> SafeString:
        url = columns.listing("billing.taxstanding", rate__id__exact=row.pk)
        return format_html('<a class="text-link" href="{}">{}</a>', url, _("Look at them"))

    @display(description=_("Out of use since"), ordering="retired_at")
    def retired(self, row: TaxRate) -> SafeString | None:
        return columns.moment(row.retired_at)

    @display(description=_("At Stripe"))
    def stripe(self, row: TaxRate) -> SafeString | str:
        return at_stripe(row.stripe_id)


class TaxIdRows(pages.ReadOnlyRows):
    model = TaxId
    fields = ("value", "country", "state", "added_at", "removed_at")
    related = ("organization",)
    ordering = ("removed_at", "-added_at")
    badges = {"state": ID_TONES}


pages.hang(TaxIdRows, Organization)
