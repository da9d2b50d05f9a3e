"""Trials: who had one of what, when it ends by agreement, and what was said about it."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.models.catalog import ProductLine
from billing.models.checkout import CheckoutAttempt
from billing.models.subscription import Subscription
from billing.rules import trials


class Trial(models.Model):
    """One for an organization and product line, and one for a company's proven domain: the unique constraints decide a race.

    Claimed when the payment page is opened; begun when it is completed, or released when it never was. `ends_at` is what was
    agreed; what Stripe does is the subscription's `trial_ends_at`.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="trials")
    line = models.ForeignKey(ProductLine, models.PROTECT, related_name="+")
    domain = models.CharField(max_length=253, blank=True, help_text=_("The company's proven domain; empty: none is known."))
    days = models.PositiveSmallIntegerField()
    attempt = models.OneToOneField(CheckoutAttempt, models.PROTECT, related_name="trial")
    subscription = models.OneToOneField(Subscription, models.PROTECT, null=True, blank=True, related_name="trial")
    claimed_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True, help_text=_("The payment page was never completed."))
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True, help_text=_("As agreed, the extension included."))
    extended_at = models.DateTimeField(null=True, blank=True)
    extended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    paused_at = models.DateTimeField(null=True, blank=True, help_text=_("It ended without a card: read-only from then on."))
    converted_at = models.DateTimeField(null=True, blank=True, help_text=_("The first paid period began."))
    notice_due_at = models.DateTimeField(null=True, blank=True, help_text=_("When the end is announced next."))
    told_days = models.PositiveSmallIntegerField(null=True, blank=True)
    told_ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "line"], condition=Q(released_at=None), name="trial_organization_unique"
            ),
            models.UniqueConstraint(
                fields=["domain", "line"], condition=Q(released_at=None) & ~Q(domain=""), name="trial_domain_unique"
            ),
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="trial_ordered"),
        ]
        indexes = [
            models.Index(fields=["notice_due_at"], condition=Q(notice_due_at__isnull=False), name="trial_notice_due"),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.line.code}, {self.days} days"

    @property
    def since(self) -> datetime | None:
        """When its present end was settled."""
        return self.extended_at or self.starts_at

    @property
    def told(self) -> trials.Told:
        return trials.Told(ends_at=self.told_ends_at, days=self.told_days)
