"""Add-ons: what is sold beside a plan, and what a subscription has of it (docs/decisions/add-ons.md)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.catalog import CatalogVersion, ProductLine, SoldPrice
from billing.models.subscription import Subscription


class AddonKind(models.TextChoices):
    """The values are those of billing.rules.catalog."""

    FIXED = "fixed", _("A number of its own")
    PER_SEAT = "per_seat", _("One for each seat")


class Addon(models.Model):
    """An add-on of a line, as `catalog apply` made it. `plans` are the codes of the plans that it goes with."""

    line = models.ForeignKey(ProductLine, models.PROTECT, related_name="addons")
    code = models.SlugField(max_length=40)
    name = models.JSONField(help_text=_("Language code to text."))
    pitch = models.JSONField(help_text=_("Language code to text."))
    kind = models.CharField(max_length=10, choices=AddonKind)
    quantity_min = models.PositiveIntegerField(default=1)
    quantity_max = models.PositiveIntegerField(default=1)
    plans = models.JSONField(default=list, help_text=_("Codes of the plans that it goes with."))
    features = models.JSONField(
        default=list,
        help_text=_("What each one of it adds: {code, name, limit: number or null, unit: text or null, group}."),
    )
    rank = models.PositiveSmallIntegerField(default=0)
    stripe_product_id = models.CharField(max_length=64, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text=_("No longer sold; customers who have it keep it."))

    class Meta:
        verbose_name = _("add-on")
        verbose_name_plural = _("add-ons")
        ordering: ClassVar[list[str]] = ["line__rank", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["line", "code"], name="addon_code_unique"),
            models.CheckConstraint(
                condition=models.Q(quantity_max__gte=models.F("quantity_min")), name="addon_quantity_ordered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line.code}+{self.code}"


class AddonPrice(SoldPrice):
    """An add-on's price: of one of it, and interval."""

    addon = models.ForeignKey(Addon, models.PROTECT, related_name="prices")
    version = models.ForeignKey(CatalogVersion, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("add-on price")
        verbose_name_plural = _("add-on prices")
        constraints = [
            models.UniqueConstraint(
                fields=["addon", "interval", "currency"],
                condition=models.Q(retired_at=None),
                name="addon_price_on_sale_unique",
            ),
        ]


class SubscriptionAddon(models.Model):
    """An add-on that a subscription has, an item of its own at Stripe. Ends; is never deleted.

    `quantity` is empty for one that follows the seats: there is one for each. `period_ends_at` is empty where it is charged
    with the plan.
    """

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="addons")
    addon = models.ForeignKey(Addon, models.PROTECT, related_name="held")
    price = models.ForeignKey(AddonPrice, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("number"), null=True, blank=True, help_text=_("Empty: one for each seat."))
    stripe_item_id = models.CharField(max_length=64)
    period_ends_at = models.DateTimeField(
        _("paid until"), null=True, blank=True, help_text=_("Where it is charged by the month beside a plan by the year.")
    )
    added_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("add-on of a subscription")
        verbose_name_plural = _("add-ons of subscriptions")
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "addon"], condition=models.Q(ended_at=None), name="subscription_addon_live_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity=None) | models.Q(quantity__gte=1), name="subscription_addon_quantity_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.addon.code} x {self.quantity}" if self.quantity else self.addon.code
