"""Pilots that customers have: who had one of what, until when, what was said about its end, and what became of it."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.models.catalog import ProductLine
from billing.models.checkout import CheckoutAttempt
from billing.models.pilot import PilotFee
from billing.models.subscription import Subscription
from billing.rules import trials


class PilotRun(models.Model):
    """One for an organization and product line: the unique constraint decides a race.

    Claimed when the payment page is opened; begun when the fee is paid, or released when it never was. What was agreed
    (`seats`, `days`, the fee) stays, whatever the catalog says later.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="pilots")
    line = models.ForeignKey(ProductLine, models.PROTECT, related_name="+")
    fee = models.ForeignKey(PilotFee, models.PROTECT, related_name="runs")
    seats = models.PositiveIntegerField()
    days = models.PositiveSmallIntegerField()
    is_credited = models.BooleanField(default=False)
    attempt = models.OneToOneField(CheckoutAttempt, models.PROTECT, related_name="pilot_run")
    subscription = models.OneToOneField(Subscription, models.PROTECT, null=True, blank=True, related_name="pilot_run")
    claimed_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True, help_text=_("The payment page was never completed."))
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True, help_text=_("As agreed."))
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("Over without the plan: read-only from then on."))
    converted_at = models.DateTimeField(null=True, blank=True, help_text=_("The plan's first paid period began."))
    notice_due_at = models.DateTimeField(null=True, blank=True, help_text=_("When the end is announced next."))
    told_days = models.PositiveSmallIntegerField(null=True, blank=True)
    told_ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("customer's pilot")
        verbose_name_plural = _("customers' pilots")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "line"], condition=Q(released_at=None), name="pilot_organization_unique"
            ),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="pilot_ordered"),
        ]
        indexes = [
            models.Index(fields=["notice_due_at"], condition=Q(notice_due_at__isnull=False), name="pilot_notice_due"),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.line.code}, {self.days} days"

    @property
    def is_running(self) -> bool:
        return self.starts_at is not None and self.ended_at is None and self.converted_at is None

    @property
    def told(self) -> trials.Told:
        return trials.Told(ends_at=self.told_ends_at, days=self.told_days)

    @property
    def since(self) -> datetime | None:
        """When its end was settled."""
        return self.starts_at
