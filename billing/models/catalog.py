"""What is on sale, as `manage.py catalog apply` made it from catalog.toml. Nothing else writes these rows."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LifeCycle(models.TextChoices):
    LAUNCH = "launch", _("Launch")
    GROWTH = "growth", _("Growth")
    MATURE = "mature", _("Mature")
    SUNSET = "sunset", _("Sunset")


class Interval(models.TextChoices):
    MONTH = "month", _("Monthly")
    YEAR = "year", _("Yearly")


class Scheme(models.TextChoices):
    """How a quantity is priced: every unit the same, or all units at the price of the tier the quantity falls in."""

    PER_UNIT = "per_unit", _("Per seat")
    VOLUME = "volume", _("Volume")
    GRADUATED = "graduated", _("Graduated")


class CatalogVersion(models.Model):
    """One applied catalog. `document` is the whole normalized file, `summary` what changed, in words."""

    number = models.PositiveIntegerField(unique=True)
    sha256 = models.CharField(max_length=64)
    document = models.JSONField()
    summary = models.JSONField(default=list)
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    applied_at = models.DateTimeField()

    class Meta:
        verbose_name = _("catalog version")
        verbose_name_plural = _("catalog versions")

    def __str__(self) -> str:
        return f"#{self.number}"


class ProductLine(models.Model):
    """A family of plans of which a customer has at most one."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.JSONField(help_text=_("Language code to text."))
    pitch = models.JSONField(default=dict, help_text=_("Language code to text."))
    family = models.CharField(max_length=40)
    is_growth = models.BooleanField(default=False)
    stage = models.CharField(max_length=10, choices=LifeCycle)
    max_plans = models.PositiveSmallIntegerField(default=4)
    rank = models.PositiveSmallIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("product line")
        verbose_name_plural = _("product lines")
        ordering: ClassVar[list[str]] = ["rank", "code"]

    def __str__(self) -> str:
        return self.code


class Plan(models.Model):
    """A plan of a line. `seats_min` and `seats_max` bound what self-service sells."""

    line = models.ForeignKey(ProductLine, models.PROTECT, related_name="plans")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    pitch = models.JSONField(help_text=_("Language code to text."))
    rank = models.PositiveSmallIntegerField()
    seats_min = models.PositiveIntegerField(default=1)
    seats_max = models.PositiveIntegerField()
    features = models.JSONField(
        default=list,
        help_text=_("List of {code, name, limit: number or null, unit: text or null, group}; texts by language."),
    )
    is_recommended = models.BooleanField(default=False)
    trial_days = models.PositiveSmallIntegerField(default=0, help_text=_("Free for so long, once; 0: no trial."))
    stripe_product_id = models.CharField(max_length=64, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text=_("No longer sold; customers on it keep it."))

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering: ClassVar[list[str]] = ["line__rank", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["line", "code"], name="plan_code_unique"),
            models.CheckConstraint(condition=models.Q(seats_max__gte=models.F("seats_min")), name="plan_seats_ordered"),
        ]

    def __str__(self) -> str:
        return f"{self.line.code}/{self.code}"


class SoldPrice(models.Model):
    """A price per interval and currency, one Stripe price each. What it charges never changes: that takes a new row."""

    interval = models.CharField(max_length=5, choices=Interval)
    currency = models.CharField(max_length=3, help_text=_("ISO 4217, lower case as Stripe has it."))
    scheme = models.CharField(max_length=10, choices=Scheme)
    tiers = models.JSONField(
        help_text=_("List of {up_to: seats or null, unit_minor: minor units a seat and interval}; per_unit has one tier.")
    )
    margin_bps = models.PositiveIntegerField(default=0, help_text=_("Staff only: margin in basis points."))
    unit_cost_minor = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Staff only: what a seat and interval costs us; if known, it replaces the margin.")
    )
    fingerprint = models.CharField(max_length=64, help_text=_("Of scheme and tiers: equal means unchanged."))
    lookup_key = models.CharField(max_length=200)
    stripe_price_id = models.CharField(max_length=64, unique=True)
    retired_at = models.DateTimeField(null=True, blank=True, help_text=_("No longer sold; customers on it keep it."))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.lookup_key


class Price(SoldPrice):
    """A plan's price."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="prices")
    parts = models.JSONField(
        default=list, blank=True, help_text=_("Of a bundle: list of {line, plan, weight}, by which its revenue is shared.")
    )
    version = models.ForeignKey(CatalogVersion, models.PROTECT, related_name="prices")

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "interval", "currency"], condition=models.Q(retired_at=None), name="price_on_sale_unique"
            ),
        ]


class Move(models.Model):
    """A change of plan that self-service may make."""

    from_plan = models.ForeignKey(Plan, models.CASCADE, related_name="moves")
    to_plan = models.ForeignKey(Plan, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("move")
        verbose_name_plural = _("moves")
        constraints = [models.UniqueConstraint(fields=["from_plan", "to_plan"], name="move_unique")]

    def __str__(self) -> str:
        return f"{self.from_plan} > {self.to_plan}"
