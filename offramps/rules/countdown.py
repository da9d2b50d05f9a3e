"""The clock of a hand-raise: what is to be done when, from the click to the call.

Offered to one rep at once; at 30 s and 60 s to the next; at 90 s a call slot is held. An offer that was declined is passed on
at once. Accepting is not the promise, the call is: an accepted lead that nobody has called by second 90 has its slot held too
and is offered on, to others, for as long again. All times are store time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Do(StrEnum):
    WAIT = "wait"
    OFFER = "offer"  # to the next rep; an offer that still stands has run out
    HOLD_SLOT = "hold_slot"
    REST = "rest"  # nothing more happens by itself


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The numbers, in seconds: how long an offer stands, by when the call is promised, how soon to look again for somebody."""

    offer: int = 30
    promise: int = 90
    again: int = 5


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a countdown stands. `offer_until` is of the offer that rings now; `offers_ran_until` when the last one was over.

    `is_accepted`: somebody said they call, and still may; `is_offered_on`: somebody had said so and had not called by the
    deadline.
    """

    clicked_at: datetime
    offer_until: datetime | None = None
    offers_ran_until: datetime | None = None
    is_accepted: bool = False
    is_contacted: bool = False
    is_slot_held: bool = False
    is_offered_on: bool = False


@dataclass(frozen=True)
class Next:
    """What to do now; `at` is when to look again (None: never by itself)."""

    do: Do
    at: datetime | None = None


def deadline(clicked_at: datetime, timing: Timing) -> datetime:
    """By when the customer is called, or a slot is held."""
    return clicked_at + timedelta(seconds=timing.promise)


def next_step(standing: Standing, timing: Timing, now: datetime) -> Next:
    due = deadline(standing.clicked_at, timing)
    if standing.is_contacted:
        return Next(Do.REST)
    if now < due:
        return Next(Do.WAIT, due) if standing.is_accepted else _ring(standing, now, due)
    if not standing.is_slot_held:
        return Next(Do.HOLD_SLOT)
    if standing.is_offered_on and not standing.is_accepted and now < due + timedelta(seconds=timing.promise):
        return _ring(standing, now, due + timedelta(seconds=timing.promise))
    return Next(Do.REST)


def offer_until(standing: Standing, timing: Timing, now: datetime) -> datetime:
    """When an offer made now runs out: offers that nobody answers follow each other on the marks of 30 s, however late a
    lane is.
    """
    begins = max(standing.offers_ran_until or standing.clicked_at, now - timedelta(seconds=timing.again))
    ends = begins + timedelta(seconds=timing.offer)
    due = deadline(standing.clicked_at, timing)
    return min(ends, due) if now < due else ends


def look_again_at(standing: Standing, timing: Timing, now: datetime) -> datetime:
    """Nobody can take it: when to look again, the deadline at the latest."""
    again = now + timedelta(seconds=timing.again)
    due = deadline(standing.clicked_at, timing)
    return min(again, due) if now < due else again


def _ring(standing: Standing, now: datetime, due: datetime) -> Next:
    if standing.offer_until is not None and now < standing.offer_until:
        return Next(Do.WAIT, min(standing.offer_until, due))
    return Next(Do.OFFER)
