"""Contracts that were sold elsewhere, taken over one by one: what the file said, and what became of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Segment
from billing.models.command import StripeCommand
from billing.models.subscription import Subscription


class AdoptionState(models.TextChoices):
    ADOPTED = "adopted", _("Waits for release")
    RELEASING = "releasing", _("Being released")
    RELEASED = "released", _("Released")
    FAILED = "failed", _("Failed")


class Adoption(models.Model):
    """One contract. Until it is released nothing of it is sent or charged; `reference` makes a second run change nothing."""

    reference = models.CharField(_("reference"), max_length=60, unique=True)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="adoptions")
    subscription = models.OneToOneField(Subscription, models.PROTECT, related_name="adoption")
    command = models.OneToOneField(StripeCommand, models.PROTECT, related_name="adoption")
    segment = models.CharField(_("segment"), max_length=12, choices=Segment)
    arr_minor = models.BigIntegerField(_("ARR"), help_text=_("As the contract has it, in minor units of its currency."))
    list_arr_minor = models.BigIntegerField(_("ARR by the price list"))
    currency = models.CharField(max_length=3)
    email = models.EmailField(_("owner"), help_text=_("Invited when it is released."))
    was_at_stripe = models.BooleanField(_("Stripe's subscription kept"))
    said = models.JSONField(default=dict, help_text=_("The line of the file."))
    state = models.CharField(max_length=10, choices=AdoptionState, default=AdoptionState.ADOPTED)
    message = models.TextField(blank=True)
    adopted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("taken over by"))
    adopted_at = models.DateTimeField(_("taken over"))
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("released by")
    )
    released_at = models.DateTimeField(_("released"), null=True, blank=True)

    class Meta:
        verbose_name = _("contract taken over")
        verbose_name_plural = _("contracts taken over")
        constraints = [
            models.CheckConstraint(condition=Q(state="adopted") | Q(released_by__isnull=False), name="adoption_released_by"),
        ]
        indexes = [models.Index(fields=["adopted_at"], name="adoption_adopted_at")]

    def __str__(self) -> str:
        return f"{self.reference}: {self.organization}"
