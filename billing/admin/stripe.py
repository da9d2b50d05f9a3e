"""The talk with Stripe: commands under way and ended, objects to be read again, events heard."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from accounts import access
from accounts.origin import Source
from accounts.services import journal
from billing.admin.shown import at_stripe
from billing.models import CommandState, EventCursor, InboxEvent, StripeCommand, StripeObject
from billing.rules import stripe_events
from billing.services import commands, inbox
from config import clock, words
from config.admin import columns, facts, pages

COMMAND_TONES = {"open": "info", "done": "good", "declined": "wait", "failed": "bad"}
# What a list shows of an error; the page has all of it.
SHORT = 80


class Trouble(admin.SimpleListFilter):
    """What somebody should look at."""

    title = _("trouble")
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", _now("Needs a look"))]


class CommandTrouble(Trouble):
    def queryset(self, request: HttpRequest, queryset: QuerySet[StripeCommand]) -> QuerySet[StripeCommand]:
        if self.value() != "yes":
            return queryset
        late = queryset.filter(state=CommandState.OPEN, due_at__lt=clock.wall() - timedelta(minutes=5))
        return queryset.filter(state=CommandState.FAILED) | queryset.filter(state=CommandState.OPEN, attempts__gt=1) | late


@admin.register(StripeCommand)
class StripeCommandAdmin(pages.ReadOnly):
    list_display = ("created_at", "kind", "organization", "state", "attempts", "due", "target", "short_error")
    list_filter = ("state", CommandTrouble, "kind", "source")
    list_select_related = ("organization",)
    search_fields = ("target", "idempotency_key", "organization__name", "error", "request_id")
    ordering = ("-id",)
    date_hierarchy = "created_at"
    badges = {"state": COMMAND_TONES}
    actions = ("try_again",)
    change_form_outer_before_template = "admin/billing/press.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *(("kind", "state"), ("organization", "target"), ("by", "attempts"), ("due", "created_at")),
                    *(("first_sent_at", "concluded_at"), "error"),
                )
            },
        ),
        (_("What was asked"), {"fields": ("payload",)}),
        (_("What came of it"), {"fields": ("result",)}),
        (_("Technical"), {"classes": ("collapse",), "fields": ("idempotency_key", "request_id", "fence", "lease_until")}),
    )
    readonly_fields = ("due", "by")

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_stripecommand")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, unquote(object_id)) if self.has_try_again_permission(request) else None
        is_open = row is not None and row.state in (CommandState.OPEN, CommandState.FAILED)
        press = {"action": "try_again", "label": _("Try again now")} if is_open else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "press": press})

    @action(description=_("Try again now"), permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[StripeCommand]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        origin, now = access.origin(request, Source.ADMIN), clock.now()
        again = sum(commands.try_again(pk, origin=origin, at=now) for pk in ids)
        left = len(ids) - again
        self.message_user(
            request,
            _now("%(again)s are being tried again; %(left)s had ended and were left alone.") % {"again": again, "left": left},
        )

    @display(description=_("Next try"), ordering="due_at")
    def due(self, row: StripeCommand) -> SafeString | None:
        return columns.moment(row.due_at) if row.state == CommandState.OPEN else None

    @display(description=_("By"))
    def by(self, row: StripeCommand) -> str:
        return facts.by(row.actor, row.source)

    @display(description=_("Error"))
    def short_error(self, row: StripeCommand) -> str:
        return row.error[:SHORT]


class ObjectTrouble(Trouble):
    def queryset(self, request: HttpRequest, queryset: QuerySet[StripeObject]) -> QuerySet[StripeObject]:
        return queryset.exclude(error="") if self.value() == "yes" else queryset


class Dirty(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "dirty"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("yes", _now("To be read again")), ("no", _now("Up to date"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StripeObject]) -> QuerySet[StripeObject]:
        if self.value() == "yes":
            return queryset.filter(dirty__gt=F("cleaned"))
        return queryset.filter(dirty=F("cleaned")) if self.value() == "no" else queryset


class _ReadsAgain(pages.ReadOnly):
    """Pages from which objects are read again: whatever is due at once, and what is up to date once more."""

    actions = ("read_again",)
    change_form_outer_before_template = "admin/billing/press.html"

    def has_read_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_stripeobject")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        press = {"action": "read_again", "label": _("Read again now")} if self.has_read_again_permission(request) else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "press": press})

    @action(description=_("Read again now"), permissions=["read_again"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = StripeObject.objects.filter(pk__in=list(queryset.values_list(self.object_field, flat=True))).order_by("pk")
        with transaction.atomic():
            journal.append(
                kind="billing.objects.read_again",
                organization=None,
                at=clock.now(),
                origin=access.origin(request, Source.ADMIN),
                data={"objects": [row.key for row in rows]},
            )
        for row in rows:
            if row.dirty > row.cleaned:
                inbox.retry(row.key)
            else:
                inbox.touch(stripe_events.Kind(row.kind), row.key)
        text = ngettext("%(count)s object is being read again.", "%(count)s objects are being read again.", len(rows))
        self.message_user(request, text % {"count": len(rows)})

    object_field = "pk"


@admin.register(StripeObject)
class StripeObjectAdmin(_ReadsAgain):
    list_display = ("key", "kind", "shown_state", "attempts", "due", "fetched_at", "short_error")
    list_filter = (Dirty, ObjectTrouble, "kind")
    search_fields = ("key", "error")
    ordering = ("-due_at",)
    fields = (
        *(("stripe", "kind"), ("shown_state", "attempts"), ("due", "fetched_at"), "error", "events"),
        *(("dirty", "cleaned"), ("lease_until", "fence")),
    )
    readonly_fields = ("stripe", "events", "shown_state", "due")

    @display(description=_("State"))
    def shown_state(self, row: StripeObject) -> SafeString:
        return _state(is_current=row.dirty <= row.cleaned, error=row.error)

    @display(description=_("Next try"), ordering="due_at")
    def due(self, row: StripeObject) -> SafeString | None:
        return columns.moment(row.due_at) if row.dirty > row.cleaned else None

    @display(description=_("Error"))
    def short_error(self, row: StripeObject) -> str:
        return row.error[:SHORT]

    @display(description=_("Object"))
    def stripe(self, row: StripeObject) -> SafeString | str:
        return at_stripe(row.key)

    @display(description=_("Events"))
    def events(self, row: StripeObject) -> SafeString:
        url = columns.listing("billing.inboxevent", q=row.key)
        return format_html('<a class="text-link" href="{}">{}</a>', url, _now("Everything heard about it"))


class EventTrouble(Trouble):
    """Events whose object could not be read."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[InboxEvent]) -> QuerySet[InboxEvent]:
        failed = StripeObject.objects.filter(pk=OuterRef("object_key"), dirty__gt=F("cleaned")).exclude(error="")
        return queryset.filter(Exists(failed), handled_at=None) if self.value() == "yes" else queryset


