"""Lines, plans, prices and versions, to look at. They change in catalog.toml, by `manage.py catalog apply`, nowhere else."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from billing.models import CatalogVersion, Move, Plan, Price, ProductLine
from billing.queries import catalog, catalog_words
from billing.rules.catalog_diff import Change, Kind


class _Seen:
    """What the admin shows and cannot edit."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _in_words(price: Price) -> str:
    return catalog_words.price({"tiers": price.tiers, "currency": price.currency})


class PriceInline(_Seen, TabularInline):  # type: ignore[misc] # unfold ships no types
    model = Price
    fields = ("interval", "currency", "in_words", "margin_bps", "unit_cost_minor", "stripe_price_id", "retired_at")
    readonly_fields = fields
    ordering = ("-retired_at", "interval", "currency")
    extra = 0

    @admin.display(description=_("price"))
    def in_words(self, price: Price) -> str:
        return _in_words(price)


class MoveInline(_Seen, TabularInline):  # type: ignore[misc] # unfold ships no types
    model = Move
    fk_name = "from_plan"
    fields = ("to_plan",)
    extra = 0


@admin.register(ProductLine)
class ProductLineAdmin(_Seen, ModelAdmin):  # type: ignore[misc] # unfold ships no types
    list_display = ("code", "in_words", "family", "stage", "is_growth", "max_plans", "withdrawn_at")
    list_filter = ("stage", "is_growth")

    @admin.display(description=_("name"))
    def in_words(self, line: ProductLine) -> str:
        return catalog.text(line.name)


@admin.register(Plan)
class PlanAdmin(_Seen, ModelAdmin):  # type: ignore[misc] # unfold ships no types
    list_display = ("__str__", "name", "seats_min", "seats_max", "is_recommended", "stripe_product_id", "withdrawn_at")
    list_filter = ("line", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("line",)
    search_fields = ("code", "name", "stripe_product_id")
    inlines = (PriceInline, MoveInline)


@admin.register(Price)
class PriceAdmin(_Seen, ModelAdmin):  # type: ignore[misc] # unfold ships no types
    list_display = ("lookup_key", "plan", "interval", "currency", "in_words", "margin_bps", "version", "retired_at")
    list_filter = ("interval", "currency", "scheme", ("retired_at", admin.EmptyFieldListFilter))
    list_select_related = ("plan__line", "version")
    search_fields = ("lookup_key", "stripe_price_id")

    @admin.display(description=_("price"))
    def in_words(self, price: Price) -> str:
        return _in_words(price)


@admin.register(CatalogVersion)
class CatalogVersionAdmin(_Seen, ModelAdmin):  # type: ignore[misc] # unfold ships no types
    list_display = ("__str__", "applied_at", "applied_by", "how_many")
    list_select_related = ("applied_by",)
    ordering = ("-number",)
    fields = ("number", "applied_at", "applied_by", "sha256", "in_words")
    readonly_fields = ("in_words",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CatalogVersion]:
        rows: QuerySet[CatalogVersion] = super().get_queryset(request)
        return rows.defer("document")

    @admin.display(description=_("changes"))
    def how_many(self, version: CatalogVersion) -> int:
        return len(version.summary)

    @admin.display(description=_("changes"))
    def in_words(self, version: CatalogVersion) -> SafeString:
        changes = [Change(**{**plain, "kind": Kind(plain["kind"])}) for plain in version.summary]
        return format_html_join("\n", "<p>{}</p>", ((catalog_words.sentence(change),) for change in changes))
