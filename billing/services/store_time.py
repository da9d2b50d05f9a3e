"""The sandbox's time machine: Stripe's clock and the store's move forward together, one due thing after the other.

Each step is what real time would do: Stripe acts at its instant, the store reaches that instant too, then hears of it. So a
month passed in seconds leaves the same rows as a month waited for. Refused with a live key or with Stripe itself.
"""

import contextlib
import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, models
from django.db.models import F, Q

from accounts.models import Journal, Organization
from billing import gateway, sandbox_control
from billing.models import StoreTime, StripeCommand, StripeObject, Subscription
from billing.queries import store_time as queries
from billing.sandbox_control import NoAnswer, NotASandbox
from billing.services import announcements, people
from billing.services.changes import windows
from billing.services.mirroring import poller
from config import clock, pulse

__all__ = [
    "Busy",
    "Moved",
    "NoAnswer",
    "NotASandbox",
    "advance",
    "after_renewal",
    "fail_next_payment",
    "is_movable",
    "to_renewal",
]

# Stripe keeps a renewal's invoice as a draft for about an hour before it charges.
AFTER_RENEWAL: Final = timedelta(hours=1, minutes=5)
SETTLING_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.02
MOST_AT_ONCE: Final = timedelta(days=400)
# So many due things one by one, of a story that somebody follows: hundreds of customers would take minutes.
MOST_STEPS: Final = 40
# The advisory lock of whoever is moving the time.
LOCK: Final = 7_340_033


class Busy(Exception):
    """Somebody is moving the time right now."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """From where to where, and the journal rows of `organization` that were written on the way, oldest first."""

    started_at: datetime
    ended_at: datetime
    facts: Sequence[Journal]

    @property
    def days(self) -> int:
        return round((self.ended_at - self.started_at) / timedelta(days=1))


def is_movable() -> bool:
    return sandbox_control.is_there()


def advance(*, to: datetime | None = None, by: timedelta | None = None, organization: Organization | None = None) -> Moved:
    """Move the whole store forward to an instant, or by a span. Give one of the two.

    Raises NotASandbox, NoAnswer, Busy, and ValueError for an instant in the past or more than 400 days away.
    """
    if not is_movable():
        raise NotASandbox("Only the sandbox's time can be moved.")
    with _alone():
        started = clock.now()
        target = to if to is not None else started + (by or timedelta())
        if not timedelta() <= target - started <= MOST_AT_ONCE:
            raise ValueError(f"{target.isoformat()} is not within the next {MOST_AT_ONCE.days} days")
        newest = Journal.objects.aggregate(id=models.Max("id"))["id"] or 0
        _settle()  # what happened before belongs to before
        _walk(int(target.timestamp()))
        facts = Journal.objects.filter(id__gt=newest, organization=organization).order_by("id") if organization else ()
        return Moved(started_at=started, ended_at=clock.now(), facts=list(facts))


def to_renewal(organization: Organization) -> Moved:
    """Move to just after the organization's next renewal has been charged. ValueError without a live subscription."""
    return advance(to=after_renewal(organization), organization=organization)


def after_renewal(organization: Organization) -> datetime:
    """Just after the organization's next renewal will have been charged. ValueError without a live subscription."""
    live = Subscription.objects.live().filter(organization=organization).order_by("period_ends_at").first()
    if live is None:
        raise ValueError("There is no subscription that could renew.")
    return max(live.period_ends_at, clock.now()) + AFTER_RENEWAL


def fail_next_payment(organization: Organization) -> None:
    """Have the bank decline the organization's next payment. Raises NotASandbox, NoAnswer."""
    customer = getattr(organization, "customer", None)
    sandbox_control.set_next_payment("declined", customer=customer.stripe_id if customer else None)


def _walk(target: int) -> None:
    """From one due thing to the next; where very many fall due, the rest of the way in equal strides."""
    stride = 0
    for step in itertools.count():
        theirs = sandbox_control.clock()
        if step == MOST_STEPS:
            stride = (target - theirs.now) // MOST_STEPS
        due = min(_next_due(theirs), default=target)
        stop = min(max(due, theirs.now + stride), target)
        _set(sandbox_control.advance_to(max(stop, theirs.now)))
        _settle()
        if stop == target:
            return


def _next_due(theirs: sandbox_control.Clock) -> list[int]:
    """When Stripe, and the store by itself, have something to do next, in whole seconds; what is late is done by any step."""
    ours = (announcements.next_due_at(), windows.next_due_at())
    found = [theirs.next_due] if theirs.next_due is not None else []
    return [*found, *(math.ceil(at.timestamp()) for at in ours if at is not None and at.timestamp() > theirs.now)]


def _set(theirs: sandbox_control.Clock) -> None:
    StoreTime.objects.update_or_create(pk=1, defaults={"offset_seconds": theirs.offset, "moved_at": clock.wall()})
    queries.forget()


def _settle() -> None:
    """Hear everything Stripe has said, then do everything that is due, until both are quiet (or 10 s have passed)."""
    give_up = time.monotonic() + SETTLING_SECONDS
    while True:
        _hear()
        pulse.drain_all()
        people.expire_held_seats(clock.now())
        if not _is_anything_under_way() or time.monotonic() > give_up:
            return
        time.sleep(PAUSE_SECONDS)


def _hear() -> None:
    try:
        poller.look()
    except gateway.GatewayError as error:
        raise NoAnswer(str(error)) from error


def _is_anything_under_way() -> bool:
    """Whether another process holds a lease on what is due: the pulse runs beside us."""
    now = clock.wall()
    objects = StripeObject.objects.filter(Q(due_at__lte=now) | Q(lease_until__gt=now), dirty__gt=F("cleaned"))
    commands = StripeCommand.objects.filter(Q(due_at__lte=now) | Q(lease_until__gt=now), state="open")
    return objects.exists() or commands.exists()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One mover at a time, by a lock of the session: a transaction around calls to Stripe would be refused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Busy("The time is being moved already.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
