"""Rules that notice who needs a person: a name, what it is about, and versions of its conditions."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LeadTopic(models.TextChoices):
    """What a lead is about: the reasons of a hand-raise, and what only a rule sees."""

    LEGAL = "legal", _("Legal: contract, DPA, terms")
    SECURITY = "security", _("Security review")
    PROCUREMENT = "procurement", _("Purchase order or procurement")
    DISCOUNT = "discount", _("Discount or volume")
    TERMS = "terms", _("Payment terms or support")
    SEATS = "seats", _("More seats than I can buy here")
    OTHER = "other", _("Something else")
    PURCHASE = "purchase", _("A purchase under way")
    PAYMENT = "payment", _("A large payment that failed")


class RuleState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    LIVE = "live", _("Live")
    RETIRED = "retired", _("Retired")


class TriggerRule(models.Model):
    """A rule by name. What it says is in its versions: at most one draft, at most one live."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    topic = models.CharField(_("topic"), max_length=12, choices=LeadTopic, help_text=_("Of the lead that it opens or joins."))
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class TriggerRuleVersion(models.Model):
    """Conditions (offramps.rules.detecting.read) that never change once they were live."""

    rule = models.ForeignKey(TriggerRule, models.CASCADE, related_name="versions", verbose_name=_("rule"))
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=7, choices=RuleState, default=RuleState.DRAFT)
    conditions = models.JSONField(_("conditions"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(_("written"))
    live_by = models.ForeignKey(
        *(settings.AUTH_USER_MODEL, models.SET_NULL), null=True, blank=True, related_name="+", verbose_name=_("put live by")
    )
    live_at = models.DateTimeField(_("live since"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name = _("rule's version")
        verbose_name_plural = _("rules' versions")
        ordering: ClassVar[list[str]] = ["rule", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="rule_version_once"),
            models.UniqueConstraint(fields=["rule"], condition=Q(state="live"), name="rule_one_live"),
            models.UniqueConstraint(fields=["rule"], condition=Q(state="draft"), name="rule_one_draft"),
            models.CheckConstraint(
                condition=Q(state="draft", live_at=None, retired_at=None)
                | Q(state="live", live_at__isnull=False, retired_at=None)
                | Q(state="retired", retired_at__isnull=False),
                name="rule_version_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.number}"


class Sweep(models.Model):
    """When a search for what happens without a click (an abandoned cart, repeated visits) is due next. Store time."""

    name = models.CharField(max_length=20, primary_key=True)
    due_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sweep")
        verbose_name_plural = _("sweeps")

    def __str__(self) -> str:
        return self.name
