"""Add-ons, to look at. They change in catalog.toml, by `manage.py catalog apply`, nowhere else."""

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from billing.admin.catalog import Priced, limit
from billing.admin.shown import at_stripe
from billing.models import Addon, AddonPrice, SubscriptionAddon
from billing.queries import catalog
from config import words
from config.admin import columns, pages


class AddonPriceInline(Priced, pages.ReadOnlyRows):
    model = AddonPrice
    fields = ("interval", "currency", "in_words", "margin", "cost", "on_sale", "stripe")
    readonly_fields = ("in_words", "margin", "cost", "on_sale", "stripe")
    ordering = ("-retired_at", "interval", "currency")
    show_change_link = False
    tab = False


class SubscriptionAddonRows(pages.ReadOnlyRows):
    """What a subscription has, or had, beside its plan."""

    model = SubscriptionAddon
    fields = ("addon", "quantity", "added_at", "ended_at", "stripe_item_id")
    related = ("addon__line", "price")
    ordering = ("-ended_at", "pk")
    show_change_link = False
    tab = False


@admin.register(Addon)
class AddonAdmin(pages.ReadOnly):
    list_display = ("in_words", "line", "kind", "goes_with", "held", "on_sale", "stripe")
    list_filter = ("line", "kind", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("line",)
    search_fields = ("code", "stripe_product_id")
    inlines = (AddonPriceInline,)
    fields = (
        ("in_words", "line"),
        ("code", "kind"),
        ("bounds", "goes_with"),
        ("held", "on_sale"),
        "said",
        "stripe",
        "included",
    )
    readonly_fields = ("in_words", "bounds", "goes_with", "held", "on_sale", "said", "stripe", "included")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Addon]:
        rows: QuerySet[Addon] = super().get_queryset(request)
        return rows.annotate(how_many=Count("held", filter=Q(held__ended_at=None)))

    @display(description=_("Name"))
    def in_words(self, row: Addon) -> str:
        return catalog.text(row.name)

    @display(description=_("How many"))
    def bounds(self, row: Addon) -> str:
        if row.quantity_min == row.quantity_max:
            return words.number(row.quantity_min)
        return _("%(least)s to %(most)s") % {"least": words.number(row.quantity_min), "most": words.number(row.quantity_max)}

    @display(description=_("Goes with"))
    def goes_with(self, row: Addon) -> str:
        return ", ".join(row.plans)

    @display(description=_("Customers"), ordering="how_many")
    def held(self, row: Addon) -> str:
        return words.number(getattr(row, "how_many", 0))

    @display(description=_("On sale"))
    def on_sale(self, row: Addon) -> SafeString:
        if row.withdrawn_at is None:
            return columns.badge(_("On sale"), "good")
        return columns.badge(_("Not since %(day)s") % {"day": words.day(row.withdrawn_at)})

    @display(description=_("Pitch"))
    def said(self, row: Addon) -> str:
        return catalog.text(row.pitch)

    @display(description=_("At Stripe"))
    def stripe(self, row: Addon) -> SafeString | str:
        return at_stripe(row.stripe_product_id)

    @display(description=_("Features"))
    def included(self, row: Addon) -> SafeString:
        """What each one adds."""
        return format_html_join("", "<p>{}{}</p>", ((catalog.text(one["name"]), limit(one)) for one in row.features))
