"""Hand-raises in the admin: to read, and to note as answered."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from accounts import access
from accounts.models import Organization
from accounts.origin import Source
from config import clock
from config.admin import pages
from offramps.models import HandRaise
from offramps.queries import hand_raise_words
from offramps.services import hand_raises

STATE_TONES = {"open": "wait", "closed": "good"}


@admin.register(HandRaise)
class HandRaiseAdmin(pages.ReadOnly):
    list_display = ("raised_at", "reason", "organization", "contact_email", "by_channel", "answer_on", "state")
    list_filter = ("state", "reason", "channel", "answer_on")
    list_select_related = ("organization",)
    search_fields = ("contact_email", "contact_name", "organization__name", "public_id")
    ordering = ("-raised_at",)
    date_hierarchy = "raised_at"
    badges = {"state": STATE_TONES}
    actions = ("mark_answered",)
    change_form_outer_before_template = "admin/billing/press.html"
    fields = (
        *(("reason", "state"), ("organization", "user"), ("contact_name", "contact_email"), ("contact_phone", "by_channel")),
        *(("raised_at", "answer_on"), ("in_cart", "page"), "said", ("closed_at", "public_id")),
    )
    readonly_fields = ("by_channel", "in_cart", "said", "public_id")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, unquote(object_id))
        press = {"action": "mark_answered", "label": _("Mark as answered")} if row and row.closed_at is None else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "press": press})

    @display(description=_("Channel"), ordering="channel")
    def by_channel(self, row: HandRaise) -> str:
        return hand_raise_words.channel(row.channel)

    @display(description=_("Cart at the click"))
    def in_cart(self, row: HandRaise) -> str:
        return hand_raise_words.basket(row.basket)

    @display(description=_("Answers"))
    def said(self, row: HandRaise) -> str:
        return "\n".join(f"{label}: {value}" for label, value in hand_raise_words.answers(row.answers))

    @action(description=_("Mark as answered"), permissions=["view"])
    def mark_answered(self, request: HttpRequest, rows: QuerySet[HandRaise]) -> None:
        origin, now = access.origin(request, Source.ADMIN), clock.now()
        closed = sum(hand_raises.close(hand_raise=row, at=now, origin=origin) for row in rows)
        said = ngettext("%(count)d hand-raise is marked as answered.", "%(count)d hand-raises are marked as answered.", closed)
        self.message_user(request, said % {"count": closed}, messages.SUCCESS)


class HandRaiseRows(pages.ReadOnlyRows):
    model = HandRaise
    fields = ("raised_at", "reason", "contact_email", "answer_on", "state")
    ordering = ("-raised_at",)
    related = ("organization",)
    badges = {"state": STATE_TONES}


pages.hang(HandRaiseRows, Organization)
