"""Promotions, to look at. They change in catalog.toml, by `manage.py catalog apply`, nowhere else."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.models import Promotion, SubscriptionDiscount
from billing.queries import catalog, promotion_words
from config import words
from config.admin import columns, pages


class DiscountInline(pages.ReadOnlyRows):
    model = SubscriptionDiscount
    fields = ("subscription", "starts_at", "ends_at", "ended_at")
    related = ("subscription__organization", "subscription__plan")
    ordering = ("-starts_at",)
    show_change_link = False
    tab = False


@admin.register(Promotion)
class PromotionAdmin(pages.ReadOnly):
    list_display = ("code", "in_words", "terms_in_words", "uses", "version", "on_offer")
    list_filter = ("duration", "first_purchase_only", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("version",)
    search_fields = ("code", "stripe_coupon_id", "stripe_promotion_code_id")
    ordering = ("withdrawn_at", "code")
    inlines = (DiscountInline,)
    fields = (("code", "in_words"), "terms_in_words", ("uses", "on_offer"), ("coupon", "promotion_code"), ("version", "name"))
    readonly_fields = ("in_words", "terms_in_words", "uses", "on_offer", "coupon", "promotion_code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Promotion]:
        rows: QuerySet[Promotion] = super().get_queryset(request)
        return rows.annotate(used=Count("discounts"))

    @display(description=_("Name"))
    def in_words(self, row: Promotion) -> str:
        return catalog.text(row.name)

    @display(description=_("Terms"))
    def terms_in_words(self, row: Promotion) -> str:
        return promotion_words.terms(row.terms)

    @display(description=_("Uses"), ordering="used")
    def uses(self, row: Promotion) -> str:
        used = words.number(getattr(row, "used", 0))
        return f"{used} / {words.number(row.most_uses)}" if row.most_uses else used

    @display(description=_("On offer"))
    def on_offer(self, row: Promotion) -> SafeString:
        if row.withdrawn_at is None:
            return columns.badge(_("On offer"), "good")
        return columns.badge(_("Not since %(day)s") % {"day": words.day(row.withdrawn_at)})

    @display(description=_("Coupon at Stripe"))
    def coupon(self, row: Promotion) -> str:
        return row.stripe_coupon_id

    @display(description=_("Promotion code at Stripe"))
    def promotion_code(self, row: Promotion) -> str:
        return row.stripe_promotion_code_id or str(_("Entered in the store alone"))
