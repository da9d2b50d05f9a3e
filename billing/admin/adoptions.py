"""Contracts that move in: a board of how far it is, each with what became of it, and the release."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from accounts import access
from accounts.models import User
from accounts.origin import Source
from billing.admin.shown import money
from billing.models import Adoption
from billing.queries import adoptions as queries
from billing.services.adopting import releasing
from config import clock, words
from config.admin import pages

STATE_TONES = {"adopted": "wait", "releasing": "info", "released": "good", "failed": "bad"}


@admin.register(Adoption)
class AdoptionAdmin(pages.ReadOnly):
    list_display = ("reference", "organization", "state", "segment", "arr", "adopted_at", "released_at")
    list_filter = ("state", "segment", "was_at_stripe", "currency")
    list_select_related = ("organization", "adopted_by", "released_by")
    search_fields = ("reference", "organization__name", "organization__external_id", "subscription__stripe_id")
    ordering = ("-adopted_at", "-id")
    date_hierarchy = "adopted_at"
    badges = {"state": STATE_TONES}
    list_before_template = "admin/billing/adoption_board.html"
    fields = (
        ("organization", "subscription"),
        ("state", "segment"),
        ("arr", "list_arr"),
        ("email", "was_at_stripe"),
        ("adopted_by", "adopted_at"),
        ("released_by", "released_at"),
        "message",
        "command",
    )
    readonly_fields = ("arr", "list_arr")
    actions = ("release",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the board above the list."""
        answer: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "board": queries.board()})
        return answer

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_adoption")

    @display(description=_("ARR"), ordering="arr_minor")
    def arr(self, row: Adoption) -> str:
        return money(row.arr_minor, row.currency)

    @display(description=_("ARR by the price list"), ordering="list_arr_minor")
    def list_arr(self, row: Adoption) -> str:
        return money(row.list_arr_minor, row.currency)

    @action(description=_("Release: begin at Stripe, invite the owner"), permissions=["release"])
    def release(self, request: HttpRequest, queryset: QuerySet[Adoption]) -> None:
        assert isinstance(request.user, User)
        references = list(queryset.values_list("reference", flat=True))
        origin = access.origin(request, Source.ADMIN)
        found = releasing.release(by=request.user, origin=origin, at=clock.now(), references=references)
        said = ngettext("%(count)s contract is being released.", "%(count)s contracts are being released.", found.count)
        self.message_user(request, said % {"count": words.number(found.count)}, messages.SUCCESS)
        for reference, why in found.left[:5]:
            self.message_user(request, f"{reference}: {why}", messages.WARNING)
