"""What billing's admin pages say alike: amounts by Babel, and Stripe's ids as links to its dashboard (or to the sandbox)."""

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config import words

DASHBOARD = "https://dashboard.stripe.com"
# Where an object of each kind is found in Stripe's dashboard, by the prefix of its id.
PLACES = {
    "cus": "customers",
    "sub": "subscriptions",
    "sub_sched": "subscription_schedules",
    "in": "invoices",
    "cn": "credit_notes",
    "ch": "payments",
    "pi": "payments",
    "cs": "checkout/sessions",
    "evt": "events",
    "price": "prices",
    "prod": "products",
}
SANDBOX_PLACES = {"in": "i", "cs": "c/pay"}


def at_stripe(stripe_id: str) -> SafeString | str:
    """The id as a link to Stripe's dashboard; the sandbox has pages for invoices and payment pages only."""
    url = address(stripe_id)
    if not url:
        return stripe_id or "-"
    link = '<a class="text-link" href="{}" target="_blank" rel="noopener">{} ↗</a>'
    return format_html(link, url, stripe_id)


def address(stripe_id: str) -> str:
    """Where Stripe shows an object; empty where it does not."""
    prefix = stripe_id.rpartition("_")[0].removesuffix("_test").removesuffix("_live")
    if settings.STRIPE_SANDBOX:
        page = SANDBOX_PLACES.get(prefix)
        return f"{settings.STRIPE_API_BASE}/{page}/{stripe_id}" if page else ""
    if prefix not in PLACES:
        return ""
    mode = "" if "_live_" in settings.STRIPE_SECRET_KEY else "/test"
    return f"{DASHBOARD}{mode}/{PLACES[prefix]}/{stripe_id}"


def money(amount_minor: int | None, currency: str, *, signed: bool = False) -> str:
    return "-" if amount_minor is None or not currency else words.money(amount_minor, currency, signed=signed)


def seats(before: int, after: int) -> str:
    """ "10 → 13"."""
    return f"{words.number(before)} → {words.number(after)}"
