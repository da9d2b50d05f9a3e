"""Webhooks as staff see them: what fails first, how each try went, and sending again. Secrets are nowhere shown."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, F, QuerySet, When
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from accounts import access
from accounts.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from accounts.origin import Source
from accounts.queries import webhook_words
from accounts.queries import webhooks as read
from accounts.services import webhook_endpoints
from config import clock, words
from config.admin import columns
from config.admin.pages import ReadOnly

TONES = {"due": "info", "delivered": "good", "failed": "bad", "held": "wait"}
LATEST = 20


class Standing(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("failing", _now("Fails just now")), ("disabled", _now("Disabled")), ("vendor", _now("Our own"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
        kept = {
            "failing": queryset.filter(disabled_at=None).exclude(failing_since=None),
            "disabled": queryset.exclude(disabled_at=None),
            "vendor": queryset.filter(organization=None),
        }
        return kept.get(self.value() or "", queryset)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnly):
    list_display = ("url", "organization", "standing", "failing_since", "failures", "succeeded_at", "created_at")
    list_filter = (Standing,)
    search_fields = ("url", "description", "public_id", "organization__name")
    list_select_related = ("organization",)
    actions = ("enable", "disable")
    fields = (
        *("url", "description", ("organization", "created_by"), ("standing", "disabled_at"), ("failing_since", "failures")),
        *(("succeeded_at", "rests_until"), "hears_of", ("public_id", "external_id"), ("created_at", "deleted_at")),
    )
    readonly_fields = ("standing", "hears_of")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What fails comes first, what has failed for longest before the rest."""
        return [F("failing_since").asc(nulls_last=True), F("disabled_at").desc(nulls_last=True), "-pk"]

    def has_steer_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    @display(description=_("State"))
    def standing(self, row: WebhookEndpoint) -> SafeString:
        if row.deleted_at:
            return columns.badge(_now("Deleted"))
        if row.disabled_at:
            return columns.badge(row.get_stop_display() or _now("Disabled"), "bad")
        return columns.badge(_now("Fails just now"), "wait") if row.failing_since else columns.badge(_now("Enabled"), "good")

    @display(description=_("Hears of"))
    def hears_of(self, row: WebhookEndpoint) -> str:
        return ", ".join(row.types) or _now("everything")

    @action(description=_("Enable the chosen endpoints"), permissions=["steer"])
    def enable(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        origin, at = access.origin(request, Source.ADMIN), clock.now()
        rows = queryset.select_related("organization")
        count = sum(webhook_endpoints.enable(endpoint=row, origin=origin, at=at) for row in rows)
        text = ngettext("%(count)s endpoint is enabled.", "%(count)s endpoints are enabled.", count)
        self.message_user(request, text % {"count": count})

    @action(description=_("Disable the chosen endpoints"), permissions=["steer"])
    def disable(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        origin, at = access.origin(request, Source.ADMIN), clock.now()
        rows = queryset.select_related("organization")
        count = sum(webhook_endpoints.disable(endpoint=row, origin=origin, at=at) for row in rows)
        text = ngettext("%(count)s endpoint is disabled.", "%(count)s endpoints are disabled.", count)
        self.message_user(request, text % {"count": count})


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    list_display = ("event", "endpoint", "state", "answer", "attempts", "next_try", "created_at")
    list_filter = ("state", "event__type")
    search_fields = ("event__public_id", "endpoint__url", "endpoint__organization__name")
    list_select_related = ("event", "endpoint__organization")
    actions = ("send_again",)
    badges = {"state": TONES}
    fields = (
        *(("event", "endpoint"), ("state", "answer"), ("attempts", "next_try"), ("created_at", "concluded_at"), "log", "sent"),
    )
    readonly_fields = ("answer", "next_try", "log", "sent")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What was given up comes first, then the newest."""
        return [Case(When(state=DeliveryState.FAILED, then=0), default=1), "-pk"]

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.view_webhookdelivery")

    @display(description=_("Answer"))
    def answer(self, row: WebhookDelivery) -> str | None:
        return webhook_words.failure(row.failure, row.status) if row.status or row.failure else None

    @display(description=_("Next try"), ordering="due_at")
    def next_try(self, row: WebhookDelivery) -> SafeString | None:
        return columns.moment(row.due_at) if row.state == DeliveryState.DUE else None

    @display(description=_("Tries"))
    def log(self, row: WebhookDelivery) -> SafeString | None:
        tries = read.tries(row)[:LATEST]
        said = ((words.moment(one.at), webhook_words.failure(one.failure, one.status), one.duration_ms) for one in tries)
        return format_html_join(format_html("<br>"), "{}: {}, {} ms", said) if tries else None

    @display(description=_("What is sent"))
    def sent(self, row: WebhookDelivery) -> SafeString:
        return format_html('<pre class="admin-json">{}</pre>', read.pretty(row.event.body))

    @action(description=_("Send the chosen ones again"), permissions=["again"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        rows = list(queryset.select_related("endpoint").filter(endpoint__disabled_at=None, endpoint__deleted_at=None))
        for row in rows:
            webhook_endpoints.redeliver(delivery=row)
        text = ngettext(
            "%(count)s webhook is in line again; those to disabled endpoints were left alone.",
            "%(count)s webhooks are in line again; those to disabled endpoints were left alone.",
            len(rows),
        )
        self.message_user(request, text % {"count": len(rows)})
