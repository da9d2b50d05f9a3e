"""Bundles: which product lines a subscription occupies, and how what it earns is shared among them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.models.catalog import ProductLine
from billing.models.giving_back import CreditNote
from billing.models.invoice import Invoice
from billing.models.subscription import Subscription


class OccupiedLine(models.Model):
    """A line that a live subscription stands for: its own, and those of a bundle's parts.

    One an organization and line at a time: the unique constraint decides between a bundle and a plan bought at once.
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    line = models.ForeignKey(ProductLine, models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="occupied")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("occupied line")
        verbose_name_plural = _("occupied lines")
        constraints = [
            models.UniqueConstraint(fields=["organization", "line"], condition=Q(ended_at=None), name="line_occupied_once"),
            models.UniqueConstraint(fields=["subscription", "line"], name="line_occupied_by_one"),
        ]

    def __str__(self) -> str:
        return f"{self.line.code}: {self.subscription}"


class ShareKind(models.TextChoices):
    EARNED = "earned", _("Earned")
    NOTE = "note", _("Credit note")
    REFUND = "refund", _("Refund without a note")


class RevenueShare(models.Model):
    """What one part of a bundle earned with an invoice, without tax, after discounts, or (negative) what went back of that.

    The shares of an invoice sum to what it earned, those of a credit note to that note without its tax.
    """

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="shares")
    kind = models.CharField(max_length=10, choices=ShareKind, default=ShareKind.EARNED)
    credit_note = models.ForeignKey(CreditNote, models.CASCADE, null=True, blank=True, related_name="shares")
    line = models.CharField(max_length=40, help_text=_("The product line's code."))
    plan = models.CharField(max_length=40, help_text=_("The plan's code."))
    weight = models.PositiveIntegerField(help_text=_("Its share among the weights of all parts."))
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("revenue share")
        verbose_name_plural = _("revenue shares")
        ordering: ClassVar[list[str]] = ["-invoice__issued_at", "invoice_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "line", "kind", "credit_note"], nulls_distinct=False, name="revenue_share_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.line}/{self.plan}"
