"""Disputed charges: a case each, with its evidence, its deadline and how it ended. Source: docs/decisions/dunning.md."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.models.invoice import Invoice
from billing.models.subscription import Access, Subscription
from billing.rules import disputes


class Dispute(models.Model):
    """Mirror of one of Stripe's, and what we did about it. Amounts in minor units of `currency`.

    `access` is what its subscription keeps while it is open, by the policy as it was then; `held` are the open invoices that
    Stripe was told not to try meanwhile.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="disputes")
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, blank=True, related_name="disputes")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, blank=True, related_name="disputes")
    stripe_id = models.CharField(max_length=64, unique=True)
    charge_id = models.CharField(max_length=64)
    reason = models.CharField(_("reason"), max_length=40)
    status = models.CharField(max_length=30)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(_("answer by"), null=True, blank=True)
    told_at = models.DateTimeField(_("customer told"), null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    access = models.CharField(max_length=10, choices=Access, default=Access.FULL)
    held = models.JSONField(default=list, blank=True)
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    mirrored_at = models.DateTimeField()

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        indexes = [
            models.Index(fields=["subscription"], condition=Q(closed_at=None), name="dispute_open"),
            models.Index(fields=["organization", "-opened_at"], name="dispute_of_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.invoice or self.charge_id}"

    @property
    def is_open(self) -> bool:
        return disputes.is_open(self.status)

    def can_answer(self, now: datetime) -> bool:
        return disputes.can_answer(self.status, self.due_at, now)
