"""Payments that failed, and how far up the ladder each has come. Source: docs/decisions/dunning.md."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.models.invoice import Invoice
from billing.models.subscription import Subscription
from billing.rules import dunning


class DunningOutcome(models.TextChoices):
    RECOVERED = "recovered", _("Paid")
    WAIVED = "waived", _("Not owed any more")
    LEFT = "left", _("Cancelled by the customer")
    LOST = "lost", _("Lost: never paid")


class DunningStepKind(models.TextChoices):
    """As billing.rules.dunning.Step."""

    FAILED = "failed", _("Payment failed")
    SECOND = "second", _("Second notice")
    THIRD = "third", _("Third notice")
    AGAIN = "again", _("Told again, with new dates")
    READ_ONLY = "read_only", _("Read-only")
    OFF = "off", _("Access off")


class DunningEpisode(models.Model):
    """One open one per subscription, from the first payment that failed until nothing is missing or everything is over.

    The dates are what the customer was told; they only ever move later. `reached` is the rank of the highest step
    (billing.rules.dunning.RANKS), -1 before the first. `due_at` is when the sweep looks next.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="dunning_episodes")
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="dunning_episodes")
    currency = models.CharField(max_length=3)
    started_at = models.DateTimeField()
    second_at = models.DateTimeField(null=True, blank=True)
    third_at = models.DateTimeField(null=True, blank=True)
    read_only_at = models.DateTimeField(_("read-only from"))
    off_at = models.DateTimeField(_("access ends"))
    notice_days = models.PositiveSmallIntegerField()
    is_cancelled_then = models.BooleanField(_("cancelled when access ends"), default=True)
    reached = models.SmallIntegerField(default=dunning.BELOW)
    reached_at = models.DateTimeField(null=True, blank=True)
    round = models.PositiveSmallIntegerField(default=0, help_text=_("How often dates that were told had to be replaced."))
    due_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(_("told to a person of ours"), null=True, blank=True)
    end_asked_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=DunningOutcome, blank=True)

    class Meta:
        verbose_name = _("failed payment")
        verbose_name_plural = _("failed payments")
        constraints = [
            models.UniqueConstraint(fields=["subscription"], condition=Q(closed_at=None), name="dunning_open_unique"),
            models.CheckConstraint(condition=Q(off_at__gt=F("read_only_at")), name="dunning_dates_ordered"),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="dunning_closed_with_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(closed_at=None), name="dunning_due"),
            models.Index(fields=["id"], condition=Q(closed_at=None, reached=4, end_asked_at=None), name="dunning_over"),
            models.Index(fields=["started_at"], name="dunning_started"),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.started_at:%Y-%m-%d}"

    @property
    def step(self) -> str:
        """The highest step; empty before the first."""
        return str(dunning.STEPS.get(self.reached, ""))


class DunningInvoice(models.Model):
    """An invoice that could not be charged: what was missing, and when, at which step, it was paid after all."""

    episode = models.ForeignKey(DunningEpisode, models.CASCADE, related_name="invoices")
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="dunning")
    amount_minor = models.BigIntegerField()
    failed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    paid_reached = models.SmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("invoice that could not be charged")
        verbose_name_plural = _("invoices that could not be charged")
        constraints = [models.UniqueConstraint(fields=["episode", "invoice"], name="dunning_invoice_unique")]
        indexes = [
            models.Index(fields=["failed_at"], name="dunning_invoice_failed"),
            models.Index(fields=["paid_at"], condition=Q(paid_at__isnull=False), name="dunning_invoice_paid"),
        ]

    def __str__(self) -> str:
        return str(self.invoice)


class DunningStep(models.Model):
    """One step of an episode, once, with the dates it told. `told_at`: its mails were written, in store time."""

    episode = models.ForeignKey(DunningEpisode, models.CASCADE, related_name="steps")
    step = models.CharField(_("step"), max_length=10, choices=DunningStepKind)
    round = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    read_only_at = models.DateTimeField()
    off_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("step of a failed payment")
        verbose_name_plural = _("steps of failed payments")
        constraints = [models.UniqueConstraint(fields=["episode", "step", "round"], name="dunning_step_unique")]
        indexes = [models.Index(fields=["id"], condition=Q(told_at=None), name="dunning_step_untold")]

    def __str__(self) -> str:
        return f"{self.get_step_display()} ({self.at:%Y-%m-%d})"
