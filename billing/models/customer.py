"""The organization as Stripe knows it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization


class Customer(models.Model):
    """Mirror of a Stripe customer: what it pays with by default, and its balance."""

    organization = models.OneToOneField(Organization, models.PROTECT, related_name="customer")
    stripe_id = models.CharField(max_length=64, unique=True)
    balance_minor = models.BigIntegerField(default=0, help_text=_("As Stripe has it: negative is credit for the customer."))
    balance_currency = models.CharField(max_length=3, blank=True)
    payment_method_id = models.CharField(max_length=64, blank=True)
    card_brand = models.CharField(max_length=20, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_exp_month = models.PositiveSmallIntegerField(null=True, blank=True)
    card_exp_year = models.PositiveSmallIntegerField(null=True, blank=True)
    bank_account = models.JSONField(
        default=dict, blank=True, help_text=_("Where invoices are paid to by bank transfer, as Stripe says it.")
    )
    method_kind = models.CharField(
        max_length=20, blank=True, help_text=_("What pays, as Stripe names it: card, sepa_debit, us_bank_account.")
    )
    bank_name = models.CharField(max_length=100, blank=True)
    bank_last4 = models.CharField(max_length=4, blank=True)
    is_tax_exempt = models.BooleanField(default=False, help_text=_("Staff exempted the customer from tax at Stripe."))
    mirrored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    @property
    def last4(self) -> str:
        """How what pays ends, a card or a bank account; empty: nothing pays yet."""
        return self.card_last4 or self.bank_last4

    def __str__(self) -> str:
        return f"{self.organization} ({self.stripe_id})"
