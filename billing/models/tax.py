"""What an organization says of itself for its invoices, its tax ids, and how it is taxed."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, external


class TaxRate(models.Model):
    """A rate as Stripe holds it: the catalog's (`is_ours`), or one that Stripe Tax made. It never changes."""

    stripe_id = models.CharField(max_length=64, unique=True)
    country = models.CharField(max_length=2, blank=True)
    name = models.CharField(max_length=60)
    percent = models.CharField(max_length=10, help_text=_("As written: 19 or 8.1."))
    is_inclusive = models.BooleanField(default=False)
    is_ours = models.BooleanField(default=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        constraints = [
            models.UniqueConstraint(
                fields=["country"], condition=models.Q(is_ours=True, retired_at=None), name="tax_rate_of_country_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.percent}%"


class BillingDetails(models.Model):
    """Who invoices are made out to. Ours is the name, Stripe's the address: both can be typed here, the address in Checkout."""

    organization = models.OneToOneField(Organization, models.CASCADE, related_name="billing_details")
    legal_name = models.CharField(max_length=150, blank=True)
    line1 = models.CharField(max_length=200, blank=True)
    line2 = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True)
    purchase_order = models.CharField(max_length=140, blank=True, help_text=_("Printed on each invoice."))
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("billing details")
        verbose_name_plural = _("billing details")

    def __str__(self) -> str:
        return self.legal_name or str(self.organization)


class TaxIdState(models.TextChoices):
    SENDING = "sending", _("Being saved")
    PENDING = "pending", _("Being checked")
    VERIFIED = "verified", _("Confirmed")
    UNVERIFIED = "unverified", _("Not confirmed")
    UNAVAILABLE = "unavailable", _("Cannot be checked")
    REFUSED = "refused", _("Refused")


class TaxId(external.ExternallyNamed):
    """One tax id of an organization, of Stripe's `type`; typed here, in Checkout or by staff at Stripe."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="tax_ids")
    type = models.CharField(max_length=20)
    value = models.CharField(max_length=100)
    country = models.CharField(max_length=2)
    state = models.CharField(max_length=12, choices=TaxIdState, default=TaxIdState.SENDING)
    stripe_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    registered_name = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=300, blank=True)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("tax id")
        verbose_name_plural = _("tax ids")
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "type", "value"], condition=models.Q(removed_at=None), name="tax_id_unique"
            ),
            external.unique("organization", "tax_id"),
        ]

    def __str__(self) -> str:
        return self.value


class TaxStanding(models.Model):
    """How an organization is to be taxed, and whether Stripe has been told: `wanted` rises with each change, `done` follows."""

    organization = models.OneToOneField(Organization, models.CASCADE, related_name="tax_standing")
    exempt = models.CharField(max_length=10, default="none")
    reason = models.CharField(max_length=20)
    rate = models.ForeignKey(TaxRate, models.PROTECT, null=True, blank=True, related_name="+")
    is_automatic = models.BooleanField(default=False)
    until_at = models.DateTimeField(null=True, blank=True, help_text=_("When an id that is being checked stops to count."))
    warned_at = models.DateTimeField(null=True, blank=True)
    review_at = models.DateTimeField(null=True, blank=True, help_text=_("Store time: when it is worked out again."))
    wanted = models.PositiveIntegerField(default=1)
    done = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("Wall time: not to be sent before."))
    message = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("tax standing")
        verbose_name_plural = _("tax standings")
        indexes = [
            models.Index(fields=["review_at"], name="tax_standing_review", condition=models.Q(review_at__isnull=False)),
            models.Index(fields=["due_at"], name="tax_standing_behind", condition=models.Q(done__lt=models.F("wanted"))),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.exempt}, {self.reason}"

    @property
    def is_behind(self) -> bool:
        return self.done < self.wanted
