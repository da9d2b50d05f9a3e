"""What reps are credited with: append-only (a trigger refuses changes), each order and each contra entry a row."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models import CreditNote, SeatLedgerEntry
from offramps.models.roster import Pool, Rep


class CreditCause(models.TextChoices):
    ORDER = "order", _("Order")
    DECREASE = "decrease", _("Given back")
    REFUND = "refund", _("Refunded")


class CreditEntry(models.Model):
    """Credit of an order (positive) or a contra entry that takes some of it back (`reverses`; negative or 0).

    Amounts are minor units of the subscription's `currency`; `mrr_minor` is what the order adds a month, or what of it was
    given back. `due_minor` of a contra entry is what its cause asks for by itself, of which others may have taken some before
    (offramps.rules.credit). The rate is that of the day the order was booked. Whoever owned the account then has it, for good.
    """

    cause = models.CharField(_("for"), max_length=8, choices=CreditCause)
    rep = models.ForeignKey(Rep, models.PROTECT, null=True, blank=True, related_name="credit_entries", verbose_name=_("rep"))
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("pool"))
    ledger_entry = models.ForeignKey(
        *(SeatLedgerEntry, models.PROTECT), related_name="credit", help_text=_("The order, or what gave it back.")
    )
    credit_note = models.ForeignKey(CreditNote, models.PROTECT, null=True, related_name="+")
    reverses = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="reversals")
    mrr_minor = models.BigIntegerField(_("MRR"))
    due_minor = models.BigIntegerField(default=0)
    amount_minor = models.BigIntegerField(_("credit"))
    currency = models.CharField(max_length=3)
    rate_bps = models.PositiveIntegerField(_("rate"))
    family = models.CharField(_("product family"), max_length=40)
    is_growth = models.BooleanField(_("growth product"), default=False)
    margin_bps = models.IntegerField(_("margin"))
    source = models.CharField(_("from"), max_length=20, help_text=_("As in the seat ledger: page, api, admin, stripe ..."))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), help_text=_("An order that lasts until then is earned."))
    occurred_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("credit entry")
        verbose_name_plural = _("credit ledger")
        constraints = [
            models.UniqueConstraint(fields=["ledger_entry"], condition=Q(reverses=None), name="credit_order_once"),
            models.UniqueConstraint(
                fields=["reverses", "ledger_entry"], condition=Q(cause="decrease"), name="credit_decrease_once"
            ),
            models.UniqueConstraint(fields=["reverses", "credit_note"], condition=Q(cause="refund"), name="credit_refund_once"),
            models.CheckConstraint(
                condition=Q(cause="order", reverses=None, amount_minor__gte=0, mrr_minor__gt=0)
                | (~Q(cause="order") & Q(reverses__isnull=False, amount_minor__lte=0, mrr_minor__gte=0)),
                name="credit_order_or_contra",
            ),
            models.CheckConstraint(
                condition=Q(rep__isnull=False, pool=None) | Q(rep=None, pool__isnull=False), name="credit_of_a_rep_or_a_pool"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="credit_term_ordered"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["rep", "-occurred_at"], name="credit_of_rep"),
            models.Index(fields=["-occurred_at"], name="credit_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.rep or self.pool}: {self.amount_minor} {self.currency}"
