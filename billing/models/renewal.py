"""Renewals: when to look at a subscription next, what its buyer was told beforehand, and which of us looks at it first."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Tier
from billing.models.subscription import Subscription


class RenewalWatch(models.Model):
    """When the sweep looks at a subscription next, one row for each; narrow, because a million are claimed and moved on.

    Triggers of the database put it 120 days before each period's end, the longest of any notice, whoever writes that period.
    """

    subscription = models.OneToOneField(Subscription, models.CASCADE, primary_key=True, related_name="renewal_watch")
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("renewal watch")
        verbose_name_plural = _("renewal watches")
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="renewal_watch_due")]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.due_at}"


class RenewalNoticeKind(models.TextChoices):
    FIRST = "first", _("First notice")
    LAST = "last", _("Last notice")
    CHANGE = "change", _("Notice of a change")
    PRICE = "price", _("Notice of a new price")


class RenewalNotice(models.Model):
    """A notice before a renewal: due as soon as it is decided, with what it said once it is sent. One of a kind a period."""

    # No check and no index of its own: the sweep writes a million of them out of subscriptions that it has just read and that
    # nothing deletes, and the unique constraint begins with it.
    subscription = models.ForeignKey(
        Subscription, models.CASCADE, related_name="renewal_notices", db_constraint=False, db_index=False
    )
    period_ends_at = models.DateTimeField(_("renewal"))
    kind = models.CharField(max_length=6, choices=RenewalNoticeKind)
    decided_at = models.DateTimeField(_("due since"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    seats = models.PositiveIntegerField(null=True, blank=True)
    active_seats = models.PositiveIntegerField(_("seats in use"), null=True, blank=True)
    recommended_seats = models.PositiveIntegerField(_("recommended"), null=True, blank=True)

    class Meta:
        verbose_name = _("renewal notice")
        verbose_name_plural = _("renewal notices")
        constraints = [
            models.UniqueConstraint(fields=["subscription", "period_ends_at", "kind"], name="renewal_notice_unique"),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(amount_minor__isnull=False, seats__isnull=False), name="renewal_notice_said"
            ),
        ]
        indexes = [models.Index(fields=["decided_at"], condition=Q(sent_at=None), name="renewal_notice_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.period_ends_at:%Y-%m-%d}"


class RenewalReview(models.Model):
    """One of us looks at an account before it renews, where its coverage tier or exceptions ask for it. One a period."""

    # No check and no index of its own, as of a notice.
    subscription = models.ForeignKey(
        Subscription, models.CASCADE, related_name="renewal_reviews", db_constraint=False, db_index=False
    )
    period_ends_at = models.DateTimeField(_("renewal"))
    coverage_tier = models.PositiveSmallIntegerField(choices=Tier, null=True, blank=True)
    has_exceptions = models.BooleanField(
        _("exceptions"), default=False, db_default=False, help_text=_("One holds then, or ends before.")
    )
    asked_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("reviewed by")
    )
    note = models.CharField(_("finding"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("renewal review")
        verbose_name_plural = _("renewal reviews")
        constraints = [models.UniqueConstraint(fields=["subscription", "period_ends_at"], name="renewal_review_unique")]

    def __str__(self) -> str:
        return f"{self.subscription.organization}: {self.period_ends_at:%Y-%m-%d}"
