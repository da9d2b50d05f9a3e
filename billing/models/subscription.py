"""What an organization has of a product line, as Stripe last said it."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, external
from billing.models.catalog import Plan, Price, ProductLine


class SubscriptionStatus(models.TextChoices):
    """Stripe's own words."""

    INCOMPLETE = "incomplete", _("Waiting for the first payment")
    INCOMPLETE_EXPIRED = "incomplete_expired", _("Never paid")
    TRIALING = "trialing", _("In trial")
    ACTIVE = "active", _("Active")
    PAST_DUE = "past_due", _("Past due")
    UNPAID = "unpaid", _("Unpaid")
    PAUSED = "paused", _("Paused")
    CANCELED = "canceled", _("Ended")


class Access(models.TextChoices):
    """What of it can be used, as billing.rules.dunning.Access: less while a payment is missing or disputed."""

    FULL = "full", _("Everything")
    READ_ONLY = "read_only", _("Read-only")
    OFF = "off", _("Nothing")


class Collection(models.TextChoices):
    """How its invoices are paid, in Stripe's words."""

    CHARGED = "charge_automatically", _("By card")
    INVOICED = "send_invoice", _("On invoice")


# What a subscription is called until Stripe has named it (docs/decisions/adoption.md).
NOT_AT_STRIPE: Final = "adopted_"
LIVE_STATUSES: Final = ("trialing", "active", "past_due", "unpaid", "paused")
OWING_STATUSES: Final = ("past_due", "unpaid")


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def live(self) -> "SubscriptionQuerySet":
        return self.filter(status__in=LIVE_STATUSES)

    def at_stripe(self) -> "SubscriptionQuerySet":
        """Without contracts that were taken over and not released: Stripe has never heard of these."""
        return self.exclude(stripe_id__startswith=NOT_AT_STRIPE)

    def locked(self) -> "SubscriptionQuerySet":
        """Lock only the subscription's own row, not against rows that refer to it; call inside a transaction."""
        return self.select_for_update(of=("self",), no_key=True)


class Subscription(external.ExternallyNamed):
    """One live one per organization and product line.

    `quantity` equals the sum of the seat ledger; less `unbilled` it is what Stripe has (docs/decisions/invoice-windows.md).
    """

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="subscriptions")
    line = models.ForeignKey(ProductLine, models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    price = models.ForeignKey(Price, models.PROTECT, related_name="+")
    stripe_id = models.CharField(max_length=64, unique=True)
    stripe_item_id = models.CharField(max_length=64)
    status = models.CharField(max_length=20, choices=SubscriptionStatus)
    # Written by billing.services.books.access alone, beside the sweep of failed payments.
    access = models.CharField(max_length=10, choices=Access, default=Access.FULL, db_default=Access.FULL)
    own_method = models.JSONField(
        default=dict, blank=True, db_default={}, help_text=_("What pays it, where Stripe was told so; empty: the customer's.")
    )
    quantity = models.PositiveIntegerField()
    unbilled = models.PositiveIntegerField(
        default=0, help_text=_("Of these, how many Stripe has not heard of yet: those of an invoice window.")
    )
    currency = models.CharField(max_length=3)
    collection_method = models.CharField(
        max_length=20, choices=Collection, default=Collection.CHARGED, db_default=Collection.CHARGED
    )
    days_until_due = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Of its invoices, where it is paid on them.")
    )
    period_starts_at = models.DateTimeField()
    period_ends_at = models.DateTimeField()
    started_at = models.DateTimeField()
    cancel_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True, help_text=_("When somebody asked for the end."))
    ended_at = models.DateTimeField(null=True, blank=True)
    # Of one that began with a trial or a pilot (billing_pilotrun); a free period given to somebody who pays already is none.
    trial_ends_at = models.DateTimeField(null=True, blank=True)
    converted_at = models.DateTimeField(null=True, blank=True, help_text=_("Its first paid period after the trial began."))
    # An increase that waits for its payment (Stripe's pending update).
    pending_quantity = models.PositiveIntegerField(null=True, blank=True)
    pending_expires_at = models.DateTimeField(null=True, blank=True)
    pending_invoice_id = models.CharField(max_length=64, blank=True)
    # Stripe's schedule projects the pending ScheduledChange rows: `wanted` counts their changes, `done` follows.
    schedule_id = models.CharField(max_length=64, blank=True)
    projection_wanted = models.PositiveIntegerField(default=0)
    projection_done = models.PositiveIntegerField(default=0)
    projection_due_at = models.DateTimeField(null=True, blank=True, help_text=_("Wall time: not before, after a refusal."))
    latest_invoice_id = models.CharField(max_length=64, blank=True)
    mirrored_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "line"],
                condition=models.Q(status__in=LIVE_STATUSES),
                name="subscription_live_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(period_ends_at__gt=models.F("period_starts_at")), name="subscription_period_ordered"
            ),
            models.CheckConstraint(condition=models.Q(unbilled__lte=models.F("quantity")), name="subscription_unbilled_had"),
            external.unique("organization", "subscription"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(status__in=OWING_STATUSES), name="subscription_owing"),
        ]

    def __str__(self) -> str:
        return f"{self.organization}: {self.plan.name} x {self.quantity}"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_STATUSES

    @property
    def billed(self) -> int:
        """The seats that Stripe bills: all, but for those of an invoice window."""
        return self.quantity - self.unbilled

    @property
    def is_invoiced(self) -> bool:
        """Whether it is paid on invoices that are due later; else a card is charged."""
        return self.collection_method == Collection.INVOICED

    @property
    def is_in_trial(self) -> bool:
        """Whether it has not been paid for yet: its trial goes on, or ended without a card. It counts for no revenue."""
        return self.trial_ends_at is not None and self.converted_at is None

    @property
    def is_being_arranged(self) -> bool:
        """Whether Stripe does not yet know the newest scheduled changes."""
        return self.projection_done < self.projection_wanted
