"""Organizations with their people and their timeline."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.access import ReadOnly, ReadOnlyRows
from accounts.models import Invitation, Journal, Membership, Organization, OrganizationProfile
from config import words

TIMELINE_LENGTH = 100


class ProfileRow(ReadOnlyRows):
    model = OrganizationProfile
    fields = (
        "segment",
        "segment_reason",
        "segment_set_by",
        "coverage_tier",
        "coverage_tier_reason",
        "growth_tier",
        "growth_tier_reason",
    )


class MembershipRows(ReadOnlyRows):
    model = Membership
    fields = ("user", "role", "joined_at", "left_at")
    ordering = ("left_at", "joined_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # mypy: unfold ships no types.
        return super().get_queryset(request).select_related("user", "organization")  # type: ignore[no-any-return]


class InvitationRows(ReadOnlyRows):
    model = Invitation
    fields = ("email", "role", "state", "invited_by", "sent_at", "sent_count", "expires_at")
    ordering = ("-sent_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # mypy: unfold ships no types.
        return super().get_queryset(request).select_related("invited_by", "organization")  # type: ignore[no-any-return]


@admin.register(Organization)
class OrganizationAdmin(ReadOnly):
    list_display = ("name", "domain", "country", "employee_bracket", "segment", "people", "created_at")
    list_filter = ("profile__segment", "region", "employee_bracket", "industry", "country")
    search_fields = ("name", "domain", "public_id", "external_id", "memberships__user__email")
    ordering = ("-created_at",)
    date_hierarchy = "created_at"
    inlines = (ProfileRow, MembershipRows, InvitationRows)
    fieldsets = (
        (None, {"fields": ("name", "domain", "country", "region", "employee_bracket", "industry")}),
        (_("Settings"), {"fields": ("time_zone", "locale", "currency")}),
        (_("Identity"), {"fields": ("public_id", "external_id", "created_at", "closed_at")}),
        (_("Timeline"), {"fields": ("timeline",)}),
    )
    readonly_fields = ("public_id", "timeline")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        living = Count("memberships", filter=Q(memberships__left_at=None))
        rows: QuerySet[Organization] = super().get_queryset(request).select_related("profile")
        return rows.annotate(people_count=living)

    @display(description=_("Segment"), ordering="profile__segment", label=True)
    def segment(self, organization: Organization) -> str:
        return organization.profile.get_segment_display()

    @display(description=_("People"), ordering="people_count")
    def people(self, organization: Any) -> int:
        return int(organization.people_count)

    @display(description=_("Timeline"))
    def timeline(self, organization: Organization) -> SafeString:
        """The journal's last entries about this organization, the newest first."""
        entries = _latest(organization)
        lines = format_html_join(
            "",
            "<li><strong>{}</strong> {} · {} · {}</li>",
            (
                (words.moment(entry.occurred_at), entry.kind, entry.actor or entry.source, _facts(entry.data))
                for entry in entries
            ),
        )
        return format_html("<ol>{}</ol>", lines)


def _latest(organization: Organization) -> QuerySet[Journal]:
    rows = Journal.objects.filter(organization=organization).select_related("actor")
    return rows.order_by("-occurred_at", "-id")[:TIMELINE_LENGTH]


def _facts(data: dict[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in data.items())
