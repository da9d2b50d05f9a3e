"""Entitlements, to look at: what a subscription grants, why and since when, and how much of what is metered was used."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.models import FeatureUsage, Subscription
from billing.queries import entitlements, grant_words
from config import clock, words
from config.admin import columns, pages


@admin.register(FeatureUsage)
class FeatureUsageAdmin(pages.ReadOnly):
    list_display = ("organization", "feature", "used", "starts_at", "ends_at", "last_used_at")
    list_filter = ("feature", ("ends_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__public_id", "feature")
    ordering = ("-last_used_at", "-id")
    date_hierarchy = "starts_at"
    fields = (
        ("organization", "feature"),
        ("used", "changed"),
        ("starts_at", "ends_at"),
        ("first_used_at", "last_used_at"),
        "revision",
    )


class FeatureUsageRows(pages.ReadOnlyRows):
    model = FeatureUsage
    fields = ("feature", "used", "starts_at", "ends_at", "last_used_at")
    ordering = ("-starts_at", "-id")
    per_page = 12


def granted(row: Subscription) -> SafeString | str:
    """Every feature that the subscription's organization has: how much, used, by what since when. Three queries."""
    now = clock.now()
    found = entitlements.several(row.organization_id, features=[], now=now).entitlements
    shown = grant_words.shown(found).rows
    said = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", (_cells(one) for one in shown))
    head = format_html(
        '<thead><tr><th scope="col">{}</th><th scope="col">{}</th><th scope="col">{}</th><th scope="col">{}</th></tr></thead>',
        *(_("Feature"), _("How much"), _("Used"), _("Brought by")),
    )
    return format_html('<table class="admin-rows">{}<tbody>{}</tbody></table>', head, said) if shown else "-"


def _cells(one: grant_words.Row) -> tuple[SafeString | str, ...]:
    amount = one.amount if one.is_open else format_html("{} {}", one.amount, columns.badge(_("not now"), "wait"))
    until = _("%(used)s until %(day)s") % {
        "used": words.number(one.used or 0),
        "day": words.day(one.resets_at) if one.resets_at else "",
    }
    used = "" if one.used is None else until if one.resets_at else words.number(one.used)
    brought = ((each.name, _("since %(day)s") % {"day": words.day(each.since)}) for each in one.why)
    why = format_html_join("", "<p>{}, {}</p>", brought)
    return one.name, amount, used, why


pages.hang(FeatureUsageRows, Organization)
