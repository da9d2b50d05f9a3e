"""Codes that take something off, as `manage.py catalog apply` made them, and what each subscription has of them."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.catalog import CatalogVersion
from billing.models.subscription import Subscription
from billing.models.terms import Terms
from billing.rules import promotions


class PromotionDuration(models.TextChoices):
    ONCE = "once", _("One invoice")
    REPEATING = "repeating", _("Some months")
    FOREVER = "forever", _("Without end")


class Promotion(models.Model):
    """A promotion with a Stripe coupon of its own. What it promises never changes: that takes a new row."""

    code = models.CharField(max_length=31)
    name = models.JSONField(help_text=_("Language code to text."))
    percent_bps = models.PositiveIntegerField(null=True, blank=True)
    amounts = models.JSONField(default=list, help_text=_("List of [currency, minor units]."))
    plans = models.JSONField(default=list, help_text=_("Lines and plans it counts for; empty: all."))
    intervals = models.JSONField(default=list, help_text=_("Empty: all."))
    duration = models.CharField(max_length=10, choices=PromotionDuration)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    most_uses = models.PositiveIntegerField(null=True, blank=True)
    first_purchase_only = models.BooleanField(default=False)
    fingerprint = models.CharField(max_length=64, help_text=_("Of what it promises: equal means unchanged."))
    stripe_coupon_id = models.CharField(max_length=100, unique=True)
    stripe_promotion_code_id = models.CharField(
        max_length=64, blank=True, help_text=_("Empty: the code is entered in the store alone.")
    )
    stripe_rest_coupon_id = models.CharField(
        max_length=100, blank=True, help_text=_("Takes as much off what is added to a period that began with it; empty: none.")
    )
    version = models.ForeignKey(CatalogVersion, models.PROTECT, related_name="promotions")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text=_("No longer taken; whoever has it keeps it."))

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering: ClassVar[list[str]] = ["code", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(withdrawn_at=None), name="promotion_on_offer_unique"),
            models.CheckConstraint(
                condition=Q(percent_bps=None) | Q(percent_bps__gt=0, percent_bps__lte=promotions.WHOLE_BPS),
                name="promotion_percent_in_bounds",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def terms(self) -> promotions.Promotion:
        """The same as rules know it."""
        return promotions.Promotion(
            code=self.code,
            name=self.name,
            percent_bps=self.percent_bps,
            amounts=tuple((currency, amount) for currency, amount in self.amounts),
            plans=tuple(self.plans),
            intervals=tuple(self.intervals),
            duration=self.duration,
            months=self.months,
            starts_at=_iso(self.starts_at),
            expires_at=_iso(self.expires_at),
            most_uses=self.most_uses,
            first_purchase_only=self.first_purchase_only,
        )


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


class SubscriptionDiscount(models.Model):
    """Mirror of a Stripe discount on a subscription; `promotion` is empty where no catalog version explains it."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="discounts")
    stripe_id = models.CharField(max_length=64, unique=True)
    promotion = models.ForeignKey(Promotion, models.PROTECT, null=True, blank=True, related_name="discounts")
    terms = models.ForeignKey(
        Terms, models.PROTECT, null=True, blank=True, related_name="discounts", verbose_name=_("exception")
    )
    stripe_coupon_id = models.CharField(max_length=100)
    name = models.CharField(max_length=100, blank=True, help_text=_("The coupon's at Stripe."))
    percent_bps = models.PositiveIntegerField(null=True, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    duration = models.CharField(max_length=10, choices=PromotionDuration)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True, help_text=_("Invoices from then on are charged in full."))
    ended_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True, help_text=_("When its end was announced."))
    mirrored_at = models.DateTimeField()

    class Meta:
        verbose_name = _("discount")
        verbose_name_plural = _("discounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent_bps=None, amount_minor__isnull=False) | Q(percent_bps__isnull=False, amount_minor=None),
                name="discount_share_or_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["subscription"], condition=Q(ended_at=None), name="discount_in_force"),
            models.Index(fields=["ends_at"], condition=Q(ended_at=None, told_at=None), name="discount_to_announce"),
        ]

    def __str__(self) -> str:
        return self.name or self.stripe_coupon_id
