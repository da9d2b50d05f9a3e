"""What somebody who asks for a person now can be promised: nobody is promised a call that no pool on duty will make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from accounts.models import Organization
from accounts.queries import policies
from offramps.models import Lead
from offramps.queries import fit, leads, roster
from offramps.rules import answering, hours, routing, slots
from offramps.rules.qualifying import Verdict


class Promise(StrEnum):
    """The best there is for them; whoever prefers a mail gets one."""

    CALL_NOW = "call_now"  # within the promised seconds
    CALL_DATED = "call_dated"  # nobody who could works right now: a time is held at once
    MAIL = "mail"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who asks for what. `seats` 0: not known; `answers` may say how many people work there; `line` is a line's code."""

    organization: Organization | None
    reason: str
    seats: int = 0
    answers: Mapping[str, Any] = field(default_factory=dict)
    language: str = "en"
    line: str = ""
    email: str = ""


def fits(asking: Asking, at: datetime) -> Verdict:
    """Whether a person, the store, or nobody answers. No query."""
    return fit.verdict(
        organization=asking.organization,
        email=asking.email,
        answers=asking.answers,
        topic=asking.reason,
        seats=asking.seats,
        at=at,
    )


def call_from_seats(at: datetime) -> int:
    """From how many seats on a small company is called too."""
    return int(policies.value("offramps.call_from_seats", at))


def promise(asking: Asking, at: datetime) -> Promise:
    """No query while somebody of the pools is at work, else one; and the roster's, once in a while."""
    segment = leads.segment_of(asking.organization, asking.answers, at)
    from_seats = call_from_seats(at)
    if not answering.may_be_called(reason=asking.reason, segment=segment, seats=asking.seats, call_from_seats=from_seats):
        return Promise.MAIL
    if not fits(asking, at).is_for_a_person:
        return Promise.MAIL
    known, lead = roster.roster(at), _lead(asking, segment)
    people = routing.who_qualify(leads.wants(lead), known.pools.values(), known.reps)
    if known.is_on_duty(people, at):
        return Promise.CALL_NOW
    owners = frozenset(leads.owners(lead, at)).intersection(known.reps)
    if known.is_on_duty(owners, at):
        return Promise.CALL_NOW
    people |= owners
    works_at = hours.next_at_work([known.hours[rep] for rep in people], at)
    if works_at is None or works_at > at + timedelta(days=slots.Wish(zone="UTC").days):
        return Promise.MAIL
    return Promise.CALL_DATED


def _lead(asking: Asking, segment: str) -> Lead:
    """As it would be opened, as far as routing asks."""
    return Lead(
        organization=asking.organization,
        topic=asking.reason,
        segment=segment,
        region=asking.organization.region if asking.organization else "",
        language=asking.language,
        line=asking.line,
    )
