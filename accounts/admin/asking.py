"""Requests to join and for a seat, billing contacts, stopped mails, and addresses that can't be reached (staff lift those)."""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from accounts import access
from accounts.models import BillingContact, JoinRequest, MailStop, SeatRequest, Suppression
from accounts.origin import Source
from accounts.services import suppressions
from config import clock
from config.admin import action_forms
from config.admin.pages import ReadOnly

TONES = {"open": "wait", "approved": "good", "declined": "bad", "withdrawn": "", "expired": ""}


@admin.register(JoinRequest)
class JoinRequestAdmin(ReadOnly):
    list_display = ("email", "organization", "state", "asked_at", "expires_at", "decided_by", "ended_at")
    list_filter = ("state",)
    search_fields = ("email", "organization__name")
    list_select_related = ("organization", "decided_by")
    ordering = ("-asked_at",)
    badges = {"state": TONES}


@admin.register(SeatRequest)
class SeatRequestAdmin(ReadOnly):
    list_display = ("membership", "state", "asked_at", "expires_at", "decided_by", "ended_at")
    list_filter = ("state",)
    search_fields = ("membership__user__email", "membership__organization__name")
    list_select_related = ("membership__user", "membership__organization", "decided_by")
    ordering = ("-asked_at",)
    badges = {"state": TONES}


@admin.register(BillingContact)
class BillingContactAdmin(ReadOnly):
    list_display = ("email", "organization", "locale", "added_at", "verified_at", "removed_at", "refused")
    search_fields = ("email", "organization__name")
    list_select_related = ("organization",)
    ordering = ("-added_at",)


@admin.register(MailStop)
class MailStopAdmin(ReadOnly):
    list_display = ("user", "address", "organization", "topic", "stopped_at")
    list_filter = ("topic",)
    search_fields = ("user__email", "address", "organization__name")
    list_select_related = ("user", "organization")
    ordering = ("-stopped_at",)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly):
    list_display = ("address", "reason", "detail", "since", "lifted_at", "lifted_why")
    list_filter = ("reason", ("lifted_at", admin.EmptyFieldListFilter))
    search_fields = ("address",)
    ordering = ("-since",)
    badges = {"reason": {"bounce": "wait", "refused": "wait", "complaint": "bad"}}
    actions = ("lift",)
    action_form = action_forms.NoteForm

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_suppression")

    @action(description=_("Write to the chosen addresses again"), permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        origin, at = access.origin(request, Source.ADMIN), clock.wall()
        why = request.POST.get("note", "")
        try:
            lifted = sum(suppressions.lift(suppression=row, reason=why, origin=origin, at=at) for row in queryset)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return
        text = ngettext("%(count)s address is written to again.", "%(count)s addresses are written to again.", lifted)
        self.message_user(request, text % {"count": lifted})
