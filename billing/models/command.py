"""What the store asks of Stripe, written down before it is asked."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from accounts.origin import Origin, Source


class CommandState(models.TextChoices):
    OPEN = "open", _("Under way")
    DONE = "done", _("Done")
    DECLINED = "declined", _("Declined")
    FAILED = "failed", _("Failed")


class StripeCommand(models.Model):
    """The first of three breaths: intent and idempotency key, committed before Stripe is called.

    `target` is what the command holds while it is open ("subscription:12"): one open command a target, so a second click
    hears that a change is being made. `fence` rises with each lease; whoever lost the lease cannot conclude.
    """

    kind = models.CharField(max_length=40)
    target = models.CharField(max_length=80)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="stripe_commands")
    idempotency_key = models.CharField(max_length=100, unique=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=CommandState, default=CommandState.OPEN)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True, blank=True, help_text=_("Wall time."))
    due_at = models.DateTimeField(help_text=_("Wall time: when the pulse may (re)send."))
    lease_until = models.DateTimeField(null=True, blank=True, help_text=_("Wall time."))
    fence = models.PositiveIntegerField(default=0)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=20)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(help_text=_("Store time."))
    concluded_at = models.DateTimeField(null=True, blank=True, help_text=_("Store time."))

    class Meta:
        verbose_name = _("Stripe command")
        verbose_name_plural = _("Stripe commands")
        constraints = [
            models.UniqueConstraint(fields=["target"], condition=models.Q(state="open"), name="stripe_command_open_unique"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="open"), name="stripe_command_due")]

    def __str__(self) -> str:
        return f"{self.kind} on {self.target} ({self.get_state_display()})"

    @property
    def origin(self) -> Origin:
        """Who asked for it, for what is told once Stripe has answered."""
        return Origin(actor=self.actor, source=Source(self.source), request_id=self.request_id)
