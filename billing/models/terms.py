"""Exceptions from the catalog, each with an owner, a reason, a second person's approval, and an end."""

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from accounts.models.organization import new_public_id
from billing.models.catalog import ProductLine
from billing.models.subscription import Subscription
from billing.rules import terms as rules

MOST_REASON: Final = 500


class TermsKind(models.TextChoices):
    """As billing.rules.terms.Kind."""

    DISCOUNT = "discount", _("Discount")
    PRICE_HOLD = "price_hold", _("Price hold")
    TERM = "term", _("Committed term")
    PAYMENT_TERMS = "payment_terms", _("Payment terms")
    CREDIT_LIMIT = "credit_limit", _("Credit limit")
    SEAT_CEILING = "seat_ceiling", _("Seat ceiling")
    FEATURE = "feature", _("Feature")


class TermsState(models.TextChoices):
    PROPOSED = "proposed", _("To be approved")
    OFFERED = "offered", _("Offered")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    ENDED_EARLY = "ended_early", _("Ended early")
    ENDED = "ended", _("Ended")


class TermsQuerySet(models.QuerySet["Terms"]):
    def in_force(self, at: datetime) -> "TermsQuerySet":
        """Approved ones whose days include `at`."""
        return self.filter(state=TermsState.APPROVED, starts_at__lte=at, ends_at__gt=at)


class Terms(models.Model):
    """One exception for a customer, `[starts_on, ends_on)` where it is. `value` is typed by kind (billing.rules.terms).

    `starts_at` and `ends_at` are those days' beginnings in the zone that the customer had when it was proposed: stored, so that
    statements compare instants, and that nothing moves when somebody sets another zone.

    One that is `offered` comes with a quote: approved, and in force from its acceptance on, for `months`; the days are
    provisional until then. `band` names the policy by which nobody had to decide it.

    Written by billing.services.agreeing alone. `due_at` is when the sweep looks at it next: to begin it, to announce its
    end, to end it.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="terms")
    line = models.ForeignKey(
        ProductLine,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product line"),
        help_text=_("Empty: it is of the customer as a whole."),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=TermsKind)
    value = models.JSONField(_("value"), default=dict)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text=_("Who answers for it, until it ends.")
    )
    reason = models.CharField(_("reason"), max_length=MOST_REASON)
    quarter = models.CharField(_("quarter"), max_length=7, help_text=_("Whose budget it counts against."))
    starts_on = models.DateField(_("holds from"))
    ends_on = models.DateField(_("ends on"), help_text=_("The first day on which it does not hold any more."))
    starts_at = models.DateTimeField(_("holds from this instant"), editable=False)
    ends_at = models.DateTimeField(_("over at this instant"), editable=False)
    state = models.CharField(max_length=12, choices=TermsState, default=TermsState.PROPOSED)
    nonce = models.CharField(max_length=60, unique=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed"))
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    note = models.CharField(_("note on the decision"), max_length=MOST_REASON, blank=True)
    band = models.CharField(_("allowed by"), max_length=60, blank=True, help_text=_("A policy, where nobody had to decide."))
    quote = models.ForeignKey(
        "billing.Quote", models.PROTECT, null=True, blank=True, related_name="offers", verbose_name=_("quote")
    )
    months = models.PositiveSmallIntegerField(_("months"), null=True, blank=True, help_text=_("From acceptance on."))
    began_at = models.DateTimeField(_("in force since"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )
    ended_at = models.DateTimeField(_("over since"), null=True, blank=True)
    end_reason = models.CharField(_("why it ended early"), max_length=MOST_REASON, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    stripe_coupon_id = models.CharField(max_length=100, blank=True, help_text=_("Of a discount."))

    objects = TermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="terms_end_after_start"),
            models.CheckConstraint(
                condition=Q(kind__in=sorted(rules.OF_A_LINE), line__isnull=False)
                | (~Q(kind__in=sorted(rules.OF_A_LINE)) & Q(line=None)),
                name="terms_of_a_line_or_customer",
            ),
            models.CheckConstraint(
                condition=Q(approver=None) | ~Q(approver=F("proposed_by")), name="terms_approved_by_a_second_person"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "withdrawn"])
                | (Q(decided_at__isnull=False) & (Q(approver__isnull=False) | ~Q(band=""))),
                name="terms_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="offered") | Q(quote__isnull=False, months__isnull=False), name="terms_offered_by_a_quote"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(state__in=["ended", "ended_early"]), name="terms_over_has_ended"
            ),
        ]
        indexes = [
            models.Index(fields=["organization"], condition=Q(state="approved"), name="terms_in_force"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="terms_due"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.organization}"

    def date(self) -> None:
        """Set the instants of its days, with the organization at hand."""
        zone = self.organization.time_zone
        self.starts_at, self.ends_at = rules.instant(self.starts_on, zone), rules.instant(self.ends_on, zone)

    @property
    def is_in_force(self) -> bool:
        """Begun and not over, as the sweep has it."""
        return self.state == TermsState.APPROVED and self.began_at is not None

    @property
    def told(self) -> dict[str, Any]:
        """What the journal says of it."""
        return {
            "terms": self.public_id,
            "exception": self.kind,
            **self.says,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
        }

    @property
    def says(self) -> dict[str, Any]:
        """What it says, without the copies of a feature and of a plan's name that are kept for showing them."""
        return {key: said for key, said in self.value.items() if key not in ("granted", "plan_name")}


class TermsNotice(models.Model):
    """The announcement of an exception's end: decided by the sweep, sent with what it said. One for each exception."""

    terms = models.OneToOneField(Terms, models.CASCADE, related_name="notice")
    decided_at = models.DateTimeField(_("due since"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    subscription = models.ForeignKey(Subscription, models.SET_NULL, null=True, blank=True, related_name="+")
    now_minor = models.BigIntegerField(_("a period now"), null=True, blank=True)
    then_minor = models.BigIntegerField(_("a period then"), null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        verbose_name = _("notice of an exception's end")
        verbose_name_plural = _("notices of exceptions' ends")
        indexes = [models.Index(fields=["decided_at"], condition=Q(sent_at=None), name="terms_notice_due")]

    def __str__(self) -> str:
        return str(self.terms)
