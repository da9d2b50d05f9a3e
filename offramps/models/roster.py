"""Who answers: reps with what they can do and when they work, and the pools in which they take turns."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import new_public_id
from offramps.rules.hours import MINUTES_OF_A_DAY


class Skill(models.TextChoices):
    """What a topic may need of a rep beyond selling."""

    LEGAL = "legal", _("Contracts and data protection")
    SECURITY = "security", _("Security reviews")
    PROCUREMENT = "procurement", _("Procurement")
    PRICING = "pricing", _("Discounts and volume")
    ENGINEERING = "engineering", _("Engineering, for demos")


class Presence(models.TextChoices):
    ONLINE = "online", _("Here")
    OFFLINE = "offline", _("Not here")


class PresenceCause(models.TextChoices):
    SELF = "self", _("The switch")
    PASSED = "passed", _("Two offers went unanswered")
    SHIFT = "shift", _("The end of working hours")
    MANAGER = "manager", _("A manager")


class Rep(models.Model):
    """Somebody who answers hand-raises: a member of staff with skills, working hours and a switch.

    Lists are codes; an empty one means all. `lines` are product lines' codes, `languages` ISO 639-1.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="rep", verbose_name=_("person"))
    skills = models.JSONField(_("skills"), default=list, blank=True)
    regions = models.JSONField(_("regions"), default=list, blank=True, help_text=_("Empty: all."))
    lines = models.JSONField(_("product lines"), default=list, blank=True, help_text=_("Empty: all."))
    languages = models.JSONField(_("languages"), default=list, blank=True)
    capacity = models.PositiveSmallIntegerField(
        _("capacity"), default=10, help_text=_("Open cases at most; then no offers come.")
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    phone = models.CharField(_("phone"), max_length=40, blank=True, help_text=_("What customers see calling."))
    meeting_url = models.URLField(_("video room"), blank=True)
    calendar_url = models.URLField(
        _("free/busy calendar"), max_length=500, blank=True, help_text=_("An iCal address whose events block call slots.")
    )
    presence = models.CharField(_("presence"), max_length=8, choices=Presence, default=Presence.OFFLINE)
    presence_at = models.DateTimeField(_("since"), null=True, blank=True)
    presence_cause = models.CharField(_("because of"), max_length=8, choices=PresenceCause, blank=True)
    passed_in_a_row = models.PositiveSmallIntegerField(default=0, editable=False)
    left_on = models.DateField(_("left on"), null=True, blank=True, help_text=_("From that day on nothing is offered."))
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("rep")
        verbose_name_plural = _("reps")
        constraints = [
            models.CheckConstraint(condition=Q(presence="offline") | Q(left_on=None), name="rep_who_left_is_offline"),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="rep_has_capacity"),
        ]

    def __str__(self) -> str:
        return self.user.get_short_name()


class WorkingHours(models.Model):
    """A shift of a rep on one weekday, in minutes after midnight where the rep is."""

    rep = models.ForeignKey(Rep, models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(_("weekday"), help_text=_("Monday is 0."))
    starts_minute = models.PositiveSmallIntegerField(_("from"))
    ends_minute = models.PositiveSmallIntegerField(_("until"))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering: ClassVar[list[str]] = ["weekday", "starts_minute"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="shift_on_a_weekday"),
            models.CheckConstraint(
                condition=Q(starts_minute__lt=F("ends_minute"), ends_minute__lte=MINUTES_OF_A_DAY), name="shift_within_its_day"
            ),
            models.UniqueConstraint(fields=["rep", "weekday", "starts_minute"], name="shift_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rep}: {self.weekday} {self.starts_minute}-{self.ends_minute}"


class LeaveKind(models.TextChoices):
    VACATION = "vacation", _("Vacation")
    SICK = "sick", _("Sick leave")
    HOLIDAY = "holiday", _("Public holiday")
    OTHER = "other", _("Other")


class Leave(models.Model):
    """Days off, `[starts_on, ends_on)` where the rep is; `cover` looks after the rep's accounts meanwhile."""

    rep = models.ForeignKey(Rep, models.CASCADE, related_name="leave")
    kind = models.CharField(_("kind"), max_length=8, choices=LeaveKind, default=LeaveKind.VACATION)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("back on"), help_text=_("The first day at work again."))
    cover = models.ForeignKey(Rep, models.SET_NULL, null=True, blank=True, related_name="covers", verbose_name=_("covered by"))

    class Meta:
        verbose_name = _("leave")
        verbose_name_plural = _("leave")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="leave_ends_after_start"),
            models.CheckConstraint(condition=~Q(cover=F("rep")), name="leave_is_covered_by_another"),
        ]

    def __str__(self) -> str:
        return f"{self.rep}: {self.starts_on} to {self.ends_on}"


class RepCalendar(models.Model):
    """What a rep's own calendar (`Rep.calendar_url`) said when it was last read: busy spans as [[from, to], ...] in ISO 8601.

    `failure` says why the latest reading failed; the spans before stay. `due_at` is wall time.
    """

    rep = models.OneToOneField(Rep, models.CASCADE, related_name="calendar")
    spans = models.JSONField(default=list)
    due_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=60, blank=True)
    failed_since = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("calendar of a rep")
        verbose_name_plural = _("calendars of reps")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["due_at"], name="rep_calendar_due")]

    def __str__(self) -> str:
        return str(self.rep)


class RingTest(models.Model):
    """A rep's day: the desk rang once, and the rep heard it, or not yet. `on` is the day where the rep is."""

    rep = models.ForeignKey(Rep, models.CASCADE, related_name="ring_tests")
    on = models.DateField()
    rung_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("test of the ringing")
        verbose_name_plural = _("tests of the ringing")
        constraints = [models.UniqueConstraint(fields=["rep", "on"], name="ring_test_once_a_day")]

    def __str__(self) -> str:
        return f"{self.rep}: {self.on}"


class Pool(models.Model):
    """Reps who take turns for the leads of segments and regions. Empty lists mean all; one pool catches what fits no other."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=60, unique=True)
    segments = models.JSONField(_("segments"), default=list, blank=True, help_text=_("Empty: all."))
    regions = models.JSONField(_("regions"), default=list, blank=True, help_text=_("Empty: all."))
    is_fallback = models.BooleanField(_("catches the rest"), default=False)
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("pool")
        verbose_name_plural = _("pools")
        ordering: ClassVar[list[str]] = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["is_fallback"], condition=Q(is_fallback=True), name="pool_one_fallback"),
            models.CheckConstraint(condition=Q(is_fallback=False) | Q(paused_at=None), name="pool_fallback_never_paused"),
        ]

    def __str__(self) -> str:
        return self.name


class RosterVersion(models.Model):
    """One row, raised by database triggers with each change of pools, reps, hours and leave (presence is none), so that a
    process knows whether what it keeps is still so. With whose transaction it was, as a number may come twice.
    """

    number = models.BigIntegerField(default=0)
    changed_by = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("version of the roster")
        verbose_name_plural = _("versions of the roster")

    def __str__(self) -> str:
        return str(self.number)


class PoolMember(models.Model):
    """A rep in a pool: the weight is the rep's share of its leads against the others'."""

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="members")
    rep = models.ForeignKey(Rep, models.CASCADE, related_name="pools")
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)

    class Meta:
        verbose_name = _("pool member")
        verbose_name_plural = _("pool members")
        constraints = [
            models.UniqueConstraint(fields=["pool", "rep"], name="pool_member_once"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=100), name="pool_member_weight"),
        ]

    def __str__(self) -> str:
        return f"{self.rep}: {self.pool}"
