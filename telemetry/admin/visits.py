"""Visits in the admin: to look at, as the rules see them."""

from typing import Any

from django.contrib import admin

from config.admin import pages
from telemetry.models import Visit


@admin.register(Visit)
class VisitAdmin(pages.ReadOnly):
    list_display = ("at", "page", "organization", "mail_domain", "user")
    list_filter = ("page",)
    list_select_related = ("organization", "user")
    search_fields = ("organization__name", "mail_domain")
    ordering = ("-at", "-id")
    date_hierarchy = "at"
    fields: Any = (("at", "page"), ("organization", "user"), ("mail_domain", "visitor"))
