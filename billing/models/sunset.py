"""A plan that ends for its customers: from which day on, what is suggested instead, and what each of them has chosen."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.catalog import Plan, Price
from billing.models.subscription import Subscription


class SunsetState(models.TextChoices):
    RUNNING = "running", _("Running")
    OVER = "over", _("Over: nobody has the plan")
    CALLED_OFF = "called_off", _("Called off")


class Sunset(models.Model):
    """Each customer of `plan` has it until its first renewal on or after `ends_on`. `is_end`: who chose nothing ends then."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="sunsets")
    successor = models.ForeignKey(
        Plan, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("suggested instead")
    )
    ends_on = models.DateField(_("ends on"), help_text=_("For each customer at its first renewal from this day on."))
    is_end = models.BooleanField(_("ends without a click"), help_text=_("Else who chooses nothing keeps the plan."))
    reason = models.CharField(max_length=300, help_text=_("For us."))
    state = models.CharField(max_length=10, choices=SunsetState, default=SunsetState.RUNNING)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    enrol_at = models.DateTimeField(null=True, blank=True, help_text=_("When it is looked for new customers of the plan."))
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sunset of a plan")
        verbose_name_plural = _("sunsets of plans")
        constraints = [
            models.UniqueConstraint(fields=["plan"], condition=Q(state="running"), name="sunset_one_a_plan"),
            models.CheckConstraint(condition=~Q(successor=models.F("plan")), name="sunset_leads_elsewhere"),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.ends_on:%Y-%m-%d}"


class SunsetCaseState(models.TextChoices):
    OPEN = "open", _("Not answered")
    CHOSEN = "chosen", _("Another plan chosen")
    MOVED = "moved", _("Another plan waits, or is had")
    ENDS = "ends", _("Ends without an answer")
    STAYS = "stays", _("Keeps the plan")
    GONE = "gone", _("Ends, or has ended, anyway")
    CALLED_OFF = "called_off", _("Called off")


# What is still to be looked at.
UNSETTLED = (SunsetCaseState.OPEN, SunsetCaseState.CHOSEN)


class SunsetCase(models.Model):
    """One customer of the plan: had until `renews_at`, told `told` times; with `price` that is had from then on, by a click.

    `amount_minor` is what that renewal was said to come to.
    """

    sunset = models.ForeignKey(Sunset, models.CASCADE, related_name="cases")
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="sunset_cases")
    state = models.CharField(max_length=10, choices=SunsetCaseState, default=SunsetCaseState.OPEN)
    renews_at = models.DateTimeField(_("had until"))
    told = models.PositiveSmallIntegerField(_("notices"), default=0)
    price = models.ForeignKey(Price, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("chosen"))
    amount_minor = models.BigIntegerField(_("renewal then"), null=True, blank=True)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    chosen_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("customer of a sunset")
        verbose_name_plural = _("customers of sunsets")
        constraints = [
            models.UniqueConstraint(fields=["sunset", "subscription"], name="sunset_case_unique"),
            models.CheckConstraint(condition=~Q(state="chosen") | Q(price__isnull=False), name="sunset_case_chose"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="sunset_case_due")]

    def __str__(self) -> str:
        return f"{self.subscription.organization}: {self.get_state_display()}"
