"""Where the store and Stripe say different things, and the nightly run that finds it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from billing.models.command import StripeCommand
from billing.models.invoice import Invoice
from billing.models.subscription import Subscription


class DifferenceKind(models.TextChoices):
    QUANTITY = "quantity", _("Seats differ")
    PRICE = "price", _("Price differs")
    UNKNOWN_PRICE = "unknown_price", _("Price of no catalog version")
    DISCOUNT = "discount", _("Discount that nothing explains")
    UNKNOWN = "unknown", _("Unknown subscription of a customer of ours")
    FOREIGN = "foreign", _("Subscription of nobody we know")
    DUPLICATE = "duplicate", _("Second live subscription of a product line")
    MISSING = "missing", _("Subscription missing at Stripe")
    AMOUNT = "amount", _("Invoice amounts differ")
    PERIOD = "period", _("Period differs")
    ENDING = "ending", _("End differs")
    PHASES = "phases", _("Scheduled seats differ")
    TAX = "tax", _("Tax differs")
    TRIAL = "trial", _("Free period that nothing explains")
    CURRENCY = "currency", _("Currency differs")
    COMMAND = "command", _("Stripe command open too long")
    ITEM = "item", _("Item that nothing explains")
    COUPON = "coupon", _("Coupon on the customer that nothing explains")
    COLLECTION = "collection", _("Way of paying differs")


class DifferenceState(models.TextChoices):
    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Stripe's accepted")
    RESENT = "resent", _("Ours sent again")
    GONE = "gone", _("Gone by itself")


class DifferenceQuerySet(models.QuerySet["Difference"]):
    def open(self) -> "DifferenceQuerySet":
        return self.filter(state=DifferenceState.OPEN)


class Difference(models.Model):
    """One thing that Stripe and the store disagree on: named once while it lasts, decided by a person or gone by itself.

    `subject` is what it is about: a Stripe id, or "command:12". `ours` and `stripes` hold the same keys, a value each.
    """

    kind = models.CharField(max_length=15, choices=DifferenceKind)
    subject = models.CharField(max_length=100)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="differences")
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, related_name="differences")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="differences")
    ours = models.JSONField(default=dict)
    stripes = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=DifferenceState, default=DifferenceState.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Revenue operations, unless somebody took it."),
    )
    found_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was decided, or was gone."))
    reason = models.CharField(max_length=300, blank=True)
    command = models.ForeignKey(StripeCommand, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True, help_text=_("Why an earlier decision did not hold."))

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("difference to Stripe")
        verbose_name_plural = _("differences to Stripe")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=models.Q(state="open"), name="difference_open_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at=None)
                | (~models.Q(state="open") & models.Q(decided_at__isnull=False)),
                name="difference_decided",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("accepted", "resent")) | ~models.Q(reason=""), name="difference_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["last_seen_at"], condition=models.Q(state="open"), name="difference_open"),
            models.Index(fields=["subject", "kind"], condition=models.Q(state="accepted"), name="difference_accepted"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"


class Stage(models.TextChoices):
    """The stages of a run, in their order."""

    SUBSCRIPTIONS = "subscriptions", _("Subscriptions")
    MISSING = "missing", _("Subscriptions that Stripe did not list")
    INVOICES = "invoices", _("Invoices")
    CUSTOMERS = "customers", _("Customers")
    SETTLING = "settling", _("Reading again what changed")
    AGAIN = "again", _("Second look")
    CLOSING = "closing", _("Closing")
    DONE = "done", _("Done")


class Reconciliation(models.Model):
    """One comparison with Stripe, of everything or of one organization. It goes on at `cursor` after an interruption."""

    organization = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="+")
    stage = models.CharField(_("Stage"), max_length=15, choices=Stage, default=Stage.SUBSCRIPTIONS)
    cursor = models.CharField(max_length=100, blank=True)
    calls = models.PositiveIntegerField(default=0, help_text=_("Pages and objects asked of Stripe."))
    compared = models.PositiveIntegerField(default=0, help_text=_("Objects held against ours."))
    repaired = models.PositiveIntegerField(default=0, help_text=_("Objects marked to be read again."))
    found = models.PositiveIntegerField(default=0, help_text=_("Differences that are new."))
    gone = models.PositiveIntegerField(default=0, help_text=_("Differences that were gone."))
    error = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(help_text=_("Store time."))
    finished_at = models.DateTimeField(null=True, blank=True, help_text=_("Store time."))
    began_at = models.DateTimeField(help_text=_("Wall time."))
    lease_until = models.DateTimeField(null=True, blank=True, help_text=_("Wall time."))
    fence = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=models.Q(finished_at=None),
                nulls_distinct=False,
                name="reconciliation_running_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} ({self.get_stage_display()})"


class ReconciledPage(models.Model):
    """A page of a run that held something new and is to be looked at a second time. Dropped after that."""

    run = models.ForeignKey(Reconciliation, models.CASCADE, related_name="pages")
    stage = models.CharField(max_length=15, choices=Stage)
    after = models.CharField(max_length=100, blank=True, help_text=_("The cursor that leads to the page."))
    keys = models.JSONField(default=list, help_text=_("[kind, subject] of what the first look found."))

    class Meta:
        verbose_name = _("page to look at again")
        verbose_name_plural = _("pages to look at again")
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.stage} after {self.after or 'the start'}"


class SeenSubscription(models.Model):
    """A subscription that Stripe listed in a run: what is not among them may be missing. Dropped at the run's end."""

    run = models.ForeignKey(Reconciliation, models.CASCADE, related_name="seen")
    stripe_id = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("subscription seen at Stripe")
        verbose_name_plural = _("subscriptions seen at Stripe")
        constraints = [models.UniqueConstraint(fields=["run", "stripe_id"], name="seen_subscription_unique")]

    def __str__(self) -> str:
        return self.stripe_id
