"""Somebody asked to be reminded of their cart."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.checkout import Cart


class CartReminderState(models.TextChoices):
    WANTED = "wanted", _("Wanted")
    SENT = "sent", _("Sent")
    STOPPED = "stopped", _("Not needed any more")


class CartReminder(models.Model):
    """One for a cart and at most once: the consent, by whom and since when, and what became of it."""

    cart = models.OneToOneField(Cart, models.CASCADE, primary_key=True, related_name="reminder")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    wanted_at = models.DateTimeField(_("agreed"))
    due_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=CartReminderState, default=CartReminderState.WANTED)
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("cart reminder")
        verbose_name_plural = _("cart reminders")
        indexes = [models.Index(fields=["due_at"], condition=Q(state="wanted"), name="cart_reminder_due")]

    def __str__(self) -> str:
        return f"{self.cart}: {self.get_state_display()}"
