"""Organizations with their people and their timeline. Upper apps hang rows of their own below (config.admin.pages.hang)."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts import exports
from accounts.admin import viewing
from accounts.models import Invitation, Journal, Membership, Organization, OrganizationProfile, Segment
from config.admin import acts, columns, facts
from config.admin.pages import ReadOnlyRows

TIMELINE_LENGTH = 100
SEGMENT_TONES = {Segment.SMB: "", Segment.MID_MARKET: "info", Segment.ENTERPRISE: "good"}
INVITATION_TONES = {"open": "wait", "accepted": "good", "revoked": "bad"}


class ProfileRow(ReadOnlyRows):
    model = OrganizationProfile
    fields = (
        *("segment", "segment_reason", "segment_set_by", "segment_until"),
        *("coverage_tier", "coverage_tier_reason", "growth_tier", "growth_tier_reason"),
    )


class MembershipRows(ReadOnlyRows):
    model = Membership
    fields = ("user", "role", "joined_at", "left_at")
    ordering = ("left_at", "joined_at")
    related = ("user", "organization")


class InvitationRows(ReadOnlyRows):
    model = Invitation
    fields = ("email", "role", "state", "invited_by", "sent_at", "sent_count", "expires_at")
    ordering = ("-sent_at",)
    related = ("invited_by", "organization")
    badges = {"state": INVITATION_TONES}


@admin.register(Organization)
class OrganizationAdmin(exports.Exported):
    list_display = ("name", "domain", "country", "employee_bracket", "segment", "members", "created_at")
    list_filter = ("profile__segment", "region", "employee_bracket", "industry", "country")
    search_fields = ("name", "domain", "public_id", "external_id", "memberships__user__email")
    ordering = ("-created_at",)
    date_hierarchy = "created_at"
    inlines = (ProfileRow, MembershipRows, InvitationRows)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "domain"),
                    ("segment", "employee_bracket"),
                    ("country", "region"),
                    ("industry", "currency"),
                    ("time_zone", "locale"),
                    ("public_id", "external_id"),
                    ("created_at", "closed_at"),
                )
            },
        ),
    )
    readonly_fields = ("public_id", "segment")
    export_columns = (
        *(exports.field("organization_id", "public_id"), *map(exports.field, ("external_id", "name", "domain", "country"))),
        *map(exports.field, ("region", "industry", "employee_bracket", "currency", "time_zone")),
        *(exports.field(name, f"profile__{name}") for name in ("segment", "coverage_tier", "growth_tier")),
        *(exports.field("members", "people_count"), exports.field("created_at"), exports.field("closed_at")),
    )
    change_form_after_template = "admin/accounts/timeline.html"

    def get_urls(self) -> list[URLPattern]:
        """With the page that asks why one wants to look at the store as this customer."""

        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            return viewing.start(self, request, object_id)

        own = path("<int:object_id>/viewing/", self.admin_site.admin_view(view), name="accounts_organization_viewing")
        return [own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        living = Count("memberships", filter=Q(memberships__left_at=None))
        rows: QuerySet[Organization] = super().get_queryset(request).select_related("profile")
        return rows.annotate(people_count=living)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """With the journal's last entries about the organization, the newest first."""
        shown = self.has_view_permission(request) and request.user.has_perm("accounts.view_journal")
        entries = _latest(object_id) if shown else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "entries": entries})

    @display(description=_("Segment"), ordering="profile__segment")
    def segment(self, organization: Organization) -> SafeString:
        profile = organization.profile
        return columns.badge(profile.get_segment_display(), SEGMENT_TONES.get(Segment(profile.segment), ""))

    @display(description=_("Members"), ordering="people_count")
    def members(self, organization: Any) -> int:
        return int(organization.people_count)


def _latest(organization_id: str) -> list[dict[str, Any]]:
    rows = Journal.objects.filter(organization_id=organization_id).select_related("actor")
    return [
        {
            "at": row.occurred_at,
            "what": facts.kind(row.kind),
            "told": facts.told(row.data),
            "by": facts.by(row.actor, row.source),
        }
        for row in rows.order_by("-occurred_at", "-id")[:TIMELINE_LENGTH]
    ]


acts.offer_on(Organization, viewing.offer)
