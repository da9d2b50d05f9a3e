"""Customers with a price that is sold no more: asked, once for a period, and never charged more without their own click."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.catalog import Price
from billing.models.subscription import Subscription


class PriceMoveState(models.TextChoices):
    OPEN = "open", _("Not answered")
    ACCEPTED = "accepted", _("New price accepted")
    OTHER = "other", _("Another plan chosen")
    STAYED = "stayed", _("Old price kept")
    HELD = "held", _("Put aside: the price is held")
    ENDED = "ended", _("Ends")


class PriceMove(models.Model):
    """The question, from the renewal `period_ends_at` on: the price on sale instead of the old one, another plan, or none.

    Without a click the old price stays, or (`is_end`) the subscription ends then. Answers are scheduled changes like any other;
    `state` says at `closes_at` which it was. One that a price hold put aside is no answer: it is asked anew after the hold.
    """

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="price_moves")
    period_ends_at = models.DateTimeField(_("renewal"))
    price_before = models.ForeignKey(Price, models.PROTECT, related_name="+", verbose_name=_("old price"))
    price_after = models.ForeignKey(
        Price,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("new price"),
        help_text=_("Empty: the plan is sold no more."),
    )
    is_end = models.BooleanField(_("ends without a click"))
    asked_at = models.DateTimeField()
    amount_before_minor = models.BigIntegerField(_("renewal at the old price"))
    amount_after_minor = models.BigIntegerField(_("renewal at the new price"), null=True, blank=True)
    currency = models.CharField(max_length=3)
    closes_at = models.DateTimeField(_("answered by"))
    state = models.CharField(max_length=8, choices=PriceMoveState, default=PriceMoveState.OPEN)

    class Meta:
        verbose_name = _("price move")
        verbose_name_plural = _("price moves")
        constraints = [
            models.UniqueConstraint(fields=["subscription", "period_ends_at"], name="price_move_unique"),
            models.CheckConstraint(condition=Q(closes_at__lt=F("period_ends_at")), name="price_move_closes_before"),
        ]
        indexes = [models.Index(fields=["closes_at"], condition=Q(state="open"), name="price_move_open")]

    def __str__(self) -> str:
        return f"{self.subscription.organization}: {self.price_before.lookup_key}"
