"""Money that goes back to customers: Stripe's credit notes, and what staff have given back or away."""

from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Organization, external
from billing.models.command import StripeCommand
from billing.models.invoice import Invoice
from billing.models.subscription import Subscription

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
    TIME = "time", _("Complimentary time")


class AdjustmentReason(models.TextChoices):
    """The first four are Stripe's of a credit note."""

    DUPLICATE = "duplicate", _("Charged twice")
    ORDER_CHANGE = "order_change", _("Ordered by mistake, or less")
    PRODUCT_UNSATISFACTORY = "product_unsatisfactory", _("Product did not do what it should")
    FRAUDULENT = "fraudulent", _("Fraudulent")
    GOODWILL = "goodwill", _("Goodwill")


class AdjustmentState(models.TextChoices):
    ASKED = "asked", _("Waits for approval")
    SENDING = "sending", _("Under way")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class TimeUnit(models.TextChoices):
    DAYS = "days", _("days")
    MONTHS = "months", _("months")


# What was not given, or not yet.
NOT_GIVEN: Final = (AdjustmentState.ASKED, AdjustmentState.FAILED, AdjustmentState.DECLINED, AdjustmentState.WITHDRAWN)


class Adjustment(external.ExternallyNamed):
    """One refund or credit by staff, or by a key of the vendor's. `nonce` is the form's: a second click finds the row.

    Beyond the limit of whoever wants to give it, it is asked for and given by a second person (`approver`).
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="adjustments")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, blank=True, related_name="adjustments")
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, blank=True, related_name="adjustments")
    kind = models.CharField(_("how"), max_length=10, choices=AdjustmentKind)
    amount_minor = models.BigIntegerField()
    credit_minor = models.BigIntegerField(default=0, help_text=_("Of a refund: what goes to the balance instead of the card."))
    time_count = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("Of complimentary time: how much."))
    time_unit = models.CharField(max_length=10, blank=True, choices=TimeUnit)
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
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=MOST_NOTE, blank=True)
    created_at = models.DateTimeField()
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("refund or credit")
        verbose_name_plural = _("refunds and credits")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="adjustment_gives"),
            models.CheckConstraint(
                condition=models.Q(kind__in=("credit", "time"), invoice=None)
                | (~models.Q(kind__in=("credit", "time")) & models.Q(invoice__isnull=False)),
                name="adjustment_credit_needs_no_invoice",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="time", time_count__gt=0, subscription__isnull=False)
                | (~models.Q(kind="time") & models.Q(time_count=None, subscription=None)),
                name="adjustment_time_is_of_a_subscription",
            ),
            models.CheckConstraint(condition=~models.Q(approver=models.F("actor")), name="adjustment_second_person"),
            models.CheckConstraint(
                condition=models.Q(actor__isnull=False, api_key=None) | models.Q(actor=None, api_key__isnull=False),
                name="adjustment_is_somebodys",
            ),
            external.unique("organization", "adjustment"),
        ]
        indexes = [models.Index(fields=["organization", "created_at"], name="adjustment_in_a_month")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.organization}"
