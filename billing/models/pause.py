"""Pauses: from when to when a subscription rests, what was given back, and how its going on went."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import new_public_id
from billing.models.command import StripeCommand
from billing.models.subscription import Subscription


class PauseState(models.TextChoices):
    SENDING = "sending", _("Being made")
    ON = "on", _("Paused")
    RESUMED = "resumed", _("Gone on")
    ENDED = "ended", _("Ended with the subscription")
    FAILED = "failed", _("Failed")


class Pause(models.Model):
    """One rest, asked for once (`nonce`). While it is on, `due_at` is when the lane looks next: to announce, then to go on.

    `credit_minor` is what was agreed to be given back; `tries` counts the times it was to go on by itself and could not.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="pauses")
    nonce = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=8, choices=PauseState, default=PauseState.SENDING)
    months = models.PositiveSmallIntegerField()
    credit_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    asked_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True, blank=True)
    resumes_at = models.DateTimeField(null=True, blank=True, help_text=_("When it goes on by itself."))
    ended_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("Store time: when to announce it, or to go on."))
    announced_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True, help_text=_("Why it did not go on by itself, for the buyer."))
    command = models.OneToOneField(StripeCommand, models.PROTECT, null=True, related_name="pause")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=20)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(state__in=("sending", "on")), name="pause_open_unique"
            ),
            models.CheckConstraint(condition=Q(began_at=None) | Q(resumes_at__gt=F("began_at")), name="pause_ordered"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="on", due_at__isnull=False), name="pause_due")]

    def __str__(self) -> str:
        return f"{self.subscription}: {self.months} months ({self.get_state_display()})"
