"""The clock of a hand-raise: the countdown that the customer sees, its offers, and the call slot it ends in at the latest."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import new_public_id
from offramps.models.lead import Lead
from offramps.models.roster import Pool, Rep


class CountdownState(models.TextChoices):
    RINGING = "ringing", _("Looking for somebody")
    ACCEPTED = "accepted", _("Accepted")
    CONTACTED = "contacted", _("Talking")
    SLOT = "slot", _("A call is dated")
    OVER = "over", _("Over")


class Miss(models.TextChoices):
    """Why the promise of a call within seconds was not kept."""

    NOBODY_PRESENT = "nobody_present", _("Nobody was there")
    NOBODY_ANSWERED = "nobody_answered", _("Offers went unanswered")
    NOT_CALLED = "not_called", _("Accepted and not called in time")
    SLOT_MISSED = "slot_missed", _("The dated call did not come")


class Countdown(models.Model):
    """One promise, from the click on. At most one runs for a lead. All instants are store time.

    `due_at` is when the lane looks at it next; None: nothing more happens by itself. `is_dated`: it was made when nobody was on
    duty, so that a dated call was promised at once and no seconds were counted.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="countdowns")
    state = models.CharField(max_length=9, choices=CountdownState, default=CountdownState.RINGING)
    clicked_at = models.DateTimeField(_("detected"))
    deadline_at = models.DateTimeField(_("promised by"))
    routed_at = models.DateTimeField(_("routed"), null=True, blank=True)
    offered_at = models.DateTimeField(_("offered"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    contacted_at = models.DateTimeField(_("contacted"), null=True, blank=True)
    slot_held_at = models.DateTimeField(_("slot held"), null=True, blank=True)
    rep = models.ForeignKey(Rep, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who calls"))
    is_dated = models.BooleanField(default=False)
    is_offered_on = models.BooleanField(default=False)
    offers_ran_until = models.DateTimeField(null=True, blank=True)
    missed_because = models.CharField(_("missed because"), max_length=16, choices=Miss, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("countdown")
        verbose_name_plural = _("countdowns")
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(state__in=("ringing", "accepted", "slot")), name="countdown_one_of_a_lead"
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(rep__isnull=False), name="countdown_accepted_by_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(state="contacted") | Q(contacted_at__isnull=False), name="countdown_contact_dated"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="countdown_due")
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_state_display()}"


class OfferOutcome(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    PASSED = "passed", _("Not answered")
    TAKEN = "taken", _("Somebody else was first")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Offer(models.Model):
    """A lead ringing at one rep. `eligible` are the reps among whom it was dealt by turns (empty: no turn, see `step`)."""

    countdown = models.ForeignKey(Countdown, models.CASCADE, related_name="offers")
    rep = models.ForeignKey(Rep, models.PROTECT, related_name="offers")
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, blank=True, related_name="+")
    step = models.CharField(max_length=10, help_text=_("As offramps.rules.routing.Step."))
    eligible = ArrayField(models.BigIntegerField(), default=list, blank=True)
    explained = models.JSONField(default=dict, help_text=_("Who was passed over and why, shares and debts of the turn."))
    offered_at = models.DateTimeField()
    until_at = models.DateTimeField()
    outcome = models.CharField(max_length=9, choices=OfferOutcome, blank=True)
    outcome_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(fields=["countdown"], condition=Q(outcome=""), name="offer_one_rings_of_a_countdown"),
            models.UniqueConstraint(fields=["rep"], condition=Q(outcome=""), name="offer_one_rings_at_a_rep"),
            models.CheckConstraint(
                condition=Q(outcome="", outcome_at=None) | (~Q(outcome="") & Q(outcome_at__isnull=False)),
                name="offer_outcome_dated",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["pool", "-id"], name="offer_turns_of_pool")]

    def __str__(self) -> str:
        return f"{self.countdown_id} to {self.rep}"


class SlotState(models.TextChoices):
    HELD = "held", _("Held")
    KEPT = "kept", _("Kept")
    MISSED = "missed", _("Missed")
    CANCELLED = "cancelled", _("Cancelled")
    MOVED = "moved", _("Moved")
    RELEASED = "released", _("Not needed any more")
    DROPPED = "dropped", _("Nobody can take it")


class CallSlot(models.Model):
    """A dated call of a rep, `[starts_at, ends_at)`, of a lead. Two of one rep never overlap: the rep's row is locked to
    hold one.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    countdown = models.ForeignKey(Countdown, models.CASCADE, related_name="slots")
    rep = models.ForeignKey(Rep, models.PROTECT, related_name="slots")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=SlotState, default=SlotState.HELD)
    held_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    sequence = models.PositiveSmallIntegerField(default=0, help_text=_("Of the calendar entry: each move adds one."))

    class Meta:
        verbose_name = _("call slot")
        verbose_name_plural = _("call slots")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_start"),
            models.UniqueConstraint(fields=["countdown"], condition=Q(state="held"), name="slot_one_held_of_a_countdown"),
            models.UniqueConstraint(fields=["rep", "starts_at"], condition=Q(state="held"), name="slot_one_held_at_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["rep", "starts_at"], condition=Q(state="held"), name="slot_held_of_rep")
        ]

    def __str__(self) -> str:
        return f"{self.rep}: {self.starts_at:%Y-%m-%d %H:%M}"
