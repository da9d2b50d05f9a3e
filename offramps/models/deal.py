"""Deals: what a rep offers a customer beside the catalog, version by version, and who allowed it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization
from accounts.models.organization import new_public_id
from billing.models import Plan, Quote
from billing.models.catalog import Interval
from offramps.models.lead import Lead


class Deal(models.Model):
    """What is being agreed with a customer in a case. Its versions say what; at most one is ever accepted."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    lead = models.ForeignKey(Lead, models.PROTECT, related_name="deals", verbose_name=_("case"))
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="deals")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text=_("Who answers for it."))
    created_at = models.DateTimeField(_("begun"))

    class Meta:
        verbose_name = _("deal")
        verbose_name_plural = _("deals")

    def __str__(self) -> str:
        return f"{self.organization}"

    @property
    def subject(self) -> str:
        """How the exception budget knows it."""
        return f"deal:{self.public_id}"


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("To be approved")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    SENT = "sent", _("With the customer")
    ACCEPTED = "accepted", pgettext_lazy("quote", "Accepted")
    REPLACED = "replaced", _("Replaced by a newer one")
    EXPIRED = "expired", _("Expired")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")


# What can still become a quote; of a deal one at most.
BEING_MADE = (VersionState.DRAFT, VersionState.PROPOSED, VersionState.APPROVED)


class DealVersion(models.Model):
    """One wording of a deal: never changed once made, so that what was approved is what is sent. Editing makes the next.

    `findings` are what the catalog does not sell, as it was judged when it was made ([{part, value, groups}]); `document` what
    it came to then (billing.services.quoting.terms). `ceiling` 0: as the catalog has it. `net_days` 0: as the segment has it.
    """

    deal = models.ForeignKey(Deal, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=9, choices=VersionState, default=VersionState.DRAFT)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("plan"))
    seats = models.PositiveIntegerField(_("seats"))
    interval = models.CharField(_("paid"), max_length=5, choices=Interval)
    currency = models.CharField(max_length=3)
    addons = models.JSONField(_("add-ons"), default=dict, blank=True)
    discount_bps = models.PositiveIntegerField(_("discount"), default=0)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    net_days = models.PositiveSmallIntegerField(_("days to pay"), default=0)
    ceiling = models.PositiveIntegerField(_("seat ceiling"), default=0)
    begins_on = models.DateField(_("begins on"), null=True, blank=True)
    wording = models.CharField(_("clause of its own"), max_length=1_000, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    purchase_order = models.CharField(_("purchase order"), max_length=140, blank=True)
    addressed_to = models.CharField(_("attention of"), max_length=120, blank=True)
    approver_email = models.EmailField(_("sent to"))
    note = models.CharField(_("note"), max_length=500, blank=True)
    document = models.JSONField(default=dict)
    us_cents = models.BigIntegerField(_("ARR"), help_text=_("In US cents."))
    findings = models.JSONField(_("not the catalog's"), default=list)
    nonce = models.CharField(max_length=40, unique=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))
    proposed_at = models.DateTimeField(_("proposed"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_note = models.CharField(_("note on the decision"), max_length=500, blank=True)
    expires_at = models.DateTimeField(_("holds until"), null=True, blank=True, help_text=_("The proposal, or the approval."))
    quote = models.OneToOneField(Quote, models.PROTECT, null=True, blank=True, related_name="deal_version")
    closed_at = models.DateTimeField(_("over since"), null=True, blank=True)

    class Meta:
        verbose_name = _("version of a deal")
        verbose_name_plural = _("versions of deals")
        ordering: ClassVar[list[str]] = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["deal", "number"], name="deal_version_once"),
            models.UniqueConstraint(
                fields=["deal"], condition=Q(state__in=("draft", "proposed", "approved")), name="deal_one_version_being_made"
            ),
            models.UniqueConstraint(fields=["deal"], condition=Q(state="sent"), name="deal_one_version_sent"),
            models.UniqueConstraint(fields=["deal"], condition=Q(state="accepted"), name="deal_one_version_accepted"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("made_by")), name="deal_approved_by_a_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("sent", "accepted", "lapsed")) | Q(quote__isnull=False), name="deal_sent_as_a_quote"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["expires_at"], condition=Q(state__in=("proposed", "approved")), name="deal_version_expires")
        ]

    def __str__(self) -> str:
        return f"{self.deal}, {self.number}"
