"""Events that no webhook brought: read from Stripe's list, overlapping, into the same inbox.

Every 2 s where no webhook can reach the store (a laptop with a test key), every 10 minutes where one can: then it repairs what
a lost endpoint missed. The inbox keeps each event once, so reading some twice costs nothing.
"""

import json
import operator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Greatest

from billing import gateway
from billing.models import EventCursor
from billing.rules import stripe_events
from billing.services import inbox
from config import clock, pulse

EAGER = timedelta(seconds=2)
CALM = timedelta(minutes=10)
LEASE = timedelta(seconds=60)
# Events are listed in whole seconds and may appear late: the window reaches back.
OVERLAP = timedelta(minutes=5)
FIRST_LOOK = timedelta(hours=24)
PAGE = 100
MOST_PAGES = 50


def drain(now: datetime) -> pulse.Drained:
    """The pulse's lane: one look at the list when it is due. Returns how many new events were kept."""
    cursor, _new = EventCursor.objects.get_or_create(pk=1, defaults={"due_at": now})
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    if cursor.due_at > now or not EventCursor.objects.filter(free, pk=1, due_at__lte=now).update(lease_until=now + LEASE):
        return pulse.Drained(next_due_at=max(cursor.due_at, now + EAGER))
    every = EAGER if settings.STRIPE_POLL_EVENTS else CALM
    try:
        kept, newest = _read(cursor.seen_up_to or clock.now() - FIRST_LOOK)
    except gateway.GatewayError as error:
        EventCursor.objects.filter(pk=1).update(lease_until=None, due_at=now + every, error=str(error))
        return pulse.Drained(next_due_at=now + every)
    seen = max(filter(None, (cursor.seen_up_to, newest)), default=None)
    EventCursor.objects.filter(pk=1).update(lease_until=None, due_at=now + every, error="", seen_up_to=seen)
    return pulse.Drained(handled=kept, next_due_at=now + every)


def look() -> int:
    """Read the list now, whatever the cursor's turn: for whoever has just moved Stripe's clock. How many events were new."""
    cursor, _new = EventCursor.objects.get_or_create(pk=1, defaults={"due_at": clock.wall()})
    kept, newest = _read(cursor.seen_up_to or clock.now() - FIRST_LOOK)
    if newest is not None:
        EventCursor.objects.filter(pk=1).update(seen_up_to=Greatest(F("seen_up_to"), newest))
    return kept


def _read(seen_up_to: datetime) -> tuple[int, datetime | None]:
    """Walk the list, newest first, down to the overlap; keep what is new, oldest first."""
    params = {
        "created": {"gte": int((seen_up_to - OVERLAP).timestamp())},
        "limit": PAGE,
    }
    found: list[dict[str, Any]] = []
    for types in _chunks(sorted(stripe_events.ALLOWED)):
        found += _pages({**params, "types": types})
    found.sort(key=operator.itemgetter("created"))
    kept = sum(_keep(json.dumps(event)) for event in found)
    newest = datetime.fromtimestamp(found[-1]["created"], UTC) if found else None
    return kept, newest


def _keep(text: str) -> bool:
    return inbox.accept(stripe_events.read(text), body=text, source="poller")


def _pages(params: dict[str, object]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for _page in range(MOST_PAGES):
        events, more = gateway.events({**params, **({"starting_after": found[-1]["id"]} if found else {})})
        found += events
        if not more or not events:
            break
    return found


def _chunks(types: list[str]) -> list[list[str]]:
    """Stripe takes up to 20 types a call."""
    return [types[start : start + 20] for start in range(0, len(types), 20)]
