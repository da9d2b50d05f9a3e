"""Pilots on offer, as `manage.py catalog apply` made them from catalog.toml. Nothing else writes these rows."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.catalog import CatalogVersion, Plan, ProductLine


class Pilot(models.Model):
    """`seats` people at most for `days` days for one fee; then `plan`, by a click of the customer's and never by itself."""

    line = models.ForeignKey(ProductLine, models.PROTECT, related_name="pilots")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="pilots")
    code = models.SlugField(max_length=40)
    name = models.JSONField(help_text=_("Language code to text."))
    pitch = models.JSONField(default=dict, help_text=_("Language code to text."))
    rank = models.PositiveSmallIntegerField(default=0)
    seats = models.PositiveIntegerField(help_text=_("How many people it is for, at most."))
    days = models.PositiveSmallIntegerField(help_text=_("How long it lasts."))
    is_credited = models.BooleanField(
        default=False, help_text=_("The fee is taken off the plan's first charge, if it follows before the pilot's end.")
    )
    stripe_product_id = models.CharField(max_length=64, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text=_("No longer offered; whoever has it keeps it."))

    class Meta:
        verbose_name = _("pilot")
        verbose_name_plural = _("pilots")
        ordering: ClassVar[list[str]] = ["line__rank", "rank"]
        constraints = [models.UniqueConstraint(fields=["line", "code"], name="pilot_code_unique")]

    def __str__(self) -> str:
        return f"{self.line.code}/{self.code}"


class PilotFee(models.Model):
    """What a pilot costs in a currency, once: one Stripe price each. What it charges never changes: that takes a new row."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="fees")
    currency = models.CharField(max_length=3, help_text=_("ISO 4217, lower case as Stripe has it."))
    amount_minor = models.PositiveIntegerField(help_text=_("Minor units, once, before tax."))
    margin_bps = models.PositiveIntegerField(default=0, help_text=_("Staff only: margin in basis points."))
    unit_cost_minor = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Staff only: what the pilot costs us; if known, it replaces the margin.")
    )
    fingerprint = models.CharField(max_length=64, help_text=_("Of the fee and its credit: equal means unchanged."))
    lookup_key = models.CharField(max_length=200)
    stripe_price_id = models.CharField(max_length=64, unique=True)
    stripe_coupon_id = models.CharField(max_length=100, blank=True, help_text=_("Takes the fee off; empty: nothing does."))
    version = models.ForeignKey(CatalogVersion, models.PROTECT, related_name="pilot_fees")
    retired_at = models.DateTimeField(null=True, blank=True, help_text=_("No longer asked; whoever paid it keeps the pilot."))

    class Meta:
        verbose_name = _("pilot fee")
        verbose_name_plural = _("pilot fees")
        ordering: ClassVar[list[str]] = ["pilot", "currency", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["pilot", "currency"], condition=Q(retired_at=None), name="pilot_fee_on_offer_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.lookup_key