@admin.register(InboxEvent)
class InboxEventAdmin(_ReadsAgain):
    list_display = ("received_at", "type", "shown_state", "object", "source", "handled_at", "short_error")
    list_filter = (EventTrouble, ("handled_at", admin.EmptyFieldListFilter), "source", "type")
    search_fields = ("stripe_id", "object_key", "type")
    ordering = ("-id",)
    date_hierarchy = "received_at"
    fields = (
        *(("stripe", "type"), ("object", "shown_state"), ("source", "created_at"), ("received_at", "handled_at")),
        *("whole_error", "payload"),
    )
    readonly_fields = ("stripe", "object", "shown_state", "whole_error")
    object_field = "object_key"

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxEvent]:
        """With the trouble of the object that each event is about."""
        troubled = StripeObject.objects.filter(pk=OuterRef("object_key"), dirty__gt=F("cleaned"))
        rows: QuerySet[InboxEvent] = super().get_queryset(request)
        rows = rows.annotate(object_error=Subquery(troubled.values("error")[:1]))
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("changelist")
        return rows.defer("payload") if is_list else rows

    @display(description=_("Object"), ordering="object_key")
    def object(self, row: InboxEvent) -> SafeString | str | None:
        return columns.link(StripeObject(pk=row.object_key), columns.short(row.object_key))

    @display(description=_("State"))
    def shown_state(self, row: Any) -> SafeString:
        return _state(is_current=row.handled_at is not None, error=row.object_error or "")

    @display(description=_("Error"))
    def short_error(self, row: Any) -> str:
        return "" if row.handled_at else (row.object_error or "")[:SHORT]

    @display(description=_("Error"))
    def whole_error(self, row: Any) -> str:
        return "" if row.handled_at else row.object_error or ""

    @display(description=_("Event"))
    def stripe(self, row: InboxEvent) -> SafeString | str:
        return at_stripe(row.stripe_id)


def _state(*, is_current: bool, error: str) -> SafeString:
    if is_current:
        return columns.badge(_("Up to date"), "good")
    return columns.badge(_("Failed, is tried again"), "bad") if error else columns.badge(_("To be read again"), "info")


@admin.register(EventCursor)
class EventCursorAdmin(pages.ReadOnly):
    list_display = ("shown", "due_at", "error")
    fields = ("seen_up_to", "due_at", "lease_until", "error")

    @display(description=_("Read up to"), ordering="seen_up_to")
    def shown(self, row: EventCursor) -> str:
        return words.moment(row.seen_up_to) if row.seen_up_to else "-"
