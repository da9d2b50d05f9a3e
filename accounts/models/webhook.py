"""Outgoing webhooks: who is told, of what, and how each telling went. Instants are wall time unless said otherwise."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import external
from accounts.models.organization import Organization, new_public_id


class WebhookType(models.TextChoices):
    """What programs are told of, and the closed list of it; billing.api.webhook_shapes says when, and in which shape."""

    SUBSCRIPTION_STARTED = "subscription.started", _("A subscription started")
    SUBSCRIPTION_UPDATED = "subscription.updated", _("A subscription changed, or what is to come of it")
    SUBSCRIPTION_RENEWED = "subscription.renewed", _("A subscription's next period began")
    SUBSCRIPTION_ENDED = "subscription.ended", _("A subscription ended")
    SUBSCRIPTION_SUNSET = "subscription.sunset", _("A subscription's plan is given up: announced")
    SEATS_CHANGED = "seats.changed", _("Seats, add-ons or the plan changed")
    SEAT_ASSIGNED = "seat.assigned", _("Somebody was given a seat")
    SEAT_RELEASED = "seat.released", _("Somebody's seat was taken back")
    ENTITLEMENTS_CHANGED = "entitlements.changed", _("What may be used changed")
    INVOICE_SENT = "invoice.sent", _("An invoice was sent, to be paid by a date")
    INVOICE_OVERDUE = "invoice.overdue", _("A sent invoice was not paid by its date")
    INVOICE_DEBITED = "invoice.debited", _("A bank is at work on the payment of an invoice")
    INVOICE_PAID = "invoice.paid", _("An invoice was paid")
    INVOICE_PAYMENT_FAILED = "invoice.payment_failed", _("The payment of an invoice failed")
    INVOICE_PAYMENT_RETURNED = "invoice.payment_returned", _("A bank took the payment of an invoice back")
    INVOICE_REPLACED = "invoice.replaced", _("An invoice was replaced by a corrected one")
    INVOICE_CREDITED = "invoice.credited", _("A credit note was issued for an invoice")
    QUOTE_ISSUED = "quote.issued", _("A quote was issued")
    QUOTE_ACCEPTED = "quote.accepted", _("A quote was accepted")
    QUOTE_LAPSED = "quote.lapsed", _("A quote lapsed")
    QUOTE_WITHDRAWN = "quote.withdrawn", _("A quote was withdrawn")
    AGREEMENT_BEGAN = "agreement.began", _("What was agreed beside the catalog holds from now on")
    AGREEMENT_ENDED = "agreement.ended", _("What was agreed beside the catalog is over")
    PING = "webhook.ping", _("A test")


class WebhookStop(models.TextChoices):
    """Why an endpoint is told nothing."""

    BY_HAND = "by_hand", _("Disabled by hand")
    FAILING = "failing", _("Disabled: it took nothing for days")
    GONE = "gone", _("Disabled: it answered that it is gone")


class WebhookEndpoint(external.ExternallyNamed):
    """An address that is told of what happens to one organization, or, without one, to all: the vendor's own.

    `failing_since` and `failures` count the attempts that failed since the last that did not. Until `rests_until` it
    is left alone: it asked for it (Retry-After), or failed too often in a row.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="webhook_endpoints")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    types = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text=_("Empty: all, also those to come.")
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(help_text=_("Store time."))
    disabled_at = models.DateTimeField(null=True, blank=True)
    stop = models.CharField(max_length=10, choices=WebhookStop, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            external.unique("organization", "webhook_endpoint"),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=models.Q(organization=None, external_id__isnull=False),
                name="webhook_endpoint_of_vendor_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.url


class WebhookSecret(models.Model):
    """What an endpoint's webhooks are signed with, encrypted. A rotation gives the old one an end: both sign until then."""

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="secrets")
    sealed = models.TextField(editable=False)
    nonce = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("webhook secret")
        verbose_name_plural = _("webhook secrets")
        constraints = [
            models.UniqueConstraint(fields=["nonce"], condition=~models.Q(nonce=""), name="webhook_secret_nonce"),
            models.UniqueConstraint(fields=["endpoint"], condition=models.Q(expires_at=None), name="webhook_secret_current"),
        ]

    def __str__(self) -> str:
        return f"secret {self.pk} of {self.endpoint_id}"


class WebhookEvent(models.Model):
    """Something that happened, as it is told: the very text that is signed. `source` names its cause, once."""

    public_id = models.CharField(max_length=24, unique=True, editable=False, help_text=_("webhook-id"))
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="webhook_events")
    type = models.CharField(max_length=40, choices=WebhookType)
    source = models.CharField(max_length=80, unique=True)
    body = models.TextField()
    occurred_at = models.DateTimeField(help_text=_("Store time."))
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        indexes = [models.Index(fields=["created_at"], name="webhook_event_age")]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"


class DeliveryState(models.TextChoices):
    DUE = "due", _("Waits")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")
    HELD = "held", _("Not sent: the endpoint was disabled")


class WebhookDelivery(models.Model):
    """One event for one endpoint. `attempts` counts since it was last put in line; each is a row of its own."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(WebhookEvent, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.DUE)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text=_("Of the newest answer."))
    failure = models.CharField(max_length=20, blank=True, help_text=_("Why there was no answer."))
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0, help_text=_("Raised by each lease; a result with an older one is dropped."))
    created_at = models.DateTimeField()
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_delivery_unique")]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_log"),
            models.Index(fields=["endpoint", "due_at", "id"], condition=models.Q(state="due"), name="webhook_delivery_due"),
            models.Index(
                fields=["endpoint", "lease_until"],
                condition=models.Q(state="due", lease_until__isnull=False),
                name="webhook_delivery_leased",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class WebhookAttempt(models.Model):
    """One try: what came back, how fast, and how the answer began."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    failure = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True, help_text=_("The first bytes of the answer."))

    class Meta:
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")

    def __str__(self) -> str:
        return f"{self.status or self.failure} at {self.at:%Y-%m-%d %H:%M:%S}"
