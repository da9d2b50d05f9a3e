"""Invoices as Stripe has them, so that a page never waits for Stripe."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, external
from billing.models.subscription import Subscription
from billing.rules import collecting
from billing.rules.collecting import How


class InvoiceStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    PAID = "paid", _("Paid")
    UNCOLLECTIBLE = "uncollectible", _("Written off")
    VOID = "void", _("Void")


class Invoice(external.ExternallyNamed):
    """Mirror of a Stripe invoice; amounts in minor units of `currency`. Its hosted page's address is always fetched fresh."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="invoices")
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, blank=True, related_name="invoices")
    stripe_id = models.CharField(max_length=64, unique=True)
    number = models.CharField(max_length=40, blank=True)
    purchase_order = models.CharField(max_length=140, blank=True, help_text=_("As it is printed on it."))
    status = models.CharField(max_length=15, choices=InvoiceStatus)
    billing_reason = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    taxes = models.JSONField(default=list, blank=True, help_text=_("Each tax with its name, rate and amount, as billed."))
    discounts = models.JSONField(default=list, blank=True, help_text=_("Each discount with name, code and amount."))
    total_minor = models.BigIntegerField()
    amount_due_minor = models.BigIntegerField()
    amount_paid_minor = models.BigIntegerField()
    amount_remaining_minor = models.BigIntegerField()
    starting_balance_minor = models.BigIntegerField(default=0)
    ending_balance_minor = models.BigIntegerField(null=True, blank=True)
    refunded_minor = models.BigIntegerField(default=0)
    credited_minor = models.BigIntegerField(default=0)
    charged_back_minor = models.BigIntegerField(default=0, help_text=_("Taken back by the bank: disputes that were lost."))
    issued_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("Of one that was sent; the others are charged at once."))
    reminded_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was said that it will be due."))
    overdue_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Since when it is known that it was not paid by its date.")
    )
    paid_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    debited_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Since when a bank is at work on its payment; empty: none is.")
    )
    debit_arrives_on = models.DateField(null=True, blank=True, help_text=_("By when that has usually arrived."))
    method_kind = models.CharField(
        max_length=20, blank=True, help_text=_("What paid it, or was tried last, as Stripe names it; empty: not known.")
    )
    attempt_count = models.PositiveSmallIntegerField(default=0)
    replaces = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        help_text=_("The one it is made out anew of."),
    )
    mirrored_at = models.DateTimeField()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [external.unique("organization", "invoice")]
        indexes = [
            models.Index(fields=["organization", "-issued_at", "-id"], name="invoice_of_organization"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(status=InvoiceStatus.OPEN, due_at__isnull=False, overdue_at=None),
                name="invoice_to_be_due",
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.stripe_id

    @property
    def is_overdue(self) -> bool:
        """Whether it was to be paid by a date, and is not."""
        return self.overdue_at is not None and self.status == InvoiceStatus.OPEN

    @property
    def carried_minor(self) -> int:
        """What could not be charged because it is below the smallest charge there is: it is on the balance since."""
        if self.status != InvoiceStatus.PAID or self.amount_paid_minor or self.total_minor <= 0:
            return 0
        return max(max(self.ending_balance_minor or 0, 0) - max(self.starting_balance_minor, 0), 0)

    @property
    def credit_used_minor(self) -> int:
        """What of it was paid by the customer's credit."""
        before, after = (max(-(minor or 0), 0) for minor in (self.starting_balance_minor, self.ending_balance_minor))
        return min(max(before - after, 0), max(self.total_minor, 0))

    @property
    def how(self) -> How:
        """What paid it, or was tried last; where that is not known, a card."""
        return collecting.how(is_invoiced=False, method_kind=self.method_kind)

    @property
    def is_sent(self) -> bool:
        """Whether it was sent to be paid by a date; else a card is charged."""
        return self.due_at is not None


class InvoiceLine(models.Model):
    """One line: how many seats, for which period `[starts_at, ends_at)`, for how much."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    stripe_id = models.CharField(max_length=64)
    position = models.PositiveSmallIntegerField()
    description = models.TextField()
    quantity = models.IntegerField(null=True, blank=True)
    amount_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    is_proration = models.BooleanField(default=False)
    addon = models.JSONField(default=dict, blank=True, help_text=_("The add-on's name by language; of the plan, empty."))
    tiers = models.JSONField(default=list, blank=True, help_text=_("What each graduated tier has of the amount."))
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering: ClassVar[list[str]] = ["position"]
        constraints = [models.UniqueConstraint(fields=["invoice", "stripe_id"], name="invoice_line_unique")]

    def __str__(self) -> str:
        return self.description
