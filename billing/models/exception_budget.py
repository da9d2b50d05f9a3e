"""How much of each segment is sold otherwise than by the catalog, a quarter: the budget, and what counts against it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Segment


class ExceptionBudget(models.Model):
    """A segment's quarter. Its row is the lock under which exceptions are counted, so two approvals at once are one after
    the other. `base_*` is what the segment had when the row was made; what is bought later adds to it (queries.budgets).
    """

    segment = models.CharField(_("segment"), max_length=12, choices=Segment)
    quarter = models.CharField(_("quarter"), max_length=7)
    base_deals = models.PositiveIntegerField(_("customers' subscriptions at its beginning"))
    base_us_cents = models.BigIntegerField(_("ARR at its beginning"), help_text=_("In US cents."))
    opened_at = models.DateTimeField(_("counted since"))
    warned_at = models.DateTimeField(_("revenue operations written to"), null=True, blank=True)

    class Meta:
        verbose_name = _("exception budget")
        verbose_name_plural = _("exception budgets")
        constraints = [models.UniqueConstraint(fields=["segment", "quarter"], name="exception_budget_once")]

    def __str__(self) -> str:
        return f"{self.get_segment_display()}, {self.quarter}"


class ExceptionEntry(models.Model):
    """One deal, or one customer's exceptions, counted against a budget until it comes to nothing (`freed_at`).

    `subject` names what is counted: "deal:<id>", or "customer:<organization>:<quarter>".
    """

    budget = models.ForeignKey(ExceptionBudget, models.PROTECT, related_name="entries", verbose_name=_("budget"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="exception_entries")
    subject = models.CharField(_("what is counted"), max_length=60, unique=True)
    kinds = models.JSONField(_("what is not the catalog's"), default=list)
    us_cents = models.BigIntegerField(_("ARR"), help_text=_("In US cents."))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text=_("Who answers for it, until it ends.")
    )
    reason = models.CharField(_("reason"), max_length=500)
    ends_on = models.DateField(_("ends on"), help_text=_("The first day on which it does not hold any more."))
    counted_at = models.DateTimeField(_("counted"))
    freed_at = models.DateTimeField(_("came to nothing"), null=True, blank=True)

    class Meta:
        verbose_name = _("exception counted")
        verbose_name_plural = _("exceptions counted")
        constraints = [models.CheckConstraint(condition=Q(us_cents__gte=0), name="exception_entry_never_negative")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["budget"], condition=Q(freed_at=None), name="exception_entries_standing")
        ]

    def __str__(self) -> str:
        return f"{self.budget}: {self.organization}"
