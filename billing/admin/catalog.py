"""Lines, plans, prices and versions, to look at. They change in catalog.toml, by `manage.py catalog apply`, nowhere else."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin.shown import at_stripe, money
from billing.models import CatalogVersion, Move, Plan, Price, ProductLine, SoldPrice
from billing.queries import catalog, catalog_words
from billing.rules.catalog_diff import Change, Kind
from config import words
from config.admin import columns, pages

STAGE_TONES = {"launch": "info", "growth": "good", "mature": "", "sunset": "wait"}


class _OnSale:
    """Columns of what can be taken off sale."""

    @display(description=_("On sale"))
    def on_sale(self, row: Plan | SoldPrice | ProductLine) -> SafeString:
        since = row.retired_at if isinstance(row, SoldPrice) else row.withdrawn_at
        if since is None:
            return columns.badge(_("On sale"), "good")
        return columns.badge(_("Not since %(day)s") % {"day": words.day(since)})


class Priced(_OnSale):
    """A price in words."""

    @display(description=_("Price"))
    def in_words(self, price: SoldPrice) -> str:
        return catalog_words.price({"tiers": price.tiers, "currency": price.currency})

    @display(description=_("Margin"), ordering="margin_bps")
    def margin(self, price: SoldPrice) -> str:
        return words.percent(price.margin_bps)

    @display(description=_("Cost of a seat"), ordering="unit_cost_minor")
    def cost(self, price: SoldPrice) -> str:
        return money(price.unit_cost_minor, price.currency)

    @display(description=_("At Stripe"))
    def stripe(self, price: SoldPrice) -> SafeString | str:
        return at_stripe(price.stripe_price_id)


class PriceInline(Priced, pages.ReadOnlyRows):
    model = Price
    fields = ("interval", "currency", "in_words", "margin", "cost", "on_sale", "stripe")
    readonly_fields = ("in_words", "margin", "cost", "on_sale", "stripe")
    ordering = ("-retired_at", "interval", "currency")
    tab = False


class MoveInline(pages.ReadOnlyRows):
    model = Move
    fk_name = "from_plan"
    fields = ("to_plan",)
    related = ("to_plan__line", "from_plan__line")
    show_change_link = False
    tab = False


@admin.register(ProductLine)
class ProductLineAdmin(_OnSale, pages.ReadOnly):
    list_display = ("code", "in_words", "family", "stage", "is_growth", "max_plans", "on_sale")
    list_filter = ("stage", "is_growth")
    badges = {"stage": STAGE_TONES}
    fields = (*(("code", "in_words"), ("family", "stage"), ("is_growth", "max_plans"), ("rank", "on_sale"), "name", "pitch"),)
    readonly_fields = ("in_words", "on_sale")

    @display(description=_("Name"))
    def in_words(self, line: ProductLine) -> str:
        return catalog.text(line.name)


@admin.register(Plan)
class PlanAdmin(_OnSale, pages.ReadOnly):
    list_display = ("name", "line", "bounds", "is_recommended", "on_sale", "stripe")
    list_filter = ("line", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("line",)
    search_fields = ("code", "name", "stripe_product_id")
    inlines = (PriceInline, MoveInline)
    fields = (("name", "line"), ("code", "bounds"), ("is_recommended", "on_sale"), "said", ("stripe", "rank"), "included")
    readonly_fields = ("included", "bounds", "on_sale", "stripe", "said")

    @display(description=_("Seats in self-service"), ordering="seats_max")
    def bounds(self, plan: Plan) -> str:
        return _("%(least)s to %(most)s") % {"least": words.number(plan.seats_min), "most": words.number(plan.seats_max)}

    @display(description=_("Features"))
    def included(self, plan: Plan) -> SafeString:
        """Each feature with its limit."""
        return format_html_join("", "<p>{}{}</p>", ((catalog.text(one["name"]), limit(one)) for one in plan.features))

    @display(description=_("Pitch"))
    def said(self, plan: Plan) -> str:
        return catalog.text(plan.pitch)

    @display(description=_("At Stripe"))
    def stripe(self, plan: Plan) -> SafeString | str:
        return at_stripe(plan.stripe_product_id)


def limit(feature: Mapping[str, Any]) -> str:
    if feature.get("limit") is None:
        return ""
    unit = catalog.text(feature["unit"]) if feature.get("unit") else ""
    return f": {words.number(feature['limit'])} {unit}".rstrip()


@admin.register(Price)
class PriceAdmin(Priced, pages.ReadOnly):
    list_display = ("lookup_key", "plan", "interval", "currency", "in_words", "margin", "version", "on_sale")
    list_filter = ("interval", "currency", "scheme", ("retired_at", admin.EmptyFieldListFilter))
    list_select_related = ("plan__line", "version")
    search_fields = ("lookup_key", "stripe_price_id")
    fields = (
        *(("plan", "on_sale"), ("interval", "currency"), ("in_words", "scheme"), ("margin", "cost"), ("stripe", "lookup_key")),
        *("version", "tiers"),
    )
    readonly_fields = ("in_words", "margin", "cost", "on_sale", "stripe")


@admin.register(CatalogVersion)
class CatalogVersionAdmin(pages.ReadOnly):
    list_display = ("shown", "applied_at", "applied_by", "how_many")
    list_select_related = ("applied_by",)
    ordering = ("-number",)
    fields = (("number", "applied_at"), ("applied_by", "sha256"), "in_words")
    readonly_fields = ("in_words",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CatalogVersion]:
        rows: QuerySet[CatalogVersion] = super().get_queryset(request)
        return rows.defer("document")

    @display(description=_("Catalog version"), ordering="number")
    def shown(self, version: CatalogVersion) -> str:
        return str(version)

    @display(description=_("Changes"))
    def how_many(self, version: CatalogVersion) -> int:
        return len(version.summary)

    @display(description=_("Changes"))
    def in_words(self, version: CatalogVersion) -> SafeString:
        changes = [Change(**{**plain, "kind": Kind(plain["kind"])}) for plain in version.summary]
        return format_html_join("\n", "<p>{}</p>", ((catalog_words.sentence(change),) for change in changes))
