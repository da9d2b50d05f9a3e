"""Mails as rows: written in the transaction that causes them, sent by a lane of the pulse."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import Organization


class MailState(models.TextChoices):
    DUE = "due", _("To be sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Given up")
    HELD = "held", _("Not sent: not wanted, or the address can't be reached")


class OutgoingMail(models.Model):
    """One mail to one address. Unique on (kind, subject row, recipient): the same cause never writes twice."""

    kind = models.CharField(max_length=60, help_text=_("The template's name under emails/, for example billing/seats_added"))
    subject_row = models.CharField(max_length=120, help_text=_("What it is about, for example seat_change:42"))
    recipient = models.EmailField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="+")
    locale = models.CharField(max_length=10, default="en")
    context = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=MailState, default=MailState.DUE)
    due_at = models.DateTimeField(help_text=_("Wall time: when to try (next)."))
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0, help_text=_("Raised by each lease; a result with an older one is dropped."))
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mails")
        constraints = [models.UniqueConstraint(fields=["kind", "subject_row", "recipient"], name="outgoing_mail_unique")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="due"), name="outgoing_mail_due")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.subject_row}"
