"""Seats: who has one, what was bought when by whom, and what is to come."""

from datetime import UTC, datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation, Membership, external
from accounts.models.organization import new_public_id
from billing.models.addon import Addon, AddonPrice
from billing.models.catalog import Price
from billing.models.command import StripeCommand
from billing.models.subscription import Subscription


class SeatAssignment(models.Model):
    """A seat in use: by a member, or held for somebody invited. Ends; is never deleted."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="assignments")
    membership = models.ForeignKey(Membership, models.CASCADE, null=True, blank=True, related_name="seats")
    invitation = models.ForeignKey(Invitation, models.CASCADE, null=True, blank=True, related_name="seats")
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    assigned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    last_seen_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("seat assignment")
        verbose_name_plural = _("seat assignments")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "membership"], condition=models.Q(ended_at=None), name="seat_live_membership_unique"
            ),
            models.UniqueConstraint(
                fields=["subscription", "invitation"], condition=models.Q(ended_at=None), name="seat_live_invitation_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(membership__isnull=False) | models.Q(invitation__isnull=False), name="seat_has_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"seat of {self.membership or self.invitation}"


class LedgerKind(models.TextChoices):
    STARTED = "started", _("Subscription started")
    ADDED = "added", _("Seats added")
    RENEWED = "renewed", _("Changed at renewal")
    REMOVED = "removed", _("Seats given back")
    STRIPE = "stripe", _("Changed in Stripe")
    ENDED = "ended", _("Subscription ended")
    CONVERTED = "converted", _("First paid period")
    ADDON = "addon", _("Add-on changed")
    PLAN = "plan", _("Plan changed")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Gone on after a pause")
    RELEASED = "released", _("Not paid, given back")


class SeatLedgerEntry(models.Model):
    """Append-only (a trigger refuses changes): the sum of `delta` is the subscription's quantity.

    `mrr_delta_minor` is what the entry did to monthly recurring revenue, in minor units of `currency`.
    """

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="ledger")
    kind = models.CharField(max_length=10, choices=LedgerKind)
    delta = models.IntegerField()
    quantity_after = models.PositiveIntegerField()
    mrr_delta_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=20, help_text=_("Where from: page, api, admin, stripe, schedule, system"))
    reason = models.CharField(max_length=200, blank=True)
    command = models.OneToOneField(StripeCommand, models.PROTECT, null=True, related_name="ledger_entry")
    stripe_invoice_id = models.CharField(max_length=64, blank=True)
    addon = models.ForeignKey(Addon, models.PROTECT, null=True, related_name="+")
    addon_after = models.PositiveIntegerField(_("add-ons after"), null=True, help_text=_("How many of it are had then."))
    price_after = models.ForeignKey(
        Price, models.PROTECT, null=True, related_name="+", help_text=_("Of another plan: its price.")
    )
    window = models.ForeignKey("billing.InvoiceWindow", models.PROTECT, null=True, related_name="entries")
    occurred_at = models.DateTimeField()

    class Meta:
        verbose_name = _("seat ledger entry")
        verbose_name_plural = _("seat ledger")
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.delta:+d} = {self.quantity_after}"


class ChangeState(models.TextChoices):
    SENDING = "sending", _("Being made")
    WAITING = "waiting", _("Waiting for payment")
    DONE = "done", _("Done")
    DECLINED = "declined", _("Payment declined")
    STALE = "stale", _("Price had changed")
    DROPPED = "dropped", _("Dropped")
    EXPIRED = "expired", _("Not paid in time")
    FAILED = "failed", _("Failed")


class ChangeKind(models.TextChoices):
    SEATS = "seats", _("Seats or an add-on")
    RESUMPTION = "resumption", _("Going on after the trial")
    CONVERSION = "conversion", _("From the pilot to the plan")
    PLAN = "plan", _("Another plan")
    WINDOW = "window", _("Seats of an invoice window")


# What is agreed to and paid at once, or not had.
INCREASES = (ChangeKind.SEATS, ChangeKind.PLAN, ChangeKind.WINDOW)
# A first charge that the bank wants to be asked about (docs/decisions/first-payments.md).
FIRST_PAYMENTS = (ChangeKind.RESUMPTION, ChangeKind.CONVERSION)


class SeatChange(external.ExternallyNamed):
    """More seats, an add-on or a larger plan that somebody confirmed, with the preview they saw. `nonce`: one a change.

    With `addon_price` it is about the add-on, of which `addon_after` are had then (empty: one for each seat); with
    `price_after` about the plan. With `window` the seats are had and not billed yet; kind `window` bills them. The other kinds
    are first charges that wait for the bank, and have a row from then on.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="changes")
    nonce = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=10, choices=ChangeKind, default=ChangeKind.SEATS)
    quantity_before = models.PositiveIntegerField()
    quantity_after = models.PositiveIntegerField()
    addon_price = models.ForeignKey(AddonPrice, models.PROTECT, null=True, blank=True, related_name="+")
    addon_after = models.PositiveIntegerField(_("add-ons after"), null=True, blank=True)
    price_after = models.ForeignKey(Price, models.PROTECT, null=True, blank=True, related_name="+")
    window = models.ForeignKey("billing.InvoiceWindow", models.PROTECT, null=True, blank=True, related_name="changes")
    preview = models.JSONField(help_text=_("What was shown and agreed: see billing.rules.preview."))
    due_now_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=ChangeState, default=ChangeState.SENDING)
    command = models.OneToOneField(StripeCommand, models.PROTECT, null=True, related_name="seat_change")
    stripe_invoice_id = models.CharField(max_length=64, blank=True)
    message = models.CharField(max_length=300, blank=True, help_text=_("Why it ended as it did, for the buyer."))
    assign_to = models.JSONField(default=list, help_text=_("Membership and invitation ids that get the new seats."))
    invite = models.JSONField(default=list, help_text=_("Addresses invited to the new seats; kept until it is concluded."))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text=_("While waiting for payment: until when."))
    concluded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("seat change")
        verbose_name_plural = _("seat changes")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=models.Q(state__in=("sending", "waiting")), name="seat_change_open_unique"
            ),
            external.unique("subscription", "seat_change"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity_before} to {self.quantity_after} ({self.get_state_display()})"

    @property
    def carried_minor(self) -> int:
        """What is below the smallest charge there is, and goes along with the next invoice (billing.rules.smallest)."""
        return int(self.preview.get("carried_minor", 0))

    @property
    def payable_at(self) -> datetime | None:
        """By when the invoice can be paid that bills it; None: a card is charged."""
        epoch = self.preview.get("payable_at")
        return None if epoch is None else datetime.fromtimestamp(epoch, UTC)


