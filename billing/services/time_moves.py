"""A long way of the sandbox's time, gone by the worker while whoever asked watches how far it is.

Hundreds of customers live through each of its days. One at a time, kept in the cache: it is a demo's alone, and lost with the
worker's queue, which lives there too.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import celery
from django.core.cache import cache
from django.db.models import Max
from kombu.exceptions import OperationalError

from accounts.models import Journal, Organization
from billing.models import StoreTime, Subscription
from billing.rules import intervals
from billing.services import store_time
from config import clock

KEY: Final = "billing:time-move"
TASK: Final = "billing.move_time"
KEPT_SECONDS: Final = 3600
# Days times customers that pass within a request, in two or three seconds.
AT_ONCE: Final = 120
# A year shows a failed payment and how it comes back, too: in a month with room before and behind.
FAILS_IN_MONTH: Final = 4
# So long a year may take: with a whole demo's customers it is minutes.
MOST_SECONDS: Final = 600
# So long without a step: whoever was moving the time is gone.
STILL: Final = timedelta(seconds=45)


@dataclass(frozen=True, kw_only=True)
class Move:
    """From where to where, for whom, since when (wall), and where its beholder goes on afterwards (a path of ours)."""

    organization_id: int | None
    started_at: datetime
    target: datetime
    asked_at: datetime
    after: str
    newest: int
    """The journal's newest row before."""
    ended: str = ""
    """How: done, no_answer of the sandbox, or late: the bound was reached on the way."""
    is_year: bool = False
    """A year of a customer's life, month by month, in which one payment fails. Its story stays on the page at the end."""

    @property
    def stops(self) -> list[datetime]:
        """The ends of the way's months, the last its target."""
        found = [self.started_at]
        while found[-1] < self.target:
            found.append(min(intervals.months_after(self.started_at, len(found)), self.target))
        return found[1:]

    def share(self, now: datetime) -> float:
        """How much of the way is gone at `now` (store time), 0 to 1."""
        way = (self.target - self.started_at) / timedelta(seconds=1)
        return 1.0 if way <= 0 else min(max((now - self.started_at) / timedelta(seconds=1) / way, 0.0), 1.0)


def is_long(to: datetime) -> bool:
    """Whether so much happens until then that nobody should wait for an answer."""
    days = (to - clock.now()) / timedelta(days=1)
    return days * Subscription.objects.live().count() > AT_ONCE


def begin(*, to: datetime, organization: Organization | None, after: str, is_year: bool = False) -> Move:
    """Have the worker go there; the move that is under way, if there is one, whoever asked for it.

    Raises store_time.NoAnswer where no worker can be told.
    """
    move = Move(
        organization_id=organization.pk if organization else None,
        started_at=clock.now(),
        target=to,
        asked_at=clock.wall(),
        after=after,
        newest=Journal.objects.aggregate(id=Max("id"))["id"] or 0,
        is_year=is_year,
    )
    if not cache.add(KEY, move, KEPT_SECONDS):
        return current() or move
    try:
        _tell()
    except store_time.NoAnswer:
        cache.delete(KEY)
        raise
    return move


def current() -> Move | None:
    """The move that is under way, or has ended and nobody has seen its end yet."""
    found = cache.get(KEY)
    return found if isinstance(found, Move) else None


def is_still(move: Move) -> bool:
    """Whether nothing has moved for a while, though the end is not reached."""
    moved_at = StoreTime.objects.filter(pk=1).values_list("moved_at", flat=True).first()
    return not move.ended and clock.wall() - max(moved_at or move.asked_at, move.asked_at) > STILL


def go_on(move: Move) -> None:
    """Tell a worker once more; where one is at work after all, it stays the only one. Raises store_time.NoAnswer."""
    cache.set(KEY, replace(move, asked_at=clock.wall()), KEPT_SECONDS)
    _tell()


def finish(move: Move) -> store_time.Moved:
    """What happened on the way; the next move may begin."""
    cache.delete(KEY)
    return store_time.Moved(started_at=move.started_at, ended_at=clock.now(), facts=facts(move))


def facts(move: Move) -> list[Journal]:
    """What has happened to its organization on the way, oldest first. One query."""
    whose = move.organization_id
    return list(Journal.objects.filter(id__gt=move.newest, organization_id=whose).order_by("id")) if whose else []


def year_from(start: datetime) -> datetime:
    """Where a year ends that begins then."""
    return intervals.end(start, "year")


def carry_out() -> str:
    """Go the whole way: the worker's part, safe to begin twice. Returns how it ended."""
    move = current()
    if move is None or move.ended:
        return ""
    try:
        ended = _walk_a_year(move) if move.is_year else _walk(move)
    except store_time.Busy:
        return "busy"
    except store_time.NoAnswer:
        ended = "no_answer"
    cache.set(KEY, replace(move, ended=ended), KEPT_SECONDS)
    return ended


def _walk(move: Move) -> str:
    if move.target > clock.now():
        store_time.advance(to=move.target)
    return "done"


def _walk_a_year(move: Move) -> str:
    """Month by month, so that one is seen after the other; hundreds of customers may take longer than anybody waits."""
    give_up = time.monotonic() + MOST_SECONDS
    for number, stop in enumerate(move.stops, start=1):
        if stop <= clock.now():
            continue  # gone before, by whoever began
        if time.monotonic() > give_up:
            return "late"
        if number == FAILS_IN_MONTH and move.organization_id is not None:
            store_time.fail_next_payment(Organization.objects.get(pk=move.organization_id))
        store_time.advance(to=stop)
    return "done"


def _tell() -> None:
    try:
        celery.current_app.send_task(TASK, retry=False)
    except OperationalError as error:
        raise store_time.NoAnswer(str(error)) from error
