"""How a hand-raise stands, as the customer is told it: which of a few things is so now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

SOON = timedelta(minutes=15)


class Phase(StrEnum):
    MAIL = "mail"  # answered by mail, with a date
    ANSWERED = "answered"
    RINGING = "ringing"  # within the promised seconds, nobody has said yet that they call
    ACCEPTED = "accepted"  # somebody has, and has to call before the deadline (or, later, before the dated call)
    HOLDING = "holding"  # the seconds are over, and a time is being held this instant
    DATED = "dated"
    DUE = "due"  # it is the time of the dated call
    TALKING = "talking"
    CANCELLED = "cancelled"
    UNDATED = "undated"  # nobody works in all those days


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A hand-raise with its latest call. Names are first names; `call` is "" without a countdown, `slot_state` without a slot.

    `passed` reps did not answer; `accepted_by` said that they call; `slot_by` has the dated call. `phone` and `email` are the
    customer's own: to be masked for whoever has only the link.
    """

    raise_state: str
    closed_at: datetime | None
    answer_on: date
    topic: str
    email: str
    maker: int | None
    zone: str
    channel: str
    phone: str
    call: str = ""
    call_state: str = ""
    clicked_at: datetime | None = None
    deadline_at: datetime | None = None
    accepted_at: datetime | None = None
    contacted_at: datetime | None = None
    is_dated: bool = False
    is_offered_on: bool = False
    missed_because: str = ""
    accepted_by: str = ""
    room: str = ""
    passed: int = 0
    rings: bool = False
    slot: str = ""
    slot_state: str = ""
    slot_at: datetime | None = None
    slot_ends_at: datetime | None = None
    slot_by: str = ""
    slot_room: str = ""
    slots_missed: int = 0

    @property
    def caller(self) -> str:
        """Who calls, or has called; "" while nobody does."""
        return self.accepted_by or self.slot_by


def phase(seen: Progress, now: datetime) -> Phase:
    if not seen.call or seen.call_state in ("contacted", "over"):
        return _ended(seen)
    if seen.slot_state == "held" and seen.slot_at is not None:
        return _dated(seen, seen.slot_at, now)
    if seen.deadline_at is None or now >= seen.deadline_at:
        return Phase.HOLDING
    return Phase.ACCEPTED if seen.call_state == "accepted" else Phase.RINGING


def may_say_talking(seen: Progress, now: datetime) -> bool:
    """Whether the customer is asked to say when they talk: once somebody calls, or nearly."""
    if phase(seen, now) in (Phase.ACCEPTED, Phase.DUE):
        return True
    return seen.slot_state == "held" and seen.slot_at is not None and now >= seen.slot_at - SOON


def _ended(seen: Progress) -> Phase:
    """No call is under way: there was none, or it came to something."""
    if seen.raise_state == "closed":
        return Phase.ANSWERED
    if not seen.call:
        return Phase.MAIL
    if seen.call_state == "contacted":
        return Phase.TALKING
    return Phase.CANCELLED if seen.slot_state == "cancelled" else Phase.UNDATED


def _dated(seen: Progress, at: datetime, now: datetime) -> Phase:
    if seen.accepted_at is not None:
        return Phase.ACCEPTED
    return Phase.DUE if now >= at else Phase.DATED