class ScheduledKind(models.TextChoices):
    SEATS = "seats", _("Seats")
    END = "end", _("End of the subscription")
    ADDON = "addon", _("Add-on")
    PLAN = "plan", _("Another plan")


class CancelReason(models.TextChoices):
    """Asked of whoever cancels; the free text is `ScheduledChange.reason`."""

    PRICE = "price", _("Too expensive")
    UNUSED = "unused", _("We don't use it enough")
    MISSING = "missing", _("A feature is missing")
    SWITCHED = "switched", _("We use something else now")
    QUALITY = "quality", _("It doesn't work well for us")
    SERVICE = "service", _("Support or service")
    CLOSED = "closed", _("The company or project ended")
    OTHER = "other", _("Another reason")


class ScheduledState(models.TextChoices):
    PENDING = "pending", _("Coming")
    APPLIED = "applied", _("Done")
    CANCELED = "canceled", _("Taken back")
    SUPERSEDED = "superseded", _("Overtaken")
    BOOKED = "booked", _("Booked for later")


class ScheduledChange(external.ExternallyNamed):
    """What will be at `effective_at` (a period's end). Seats are a delta, so that changes made meanwhile compose.

    Of an add-on, `addon_after` are had then; 0: none. Of a plan, or another interval, `price_after` is charged then.
    What waits for a committed term is booked: nothing but a date, until the period that ends with it has begun.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="scheduled")
    kind = models.CharField(max_length=10, choices=ScheduledKind, default=ScheduledKind.SEATS)
    delta = models.IntegerField(default=0)
    addon = models.ForeignKey(Addon, models.PROTECT, null=True, blank=True, related_name="+")
    addon_after = models.PositiveIntegerField(_("add-ons after"), null=True, blank=True)
    price_after = models.ForeignKey(Price, models.PROTECT, null=True, blank=True, related_name="+")
    effective_at = models.DateTimeField()
    reason_code = models.CharField(max_length=10, choices=CancelReason, blank=True)
    state = models.CharField(max_length=10, choices=ScheduledState, default=ScheduledState.PENDING)
    reason = models.CharField(max_length=200, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("scheduled change")
        verbose_name_plural = _("scheduled changes")
        ordering: ClassVar[list[str]] = ["effective_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="end", delta=0, addon=None, price_after=None)
                | (models.Q(kind="seats", addon=None, price_after=None) & ~models.Q(delta=0))
                | models.Q(kind="addon", delta=0, addon__isnull=False, addon_after__isnull=False, price_after=None)
                | models.Q(kind="plan", delta=0, addon=None, price_after__isnull=False),
                name="scheduled_change_changes",
            ),
            models.UniqueConstraint(
                fields=["subscription"],
                condition=models.Q(kind="end", state="pending"),
                name="scheduled_end_pending_unique",
            ),
            models.UniqueConstraint(
                fields=["subscription", "kind"],
                condition=models.Q(state="booked"),
                name="scheduled_booked_unique",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="booked") | models.Q(kind__in=("end", "seats", "plan")), name="scheduled_booked_kinds"
            ),
            models.UniqueConstraint(
                fields=["subscription", "addon"],
                condition=models.Q(kind="addon", state="pending"),
                name="scheduled_addon_pending_unique",
            ),
            models.UniqueConstraint(
                fields=["subscription"],
                condition=models.Q(kind="plan", state="pending"),
                name="scheduled_plan_pending_unique",
            ),
            external.unique("subscription", "scheduled_change"),
        ]

    def __str__(self) -> str:
        what = "end" if self.kind == ScheduledKind.END else f"{self.delta:+d}"
        return f"{what} at {self.effective_at:%Y-%m-%d}"


class SeatRelease(models.Model):
    """Who loses their seat when a scheduled decrease takes effect."""

    change = models.ForeignKey(ScheduledChange, models.CASCADE, related_name="releases")
    assignment = models.ForeignKey(SeatAssignment, models.CASCADE, related_name="releases")

    class Meta:
        verbose_name = _("seat release")
        verbose_name_plural = _("seat releases")
        constraints = [models.UniqueConstraint(fields=["change", "assignment"], name="seat_release_unique")]

    def __str__(self) -> str:
        return f"{self.assignment} at {self.change}"
