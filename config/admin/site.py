"""The frame around the admin's pages: the way round by subject, the mark, and which Stripe one is looking at."""

from collections.abc import Sequence
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# Subject: the models in the order of use, each with its icon (Material Symbols).
NAVIGATION: Final[Sequence[tuple[Any, Sequence[tuple[str, str]]]]] = (
    (
        _("Customers"),
        (
            ("accounts.organization", "apartment"),
            ("offramps.handraise", "front_hand"),
            ("accounts.user", "person"),
            ("accounts.membership", "badge"),
            ("accounts.invitation", "outgoing_mail"),
            ("accounts.joinrequest", "person_add"),
            ("accounts.seatrequest", "event_seat"),
            ("accounts.ownerrecovery", "assignment_ind"),
            ("accounts.closedorganization", "domain_disabled"),
            ("accounts.organizationmerge", "merge"),
            ("telemetry.visit", "footprint"),
            ("accounts.viewing", "visibility"),
        ),
    ),
    (
        _("Sales floor"),
        (
            ("offramps.deal", "contract_edit"),
            ("offramps.lead", "support_agent"),
            ("offramps.countdown", "timer"),
            ("offramps.callslot", "event"),
            ("offramps.rep", "headset_mic"),
            ("offramps.pool", "groups"),
            ("offramps.accountownership", "assignment_ind"),
            ("offramps.creditentry", "paid"),
            ("offramps.triggerrule", "notifications_active"),
        ),
    ),
    (
        _("Revenue"),
        (
            ("billing.subscription", "autorenew"),
            ("billing.seatledgerentry", "menu_book"),
            ("billing.featureusage", "data_usage"),
            ("billing.seatchange", "group_add"),
            ("billing.scheduledchange", "event_upcoming"),
            ("billing.autoexpansion", "add_circle"),
            ("billing.invoicewindow", "hourglass_bottom"),
            ("billing.terms", "handshake"),
            ("billing.exceptionbudget", "savings"),
            ("billing.adoption", "move_to_inbox"),
            ("billing.renewalreview", "fact_check"),
            ("billing.renewalnotice", "notification_important"),
            ("billing.cardnotice", "credit_card_off"),
            ("billing.pricemove", "price_change"),
            ("billing.sunset", "wb_twilight"),
            ("billing.sunsetcase", "fact_check"),
            ("billing.invoice", "receipt_long"),
            ("billing.dunningepisode", "credit_card_off"),
            ("billing.dispute", "gavel"),
            ("billing.revenueshare", "pie_chart"),
            ("billing.creditnote", "undo"),
            ("billing.adjustment", "currency_exchange"),
            ("billing.customer", "credit_card"),
            ("billing.taxstanding", "account_balance"),
            ("billing.taxid", "verified"),
            ("billing.billingdetails", "home_work"),
            ("billing.cart", "shopping_cart"),
            ("billing.checkoutattempt", "shopping_cart_checkout"),
            ("billing.quote", "request_quote"),
            ("billing.quotedecision", "approval"),
            ("billing.trial", "hourglass_top"),
            ("billing.pause", "pause_circle"),
            ("billing.pilotrun", "flight_takeoff"),
        ),
    ),
    (
        _("What is sold, and how"),
        (
            ("accounts.policy", "tune"),
            ("billing.plan", "sell"),
            ("billing.price", "payments"),
            ("billing.addon", "extension"),
            ("billing.pilot", "rocket_launch"),
            ("billing.promotion", "loyalty"),
            ("billing.taxrate", "percent"),
            ("billing.productline", "category"),
            ("billing.catalogversion", "history"),
        ),
    ),
    (
        _("Talk with Stripe"),
        (
            ("billing.difference", "difference"),
            ("billing.reconciliation", "compare_arrows"),
            ("billing.stripecommand", "send"),
            ("billing.inboxevent", "inbox"),
            ("billing.stripeobject", "sync"),
            ("billing.eventcursor", "bookmark"),
        ),
    ),
    (
        _("Running the store"),
        (
            ("accounts.outgoingmail", "mail"),
            ("accounts.suppression", "unsubscribe"),
            ("accounts.mailstop", "notifications_off"),
            ("accounts.billingcontact", "receipt_long"),
            ("accounts.journal", "history_edu"),
            ("accounts.journalcursor", "bookmarks"),
            ("accounts.apikey", "key"),
            ("accounts.webhookendpoint", "webhook"),
            ("accounts.webhookdelivery", "outbound"),
            ("accounts.legaldocument", "gavel"),
            ("accounts.acceptance", "task_alt"),
            ("django_celery_beat.periodictask", "schedule"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """UNFOLD's sidebar: what this person may look at, by subject."""
    groups = [(title, [_item(request, label, icon) for label, icon in models]) for title, models in NAVIGATION]
    return [
        {"title": title, "items": [item for item in items if item], "separator": True} for title, items in groups if any(items)
    ]


def _item(request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
    options = apps.get_model(label)._meta  # noqa: SLF001 - what Django documents under this name
    if not request.user.has_perm(f"{options.app_label}.view_{options.model_name}"):
        return None
    link = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    name = str(options.verbose_name_plural)
    return {"title": name[:1].upper() + name[1:], "icon": icon, "link": link, "active": request.path.startswith(link)}


def environment(request: HttpRequest) -> tuple[str, str]:
    """UNFOLD's badge beside the header: whether money moves."""
    if settings.STRIPE_SANDBOX:
        return gettext("Sandbox"), "info"
    if "_live_" in settings.STRIPE_SECRET_KEY:
        return gettext("Live"), "danger"
    return gettext("Test mode"), "warning"


def mark(request: HttpRequest) -> str:
    return static(settings.BRAND["mark"])


def stylesheet(request: HttpRequest) -> str:
    return static("css/admin.css")


def overview_stylesheet(request: HttpRequest) -> str:
    return static("css/admin_overview.css")


def acts_stylesheet(request: HttpRequest) -> str:
    return static("css/admin_acts.css")
