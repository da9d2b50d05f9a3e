"""The roster: who is a rep, with what skills, hours and leave. What a change makes impossible is dated or offered anew."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.origin import Origin
from accounts.services import journal
from offramps.models import CallSlot, Leave, LeaveKind, Presence, PresenceCause, Rep, SlotState, WorkingHours
from offramps.queries import roster
from offramps.rules import hours
from offramps.rules.hours import Shift, Span
from offramps.services import calendars, reassigning

LANGUAGE_LENGTH = 2


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a rep can do and how to be reached. Lists are codes; regions and lines: an empty one means all."""

    skills: Sequence[str] = ()
    regions: Sequence[str] = ()
    lines: Sequence[str] = ()
    languages: Sequence[str] = ("en",)
    capacity: int = 10
    time_zone: str = "UTC"
    phone: str = ""
    meeting_url: str = ""
    calendar_url: str = ""


def make_rep(user: User, *, profile: Profile, at: datetime, origin: Origin) -> Rep:
    """Make a member of staff a rep, without hours and in no pool yet. Somebody who left before is one again.

    Raises ValidationError: not staff, a rep already, or what `profile` lacks.
    """
    _check(profile)
    if not (user.is_staff and user.is_active):
        raise ValidationError({"user": _("Only staff can be reps: give them access first, on the person's page.")})
    values = _values(profile)
    try:
        with transaction.atomic(durable=True):
            rep = Rep.objects.select_for_update().filter(user=user).exclude(left_on=None).first()
            if rep is None:
                rep = Rep.objects.create(user=user, created_at=at, **values)
            else:
                Rep.objects.filter(pk=rep.pk).update(left_on=None, **values)
                rep.refresh_from_db()
            calendars.begin(rep, url=profile.calendar_url)
            _tell("offramps.rep.made", rep, at, origin)
    except IntegrityError as error:
        raise ValidationError({"user": _("%(name)s is a rep already.") % {"name": user}}) from error
    roster.forget()
    return rep


def change(rep: Rep, *, profile: Profile, at: datetime, origin: Origin) -> None:
    """Other skills, regions, capacity, ways to be reached. Raises ValidationError."""
    _check(profile)
    values = _values(profile)
    with transaction.atomic(durable=True):
        current = Rep.objects.select_for_update(no_key=True).get(pk=rep.pk)
        changed = sorted(name for name, value in values.items() if getattr(current, name) != value)
        if changed:
            Rep.objects.filter(pk=rep.pk).update(**values)
            if "calendar_url" in changed:
                calendars.begin(rep, url=profile.calendar_url)
            _tell("offramps.rep.changed", rep, at, origin, changed=changed)
    roster.forget()


def set_hours(rep: Rep, *, shifts: Sequence[Shift], at: datetime, origin: Origin) -> None:
    """The week's working hours, replacing those before. Calls dated in hours that are gone are dated anew."""
    with transaction.atomic(durable=True):
        Rep.objects.select_for_update(no_key=True).get(pk=rep.pk)
        WorkingHours.objects.filter(rep=rep).delete()
        WorkingHours.objects.bulk_create(
            WorkingHours(rep=rep, weekday=one.weekday, starts_minute=one.starts, ends_minute=one.ends)
            for one in sorted(set(shifts))
        )
        minutes = sum(one.ends - one.starts for one in set(shifts))
        _tell("offramps.rep.hours_set", rep, at, origin, minutes=minutes)
    _date_anew(rep, at, origin)


def add_leave(
    rep: Rep, *, kind: LeaveKind, starts_on: date, ends_on: date, cover: Rep | None, at: datetime, origin: Origin
) -> Leave:
    """Days off, `ends_on` the first day back. Calls dated in them are dated anew. Raises ValidationError."""
    if ends_on <= starts_on:
        raise ValidationError({"ends_on": _("The first day back has to come after the first day off.")})
    if cover is not None and (cover.pk == rep.pk or cover.left_on is not None):
        raise ValidationError({"cover": _("Somebody else who works here covers for them.")})
    with transaction.atomic(durable=True):
        Rep.objects.select_for_update(no_key=True).get(pk=rep.pk)
        others = Leave.objects.filter(rep=rep, starts_on__lt=ends_on, ends_on__gt=starts_on)
        if others.exists():
            raise ValidationError({"starts_on": _("Some of these days are off already: take that back first.")})
        leave = Leave.objects.create(rep=rep, kind=kind, starts_on=starts_on, ends_on=ends_on, cover=cover)
        _tell("offramps.rep.leave_added", rep, at, origin, starts_on=starts_on, ends_on=ends_on)
    _date_anew(rep, at, origin)
    return leave


def take_leave_back(leave: Leave, *, at: datetime, origin: Origin) -> None:
    """They are at work after all. Twice is once."""
    with transaction.atomic(durable=True):
        deleted, _each = Leave.objects.filter(pk=leave.pk).delete()
        if deleted:
            days = {"starts_on": leave.starts_on, "ends_on": leave.ends_on}
            _tell("offramps.rep.leave_taken_back", leave.rep, at, origin, **days)
    roster.forget()


def switch_off(rep: Rep, at: datetime) -> None:
    """Nothing rings at whoever has left. Call inside a transaction."""
    Rep.objects.filter(pk=rep.pk).update(
        presence=Presence.OFFLINE, presence_at=at, presence_cause=PresenceCause.MANAGER, left_on=at.date()
    )


def calls_outside_hours(rep: Rep, at: datetime) -> list[CallSlot]:
    """Dated calls of the rep that now lie outside working hours."""
    theirs = roster.roster(at).hours.get(rep.pk)
    ahead = CallSlot.objects.filter(rep=rep, state=SlotState.HELD, starts_at__gt=at).select_related("countdown")
    if theirs is None:
        return list(ahead)
    return [slot for slot in ahead if not _fits(theirs, Span(slot.starts_at, slot.ends_at))]


def _date_anew(rep: Rep, at: datetime, origin: Origin) -> None:
    roster.forget()
    for slot in calls_outside_hours(rep, at):
        reassigning.date_anew(slot.countdown_id, at=at, origin=origin)


def _fits(theirs: hours.Hours, call: Span) -> bool:
    return any(
        span.starts_at <= call.starts_at and call.ends_at <= span.ends_at
        for span in hours.spans(theirs, call.starts_at, call.ends_at)
    )


def _check(profile: Profile) -> None:
    if profile.time_zone not in available_timezones():
        raise ValidationError({"time_zone": _("Choose a time zone such as Europe/Berlin.")})
    if profile.capacity < 1:
        raise ValidationError({"capacity": _("At least one open case.")})
    calendars.check(profile.calendar_url)
    if any(len(code) != LANGUAGE_LENGTH or not code.isalpha() for code in profile.languages):
        raise ValidationError({"languages": _("Codes of two letters, with commas: en, de.")})


def _values(profile: Profile) -> dict[str, object]:
    return {name: list(value) if isinstance(value, tuple | list) else value for name, value in asdict(profile).items()}


def _tell(kind: str, rep: Rep, at: datetime, origin: Origin, **more: object) -> None:
    journal.append(kind=kind, organization=None, at=at, origin=origin, data={"rep": rep.public_id, **more})
