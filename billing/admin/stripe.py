"""The talk with Stripe: commands under way and ended, objects to be read again, events heard."""

from datetime import timedelta

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from billing.admin.access import ReadOnly, at_stripe, origin
from billing.models import CommandState, EventCursor, InboxEvent, StripeCommand, StripeObject
from billing.services import commands, inbox
from config import clock, words

COMMAND_COLORS = {"open": "info", "done": "success", "declined": "warning", "failed": "danger"}


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
class StripeCommandAdmin(ReadOnly):
    list_display = ("created_at", "kind", "organization", "shown_state", "attempts", "due", "target", "short_error")
    list_filter = ("state", CommandTrouble, "kind", "source")
    list_select_related = ("organization",)
    search_fields = ("target", "idempotency_key", "organization__name", "error", "request_id")
    ordering = ("-id",)
    date_hierarchy = "created_at"
    actions = ("try_again",)

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_stripecommand")

    @action(description=_("Try again now"), permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[StripeCommand]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        again = sum(commands.try_again(pk, origin=origin(request), at=clock.now()) for pk in ids)
        left = len(ids) - again
        self.message_user(
            request,
            _now("%(again)s are being tried again; %(left)s had ended and were left alone.") % {"again": again, "left": left},
        )

    @display(description=_("State"), ordering="state", label=COMMAND_COLORS)
    def shown_state(self, row: StripeCommand) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("Next try"), ordering="due_at")
    def due(self, row: StripeCommand) -> str:
        return words.moment(row.due_at) if row.state == CommandState.OPEN else "-"

    @display(description=_("Error"))
    def short_error(self, row: StripeCommand) -> str:
        return row.error[:80]


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


@admin.register(StripeObject)
class StripeObjectAdmin(ReadOnly):
    list_display = ("key", "kind", "is_current", "attempts", "due", "fetched_at", "short_error")
    list_filter = (Dirty, ObjectTrouble, "kind")
    search_fields = ("key", "error")
    ordering = ("-due_at",)
    fields = ("stripe", "kind", "dirty", "cleaned", "due_at", "lease_until", "attempts", "error", "fetched_at", "events")
    readonly_fields = ("stripe", "events")
    actions = ("read_again",)

    def has_read_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_stripeobject")

    @action(description=_("Read again now"), permissions=["read_again"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[StripeObject]) -> None:
        keys = list(queryset.values_list("pk", flat=True))
        for key in keys:
            inbox.retry(key)
        self.message_user(request, _now("%(count)s objects are being read again.") % {"count": len(keys)})

    @display(description=_("Up to date"), boolean=True)
    def is_current(self, row: StripeObject) -> bool:
        return row.dirty <= row.cleaned

    @display(description=_("Next try"), ordering="due_at")
    def due(self, row: StripeObject) -> str:
        return words.moment(row.due_at) if row.dirty > row.cleaned else "-"

    @display(description=_("Error"))
    def short_error(self, row: StripeObject) -> str:
        return row.error[:80]

    @display(description=_("Object"))
    def stripe(self, row: StripeObject) -> SafeString | str:
        return at_stripe(row.key)

    @display(description=_("Events"))
    def events(self, row: StripeObject) -> SafeString:
        return format_html('<a href="../../../inboxevent/?q={}">{}</a>', row.key, _now("Everything heard about it"))


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnly):
    list_display = ("received_at", "type", "object_key", "source", "created_at", "handled_at")
    list_filter = (("handled_at", admin.EmptyFieldListFilter), "source", "type")
    search_fields = ("stripe_id", "object_key", "type")
    ordering = ("-id",)
    fields = ("stripe", "type", "object_key", "source", "created_at", "received_at", "handled_at", "payload")
    readonly_fields = ("stripe",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxEvent]:
        rows: QuerySet[InboxEvent] = super().get_queryset(request)
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("changelist")
        return rows.defer("payload") if is_list else rows

    @display(description=_("Event"))
    def stripe(self, row: InboxEvent) -> SafeString | str:
        return at_stripe(row.stripe_id)


@admin.register(EventCursor)
class EventCursorAdmin(ReadOnly):
    list_display = ("__str__", "seen_up_to", "due_at", "error")
