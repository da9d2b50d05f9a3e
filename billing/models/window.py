"""Invoice windows: seats that are had at once and billed together, by one net update, when the window closes."""

from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.seats import SeatChange
from billing.models.subscription import Subscription


class WindowState(models.TextChoices):
    OPEN = "open", _("Open")
    UNPAID = "unpaid", _("Not paid")
    BILLED = "billed", _("Billed")
    NOTHING = "nothing", _("All taken back")
    RELEASED = "released", _("Seats released")
    ENDED = "ended", _("Subscription ended")


# What waits for its money; at most one of a subscription.
RUNNING: Final = (WindowState.OPEN, WindowState.UNPAID)


class InvoiceWindow(models.Model):
    """`seats` more than Stripe has, to be billed at `closes_at` for `due_minor`, as somebody was shown last (`agreed`).

    A payment that failed is tried again at `next_attempt_at`; at `release_at` the seats go back.
    """

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="windows")
    state = models.CharField(max_length=10, choices=WindowState, default=WindowState.OPEN)
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    seats = models.PositiveIntegerField(default=0)
    agreed = models.JSONField(help_text=_("What was shown and agreed last: see billing.rules.preview."))
    due_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    billed_by = models.OneToOneField(SeatChange, models.PROTECT, null=True, blank=True, related_name="billed_window")
    attempts = models.PositiveIntegerField(default=0)
    unpaid_at = models.DateTimeField(null=True, blank=True, help_text=_("When a payment failed first."))
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    release_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("invoice window")
        verbose_name_plural = _("invoice windows")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=models.Q(state__in=RUNNING), name="invoice_window_running_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=RUNNING, closed_at=None)
                | (~models.Q(state__in=RUNNING) & ~models.Q(closed_at=None)),
                name="invoice_window_closed",
            ),
        ]
        indexes = [
            models.Index(fields=["closes_at"], condition=models.Q(state=WindowState.OPEN), name="invoice_window_due"),
        ]

    @property
    def is_open(self) -> bool:
        return self.state == WindowState.OPEN

    def __str__(self) -> str:
        return f"{self.subscription}: {self.seats} ({self.get_state_display()})"
