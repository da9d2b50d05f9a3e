"""Seats that are added by themselves once all are in use, as far as the owner allows it."""

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.subscription import Subscription

# How the change of seats begins its nonce that the store made by itself, and the one that undoes it.
AUTOMATIC: Final = "auto:"
UNDOING: Final = "undo:"


class ExpansionStop(models.TextChoices):
    """Why no more are added, though all seats are in use."""

    CAP = "cap", _("As many seats as allowed")
    BUDGET = "budget", _("The budget is used up")
    DECLINED = "declined", _("The payment was declined")
    WAITING = "waiting", _("A payment waits")
    REFUSED = "refused", _("It cannot be changed now")


class AutoExpansion(models.Model):
    """Off until the owner turns it on. `step` seats at a time, up to `most` in all, for `budget_minor` in any 30 days.

    Triggers of the database set `due_at` (wall time) whenever a seat is given or the number bought changes. Empty: nothing
    is to be done.
    """

    subscription = models.OneToOneField(Subscription, models.CASCADE, primary_key=True, related_name="auto_expansion")
    is_on = models.BooleanField(default=False)
    step = models.PositiveIntegerField(default=1)
    most = models.PositiveIntegerField()
    budget_minor = models.PositiveBigIntegerField()
    attempt = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    stopped = models.CharField(max_length=8, choices=ExpansionStop, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        verbose_name = _("auto-expansion")
        verbose_name_plural = _("auto-expansions")
        constraints = [models.CheckConstraint(condition=Q(step__gte=1), name="auto_expansion_step")]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="auto_expansion_due")]

    def __str__(self) -> str:
        return f"{self.subscription}: +{self.step} up to {self.most}"
