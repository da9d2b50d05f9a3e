"""Money that goes back to customers: Stripe's credit notes, and what staff have given back or away."""

from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Organization, external
from billing.models.command import StripeCommand
from billing.models.invoice import Invoice

MOST_NOTE: Final = 500


class CreditNote(external.ExternallyNamed):
    """Mirror of a Stripe credit note; amounts in minor units of the invoice's currency, tax included unless said."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="credit_notes")
    stripe_id = models.CharField(max_length=64, unique=True)
    number = models.CharField(max_length=50)
    status = models.CharField(max_length=10)
    reason = models.CharField(max_length=30, blank=True)
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0, help_text=_("To the card."))
    credited_minor = models.BigIntegerField(default=0, help_text=_("To the customer's balance."))
    issued_at = models.DateTimeField()
    mirrored_at = models.DateTimeField()

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints = [external.unique("invoice", "credit_note")]

    def __str__(self) -> str:
        return self.number

    @property
    def lowered_minor(self) -> int:
        """What it took off an invoice that was not paid yet."""
        return self.total_minor - self.refunded_minor - self.credited_minor


class AdjustmentKind(models.TextChoices):
    REFUND = "refund", _("To the card")
    NOTE = "note", _("As credit, with a credit note")
    CREDIT = "credit", _("Credit")
    LOWER = "lower", _("Off an invoice that is open")


class AdjustmentReason(models.TextChoices):
    """The first four are Stripe's of a credit note."""

    DUPLICATE = "duplicate", _("Charged twice")
    ORDER_CHANGE = "order_change", _("Ordered by mistake, or less")
    PRODUCT_UNSATISFACTORY = "product_unsatisfactory", _("Product did not do what it should")
    FRAUDULENT = "fraudulent", _("Fraudulent")
    GOODWILL = "goodwill", _("Goodwill")


class AdjustmentState(models.TextChoices):
    SENDING = "sending", _("Under way")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Adjustment(external.ExternallyNamed):
    """One refund or credit by staff, or by a key of the vendor's. `nonce` is the form's: a second click finds the row."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="adjustments")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, blank=True, related_name="adjustments")
    kind = models.CharField(_("how"), max_length=10, choices=AdjustmentKind)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    us_cents = models.BigIntegerField(_("for limits, in US cents"))
    reason = models.CharField(_("reason"), max_length=30, choices=AdjustmentReason)
    note = models.CharField(max_length=MOST_NOTE, help_text=_("For us; the customer does not see it."))
    nonce = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, choices=AdjustmentState, default=AdjustmentState.SENDING)
    message = models.TextField(blank=True)
    stripe_id = models.CharField(max_length=64, blank=True)
    command = models.ForeignKey(StripeCommand, models.PROTECT, null=True, blank=True, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("refund or credit")
        verbose_name_plural = _("refunds and credits")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="adjustment_gives"),
            models.CheckConstraint(
                condition=models.Q(kind="credit", invoice=None) | (~models.Q(kind="credit") & models.Q(invoice__isnull=False)),
                name="adjustment_credit_needs_no_invoice",
            ),
            models.CheckConstraint(
                condition=models.Q(actor__isnull=False, api_key=None) | models.Q(actor=None, api_key__isnull=False),
                name="adjustment_is_somebodys",
            ),
            external.unique("organization", "adjustment"),
        ]
        indexes = [models.Index(fields=["organization", "created_at"], name="adjustment_in_a_month")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.organization}"
