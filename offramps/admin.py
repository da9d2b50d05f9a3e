"""Hand-raises in the admin: to read, and to note as answered."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from accounts import access
from accounts.origin import Source
from config import clock
from offramps.models import HandRaise
from offramps.services import hand_raises


@admin.register(HandRaise)
class HandRaiseAdmin(ModelAdmin):  # type: ignore[misc] # unfold ships no types
    list_display = ("raised_at", "reason", "organization", "contact_email", "channel", "answer_on", "state")
    list_filter = ("state", "reason", "channel", "answer_on")
    list_select_related = ("organization",)
    search_fields = ("contact_email", "contact_name", "organization__name", "public_id")
    ordering = ("-raised_at",)
    actions = ("mark_answered",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=_("Mark as answered"), permissions=["view"])
    def mark_answered(self, request: HttpRequest, rows: QuerySet[HandRaise]) -> None:
        origin, now = access.origin(request, Source.ADMIN), clock.now()
        closed = sum(hand_raises.close(hand_raise=row, at=now, origin=origin) for row in rows)
        said = ngettext("%(count)d hand-raise is marked as answered.", "%(count)d hand-raises are marked as answered.", closed)
        self.message_user(request, said % {"count": closed}, messages.SUCCESS)
