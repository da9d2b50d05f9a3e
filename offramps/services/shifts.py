"""The ends of shifts: whoever is still on goes off, and what rings there rings at the next. And a test at their begin."""

from datetime import datetime

from django.db import transaction

from accounts.origin import Origin
from accounts.queries import rows
from config import clock, pulse
from offramps.models import Countdown, Offer, OfferOutcome, Presence, PresenceCause, Rep, RingTest
from offramps.queries import ring_tests, roster
from offramps.rules import hours
from offramps.services import presence

ONLINE = "SELECT id, presence_at FROM offramps_rep WHERE presence = 'online' AND presence_at IS NOT NULL"


def drain(now: datetime) -> pulse.Drained:
    """The lane. Shifts are on store time, whatever the wall says."""
    at = clock.now()
    return pulse.Drained(handled=end_all(at))


def end_all(at: datetime) -> int:
    """Switch off everybody whose shift is over. Who came after its end, or has a break of two hours at most, stays."""
    known = roster.roster(at)
    over = [
        rep
        for rep, since in rows.fetch(ONLINE, {})
        if rep in known.hours and not known.is_at_work(rep, at) and hours.has_shift_ended(known.hours[rep], since, at)
    ]
    return sum(_end(rep, at) for rep in over)


def ring_to_test(rep: Rep, at: datetime) -> RingTest:
    """Let the desk ring once, so that the rep knows that a call would be heard. Again on the same day is one row."""
    made, _is_new = RingTest.objects.update_or_create(
        rep=rep, on=ring_tests.day_of(rep, at), defaults={"rung_at": at, "heard_at": None}
    )
    return made


def note_heard(rep: Rep, at: datetime) -> bool:
    """The rep heard it. False: nothing has rung today, or it was said already."""
    rung = RingTest.objects.filter(rep=rep, on=ring_tests.day_of(rep, at), heard_at=None)
    return bool(rung.update(heard_at=at))


def _end(rep_id: int, at: datetime) -> bool:
    """Locks in the order of a countdown's: it, then the rep."""
    with transaction.atomic(durable=True):
        rows_ = Countdown.objects.select_for_update(of=("self",), no_key=True)
        held = rows_.filter(offers__rep=rep_id, offers__outcome="").first()
        rep = Rep.objects.select_for_update(no_key=True).filter(pk=rep_id, presence=Presence.ONLINE).first()
        if rep is None:
            return False
        rings = Offer.objects.filter(countdown=held, rep=rep, outcome="") if held else Offer.objects.none()
        if held is not None and rings.update(outcome=OfferOutcome.WITHDRAWN, outcome_at=at):
            held.offers_ran_until = held.due_at = at
            held.save(update_fields=["offers_ran_until", "due_at"])
        return presence.switch(rep, to=Presence.OFFLINE, cause=PresenceCause.SHIFT, at=at, origin=Origin.system())
