"""What billing's admin pages share: looking is by permission; the only buttons are calls of services; ids lead to Stripe."""

from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline

from accounts import access
from accounts.origin import Origin, Source
from config import words

DASHBOARD = "https://dashboard.stripe.com"
# Where an object of each kind is found in Stripe's dashboard, by the prefix of its id.
PLACES = {
    "cus": "customers",
    "sub": "subscriptions",
    "sub_sched": "subscription_schedules",
    "in": "invoices",
    "cs": "checkout/sessions",
    "evt": "events",
    "price": "prices",
    "prod": "products",
}


class ReadOnly(ModelAdmin):  # type: ignore[misc] # unfold ships no types
    """A model to look at: no adding, changing or deleting, whoever asks."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyRows(TabularInline):  # type: ignore[misc] # unfold ships no types
    """Rows shown below another row."""

    extra = 0
    can_delete = False
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def origin(request: HttpRequest) -> Origin:
    """The origin of what a button of the admin causes."""
    return access.origin(request, Source.ADMIN)


def at_stripe(stripe_id: str) -> SafeString | str:
    """The id as a link to Stripe's dashboard; the sandbox has pages for invoices and payment pages only."""
    url = _address(stripe_id)
    if not url:
        return stripe_id or "-"
    link = '<a class="text-primary-600 dark:text-primary-500" href="{}" target="_blank" rel="noopener">{}</a>'
    return format_html(link, url, stripe_id)


def _address(stripe_id: str) -> str:
    prefix = stripe_id.rpartition("_")[0].removesuffix("_test").removesuffix("_live")
    if settings.STRIPE_SANDBOX:
        page = {"in": "i", "cs": "c/pay"}.get(prefix)
        return f"{settings.STRIPE_API_BASE}/{page}/{stripe_id}" if page else ""
    if prefix not in PLACES:
        return ""
    mode = "" if "_live_" in settings.STRIPE_SECRET_KEY else "/test"
    return f"{DASHBOARD}{mode}/{PLACES[prefix]}/{stripe_id}"


def money(amount_minor: int | None, currency: str) -> str:
    return "-" if amount_minor is None or not currency else words.money(amount_minor, currency)
