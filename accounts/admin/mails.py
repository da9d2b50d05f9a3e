"""Outgoing mails: what is due, sent or given up; those given up can be put back in line."""

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from accounts import access
from accounts.models import OutgoingMail
from accounts.origin import Source
from accounts.services import journal, outbox
from config import clock
from config.admin.pages import ReadOnly


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnly):
    list_display = ("kind", "recipient", "organization", "state", "attempts", "due_at", "sent_at", "created_at")
    list_filter = ("state", "kind")
    search_fields = ("recipient", "subject_row", "organization__name")
    list_select_related = ("organization",)
    ordering = ("-created_at", "-id")
    # The context may hold a code or a link that opens something until the mail is out.
    exclude = ("context", "fence", "lease_until")
    actions = ("retry",)
    badges = {"state": {"due": "info", "sent": "good", "failed": "bad", "held": "wait"}}

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.view_outgoingmail")

    @action(description=_("Try the chosen mails again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        with transaction.atomic():
            chosen = [pk for pk in queryset.order_by("pk").values_list("pk", flat=True) if outbox.retry(pk)]
            again = len(chosen)
            if chosen:
                journal.append(
                    kind="accounts.mail.retried",
                    organization=None,
                    at=clock.now(),
                    origin=access.origin(request, Source.ADMIN),
                    data={"mails": chosen},
                )
        text = ngettext(
            "%(count)s mail is in line again; those sent or due were left alone.",
            "%(count)s mails are in line again; those sent or due were left alone.",
            again,
        )
        self.message_user(request, text % {"count": again})
