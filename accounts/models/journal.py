"""What happened, in order: the account's timeline, and how news climbs to the upper floors."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import Organization


def _current_xact() -> Cast:
    # xid8 has no direct cast to bigint; by way of text it has, and it fits for the next 292 billion years of commits.
    return Cast(Cast(models.Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField())


class Journal(models.Model):
    """One typed fact, appended in the transaction that made it true. Never changed; a trigger refuses.

    `xact` is that transaction's pg_current_xact_id(): readers keep a cursor of (xact, id) and read only below
    pg_snapshot_xmin(), so that a slow writer's row is never jumped over.
    """

    xact = models.BigIntegerField(editable=False, db_default=_current_xact())
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="journal")
    kind = models.CharField(max_length=60, help_text=_("<app>.<noun>.<past participle>, for example billing.seats.increased"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=20, help_text=_("Where from: page, api, admin, stripe, schedule, system"))
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    occurred_at = models.DateTimeField(help_text=_("Store time."))

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        indexes = [
            models.Index(fields=["xact", "id"], name="journal_cursor"),
            models.Index(fields=["organization", "-occurred_at", "-id"], name="journal_timeline"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.occurred_at:%Y-%m-%d %H:%M}"


class JournalCursor(models.Model):
    """How far one reader has come. Locked while it reads, so that two processes do not read twice."""

    reader = models.CharField(max_length=80, primary_key=True)
    xact = models.BigIntegerField(default=0)
    entry = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("journal cursor")
        verbose_name_plural = _("journal cursors")

    def __str__(self) -> str:
        return f"{self.reader} at ({self.xact}, {self.entry})"
