"""What Stripe tells us, kept before it is understood."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class InboxEvent(models.Model):
    """One event, once. `handled_at` is set in the transaction of its effect; a failure is kept and retried."""

    stripe_id = models.CharField(max_length=64, unique=True)
    type = models.CharField(max_length=80)
    object_key = models.CharField(max_length=100, help_text=_("The StripeObject that is read again because of it."))
    source = models.CharField(max_length=10, help_text=_("webhook or poller"))
    payload = models.JSONField()
    created_at = models.DateTimeField(help_text=_("Stripe's own time, whole seconds."))
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("inbox event")
        verbose_name_plural = _("inbox")
        indexes = [models.Index(fields=["object_key"], condition=models.Q(handled_at=None), name="inbox_event_unhandled")]

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"


class StripeObject(models.Model):
    """A Stripe object that changed and is to be read again: the dirty mark.

    Every event raises `dirty`; a reader takes the lease, notes `dirty`, fetches afterwards, and sets `cleaned` to what it saw.
    So order, duplicates and ties within a second do not matter, and a burst of events costs one fetch.
    """

    key = models.CharField(max_length=100, primary_key=True)
    kind = models.CharField(max_length=40)
    dirty = models.PositiveBigIntegerField(default=1)
    cleaned = models.PositiveBigIntegerField(default=0)
    due_at = models.DateTimeField(help_text=_("Wall time."))
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("Stripe object")
        verbose_name_plural = _("Stripe objects")
        indexes = [models.Index(fields=["due_at"], condition=models.Q(dirty__gt=models.F("cleaned")), name="stripe_object_due")]

    def __str__(self) -> str:
        return self.key


class EventCursor(models.Model):
    """How far the events poller has read. A single row, which is also its lease."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seen_up_to = models.DateTimeField(null=True, blank=True, help_text=_("`created` of the newest event read, Stripe's time."))
    due_at = models.DateTimeField(help_text=_("Wall time."))
    lease_until = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("event cursor")
        verbose_name_plural = _("event cursors")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="event_cursor_single")]

    def __str__(self) -> str:
        return f"up to {self.seen_up_to}"
