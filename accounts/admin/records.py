"""What is only ever looked at: the journal, its readers, memberships, invitations, legal texts and acceptances."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts import exports
from accounts.models import Acceptance, Invitation, Journal, JournalCursor, LegalDocument, Membership
from config.admin import facts
from config.admin.pages import ReadOnly


@admin.register(Journal)
class JournalAdmin(ReadOnly):
    list_display = ("occurred_at", "what", "organization", "told", "by", "request_id")
    list_filter = ("source", "kind")
    search_fields = ("kind", "organization__name", "request_id")
    list_select_related = ("organization", "actor")
    ordering = ("-occurred_at", "-id")
    date_hierarchy = "occurred_at"
    fields = ("occurred_at", "what", "kind", "organization", "by", "source", "told", "data", "request_id", "xact")
    readonly_fields = ("what", "told", "by", "xact")

    @display(description=_("What"), ordering="kind")
    def what(self, entry: Journal) -> str:
        return facts.kind(entry.kind)

    @display(description=_("Details"))
    def told(self, entry: Journal) -> str:
        return facts.told(entry.data)

    @display(description=_("By"))
    def by(self, entry: Journal) -> str:
        return facts.by(entry.actor, entry.source)


@admin.register(JournalCursor)
class JournalCursorAdmin(ReadOnly):
    list_display = ("reader", "xact", "entry", "behind")

    @display(description=_("Entries behind"))
    def behind(self, cursor: JournalCursor) -> int:
        return Journal.objects.filter(xact__gte=cursor.xact).exclude(xact=cursor.xact, id__lte=cursor.entry).count()


@admin.register(Membership)
class MembershipAdmin(exports.Exported):
    list_display = ("user", "organization", "role", "joined_at", "left_at")
    list_filter = ("role", "left_at")
    search_fields = ("user__email", "user__name", "organization__name")
    list_select_related = ("user", "organization")
    ordering = ("-joined_at",)
    export_columns = (
        *(exports.field("organization_id", "organization__public_id"), exports.field("organization", "organization__name")),
        *(("member", lambda row: str(row.user)), *map(exports.field, ("role", "joined_at", "left_at"))),
    )


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    list_display = ("email", "organization", "role", "state", "sent_at", "sent_count", "expires_at")
    list_filter = ("state", "role")
    search_fields = ("email", "organization__name")
    list_select_related = ("organization",)
    ordering = ("-sent_at",)
    exclude = ("token_hash",)
    badges = {"state": {"open": "wait", "accepted": "good", "revoked": "bad"}}


@admin.register(LegalDocument)
class LegalDocumentAdmin(ReadOnly):
    list_display = ("kind", "effective_on", "sha256")
    list_filter = ("kind",)
    ordering = ("-effective_on", "kind")
    fields = ("kind", "effective_on", "sha256", "shown_text")
    readonly_fields = ("shown_text",)

    @display(description=_("Text"))
    def shown_text(self, document: LegalDocument) -> SafeString:
        return format_html("<pre>{}</pre>", "\n\n".join(f"[{code}]\n{text}" for code, text in sorted(document.text.items())))


@admin.register(Acceptance)
class AcceptanceAdmin(ReadOnly):
    list_display = ("document", "organization", "user", "accepted_at")
    list_filter = ("document__kind",)
    search_fields = ("organization__name", "user__email")
    list_select_related = ("document", "organization", "user")
    ordering = ("-accepted_at",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.view_acceptance")
