"""A hand-raise and its call, as the customer is told: a heading, what it means, and what happened so far."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config import words
from offramps.rules import progress as rules
from offramps.rules.progress import Phase, Progress

# How soon, in ms, a page asks again; 0: never.
QUICK, SLOW = 1_500, 15_000
EVERY = {Phase.ANSWERED: 0, Phase.RINGING: QUICK, Phase.ACCEPTED: QUICK, Phase.HOLDING: QUICK, Phase.DUE: QUICK}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the page says. `counts_to` is what the countdown runs to, `happened` each step so far."""

    phase: Phase
    heading: str
    lead: str
    every: int
    caller: str
    room: str
    counts_to: datetime | None
    seconds: int
    may_say_talking: bool
    may_move: bool
    happened: list[str]


def told(seen: Progress, now: datetime) -> Told:
    phase = rules.phase(seen, now)
    counts = phase in (Phase.RINGING, Phase.ACCEPTED) and seen.deadline_at is not None and now < seen.deadline_at
    return Told(
        phase=phase,
        heading=_heading(seen, phase),
        lead=_lead(seen, phase, now),
        every=EVERY.get(phase, SLOW),
        caller=seen.caller,
        room=_room(seen, phase),
        counts_to=seen.deadline_at if counts else None,
        seconds=_promised_seconds(seen),
        may_say_talking=rules.may_say_talking(seen, now),
        may_move=seen.slot_state == "held" and seen.slot_at is not None and now < seen.slot_at,
        happened=_happened(seen, phase),
    )


def masked_email(email: str) -> str:
    """Enough to recognize one's own address by, for a page whose link may be passed on."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"


def masked_phone(phone: str) -> str:
    """As `masked_email`: "+49 …56"."""
    return f"{phone[:3].strip()} …{phone[-2:]}" if len(phone) > 5 else "…"


def _promised_seconds(seen: Progress) -> int:
    if seen.clicked_at is None or seen.deadline_at is None:
        return 0
    return int((seen.deadline_at - seen.clicked_at).total_seconds())


def _room(seen: Progress, phase: Phase) -> str:
    if seen.channel != "video" or phase not in (Phase.ACCEPTED, Phase.DUE, Phase.DATED):
        return ""
    return seen.room if phase is Phase.ACCEPTED else seen.slot_room


def _heading(seen: Progress, phase: Phase) -> str:
    if phase is Phase.RINGING:
        return _("We are looking for somebody who calls you")
    if phase is Phase.DATED and seen.slot_at is not None:
        return _("%(name)s calls you on %(when)s") % {"name": seen.slot_by, "when": words.named_moment(seen.slot_at)}
    return {
        Phase.ANSWERED: _("Answered"),
        Phase.ACCEPTED: _("%(name)s calls you now") % {"name": seen.accepted_by},
        Phase.DUE: _("%(name)s calls you now") % {"name": seen.slot_by},
        Phase.HOLDING: _("We hold a time for your call"),
        Phase.TALKING: _("You are in touch with %(name)s") % {"name": seen.caller},
        Phase.CANCELLED: _("The call is cancelled"),
    }.get(phase, _("We have your request"))


def _lead(seen: Progress, phase: Phase, now: datetime) -> str:
    if phase is Phase.ANSWERED and seen.closed_at is not None:
        when = words.moment(seen.closed_at)
        return _("We answered on %(when)s. Look in your mail; if nothing is there, write to us.") % {"when": when}
    if phase is Phase.DATED:
        return f"{_why_dated(seen)} {_how_called(seen)}"
    if phase in (Phase.ACCEPTED, Phase.DUE):
        return _how_called(seen)
    return {
        Phase.RINGING: _("You are called within %(seconds)s seconds; if nobody can, a time is held for you at once.")
        % {"seconds": _promised_seconds(seen)},
        Phase.HOLDING: _("Nobody could call you in time. A moment, and you see when we do."),
        Phase.TALKING: _("Whatever you agree on, your cart is kept, and the store stays open."),
    }.get(phase, _by_mail(seen, now))


def _by_mail(seen: Progress, now: datetime) -> str:
    address = masked_email(seen.email)
    if seen.answer_on < timezone.localdate(now):
        return _("A person answers to %(address)s by mail.") % {"address": address}
    day = words.day_away(seen.answer_on)
    return _("A person answers to %(address)s by mail, by the end of %(day)s.") % {"address": address, "day": day}


def _why_dated(seen: Progress) -> str:
    if seen.slots_missed:
        return _("We did not call when we said we would, and we are sorry. This time is held for you now.")
    if seen.is_dated:
        return _("Nobody is at work right now, so this time is held for you.")
    if seen.is_offered_on and seen.rings:
        return _("We did not call in time, and we are sorry. This time is held for you; somebody may still call before.")
    return _("Nobody could call you in time, and we are sorry. This time is held for you.")


def _how_called(seen: Progress) -> str:
    if seen.channel == "video":
        return _("You meet by video: the link is here, and in your mail.")
    if not seen.phone:
        return _("It is a call by phone.")
    return _("The call comes to %(phone)s.") % {"phone": masked_phone(seen.phone)}


def _happened(seen: Progress, phase: Phase) -> list[str]:
    """From the click on, the latest last; empty where there is no call to tell of."""
    if not seen.call:
        return []
    steps = [_("You asked for a call.")]
    if seen.passed and not seen.slots_missed:
        said = ngettext("%(count)s colleague could not answer.", "%(count)s colleagues could not answer.", seen.passed)
        steps.append(said % {"count": words.number(seen.passed)})
    if seen.accepted_at is not None:
        steps.append(_("%(name)s has your request.") % {"name": seen.accepted_by})
    if seen.missed_because == "not_called":
        steps.append(_("Whoever had your request did not call in time."))
    if seen.contacted_at is not None:
        steps.append(_("%(name)s called.") % {"name": seen.caller})
    elif phase is Phase.RINGING and seen.rings:
        steps.append(_("It rings at a colleague now."))
    return steps
