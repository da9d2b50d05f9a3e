"""A lead: what somebody needs a person for, from the first trigger to its outcome."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, Region, Segment, external
from accounts.models.organization import new_public_id
from billing.models import Cart
from offramps.models.hand_raise import HandRaise
from offramps.models.roster import Pool, Rep
from offramps.models.trigger_rule import LeadTopic, TriggerRule, TriggerRuleVersion


class LeadState(models.TextChoices):
    OPEN = "open", _("Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    HANDED_BACK = "handed_back", _("Handed back to the store")
    NOT_A_FIT = "not_a_fit", _("Not a fit")


class Fit(models.TextChoices):
    """What qualification said (offramps.rules.qualifying)."""

    ROUTED = "routed", _("Fits: to a person")
    AT_ONCE = "at_once", _("To a person in any case")
    SELF_SERVICE = "self_service", _("The store answers")
    UNSERVED = "unserved", _("A region that is not served")
    COMPETITOR = "competitor", _("A competitor")


class LeadQuerySet(models.QuerySet["Lead"]):
    def open(self) -> "LeadQuerySet":
        return self.filter(state=LeadState.OPEN)


class Lead(external.ExternallyNamed):
    """One topic of one customer: at most one open, further triggers join it.

    Somebody without an organization is known by mail address. Segment, region, language and line are as they were when it was
    opened, by which it was routed; `routing` is {"pool": id} once a manager chose one.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="leads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    topic = models.CharField(_("topic"), max_length=12, choices=LeadTopic)
    state = models.CharField(_("state"), max_length=12, choices=LeadState, default=LeadState.OPEN)
    priority = models.PositiveSmallIntegerField(_("priority"), default=1, help_text=_("How many triggers it has."))
    contact_name = models.CharField(_("name"), max_length=120, blank=True)
    contact_email = models.EmailField(_("mail address"))
    contact_phone = models.CharField(_("phone"), max_length=40, blank=True)
    channel = models.CharField(_("channel"), max_length=10, default="mail")
    time_zone = models.CharField(max_length=64, default="UTC", help_text=_("Where the customer is."))
    segment = models.CharField(_("segment"), max_length=12, choices=Segment)
    region = models.CharField(_("region"), max_length=10, choices=Region, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    line = models.CharField(_("product line"), max_length=40, blank=True)
    cart = models.ForeignKey(Cart, models.SET_NULL, null=True, blank=True, related_name="leads")
    basket = models.JSONField(default=dict, help_text=_("The priced cart at the latest click."))
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="leads", verbose_name=_("pool"))
    rep = models.ForeignKey(Rep, models.PROTECT, null=True, blank=True, related_name="leads", verbose_name=_("rep"))
    chosen_pool = models.ForeignKey(
        *(Pool, models.PROTECT), null=True, blank=True, related_name="+", help_text=_("A manager said whose it is.")
    )
    fit = models.CharField(_("fit"), max_length=12, choices=Fit, default=Fit.ROUTED)
    fit_score = models.PositiveSmallIntegerField(_("points for fit"), null=True, blank=True)
    fit_parts = models.JSONField(default=dict, blank=True, help_text=_("The points of each part, and the threshold."))
    fit_decided_by = models.CharField(_("decided by"), max_length=12, blank=True, help_text=_("The part that decided."))
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    outcome_reason = models.CharField(_("why"), max_length=300, blank=True)

    objects = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            external.unique("organization", "lead"),
            models.UniqueConstraint(
                fields=["organization", "topic"],
                condition=Q(state="open", organization__isnull=False),
                name="lead_open_of_organization",
            ),
            models.UniqueConstraint(
                Lower("contact_email"), "topic", condition=Q(state="open", organization=None), name="lead_open_of_address"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="lead_over_is_dated",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["rep"], condition=Q(state="open"), name="lead_open_of_rep"),
            models.Index(fields=["pool"], condition=Q(state="open"), name="lead_open_of_pool"),
        ]

    def __str__(self) -> str:
        return f"{self.get_topic_display()}: {self.organization or self.contact_email}"


class LeadTrigger(models.Model):
    """Why there is the lead, or why it matters more: a hand-raise, or a rule's version with what it saw.

    `subject` is what a rule saw it in ("cart:<id>"): the same rule never counts the same thing twice.
    """

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="triggers")
    hand_raise = models.OneToOneField(HandRaise, models.CASCADE, null=True, blank=True, related_name="trigger")
    version = models.ForeignKey(
        *(TriggerRuleVersion, models.PROTECT), null=True, blank=True, related_name="triggers", verbose_name=_("rule")
    )
    rule = models.ForeignKey(TriggerRule, models.PROTECT, null=True, blank=True, related_name="triggers")
    subject = models.CharField(max_length=80, blank=True)
    saw = models.JSONField(default=list, blank=True, help_text=_("Each condition that held, with what was seen."))
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("trigger")
        verbose_name_plural = _("triggers")
        constraints = [
            models.CheckConstraint(
                condition=Q(hand_raise__isnull=False, version=None) | Q(hand_raise=None, version__isnull=False),
                name="trigger_by_a_person_or_a_rule",
            ),
            models.UniqueConstraint(fields=["rule", "subject"], condition=Q(rule__isnull=False), name="trigger_once_a_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.at:%Y-%m-%d %H:%M}"


class LeadNote(models.Model):
    """What somebody wrote down about a case, for whoever has it next."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    text = models.TextField(max_length=2_000)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")

    def __str__(self) -> str:
        return f"{self.lead}: {self.at:%Y-%m-%d %H:%M}"


class NextStep(models.Model):
    """What is to be done next in a case, and by when; at most one at a time. A new one, and the case's end, conclude it."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="steps")
    text = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("next step")
        verbose_name_plural = _("next steps")
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(done_at=None), name="next_step_one_of_a_lead"),
        ]

    def __str__(self) -> str:
        return self.text
