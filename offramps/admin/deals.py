"""Deals with their versions, to read. They are made and decided on at the desk."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin import pages
from offramps.models import Deal, DealVersion
from offramps.queries import deal_words
from offramps.queries import deals as queries

TONES = {
    "draft": "",
    "proposed": "wait",
    "approved": "good",
    "declined": "bad",
    "sent": "wait",
    "accepted": "good",
    "replaced": "",
    "expired": "bad",
    "withdrawn": "",
    "lapsed": "bad",
}


class VersionRows(pages.ReadOnlyRows):
    model = DealVersion
    fields = ("number", "state", "what", "beside", "made_by", "decided_by", "decision_note", "quote")
    readonly_fields = ("what", "beside")
    ordering = ("-number",)
    related = ("plan", "made_by", "decided_by", "quote", "deal__organization")
    badges = {"state": TONES}

    @display(description=_("What is sold"))
    def what(self, row: DealVersion) -> str:
        return deal_words.subject(row)

    @display(description=_("not the catalog's"))
    def beside(self, row: DealVersion) -> str:
        return ", ".join(what for what, _who in deal_words.findings(queries.verdict_of(row)))


@admin.register(Deal)
class DealAdmin(pages.ReadOnly):
    list_display = ("created_at", "organization", "owner", "lead")
    list_filter = ("owner",)
    list_select_related = ("organization", "owner", "lead__organization")
    search_fields = ("organization__name", "public_id", "versions__quote__number")
    ordering = ("-created_at", "-id")
    date_hierarchy = "created_at"
    inlines = (VersionRows,)
    fields: Any = (("organization", "owner"), ("lead", "created_at"), ("at_desk", "public_id"))
    readonly_fields = ("at_desk", "public_id")

    @display(description=_("At the desk"))
    def at_desk(self, row: Deal) -> str:
        url = reverse("offramps:deal", args=[row.public_id])
        return format_html('<a class="text-link" href="{}">{}</a>', url, row.public_id)
