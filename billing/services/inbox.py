"""What Stripe tells us, right under any order, duplication and delay.

Accepting is one statement: the event, once, and a dirty mark on the object it is about. Handling takes the object, not the
event: take its lease, note the mark, fetch it from Stripe *after* that, apply what Stripe says now, and call it clean up to the
mark noted. An event that arrives meanwhile raises the mark again, so the object is fetched again; a burst costs one fetch.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any, Final

import structlog
from django.db import connection, transaction
from django.db.models import F
from django.utils.module_loading import import_string

from accounts.queries import rows
from billing import gateway, gateway_disputes, gateway_refunds, gateway_tax
from billing.models import InboxEvent, StripeObject, Subscription
from billing.rules import stripe_events
from billing.rules.stripe_events import Kind
from billing.services import commands
from config import clock, pulse

LEASE = timedelta(seconds=30)
BATCH = 16
FETCHERS = 8
LONGEST_WAIT = timedelta(hours=1)

# kind -> (how it is fetched, who applies it)
READERS: Final[Mapping[str, tuple[Callable[[str], Any], str]]] = {
    Kind.SUBSCRIPTION: (gateway.subscription, "billing.services.mirroring.mirror.subscription"),
    Kind.INVOICE: (gateway.invoice, "billing.services.mirroring.mirror_invoices.take"),
    Kind.CUSTOMER: (gateway.customer, "billing.services.mirroring.mirror_customers.take"),
    Kind.SESSION: (gateway.session, "billing.services.selling.sessions.apply"),
    Kind.CREDIT_NOTE: (gateway_refunds.credit_note, "billing.services.refunds.credit_notes.take"),
    Kind.CHARGE: (gateway_refunds.refunded, "billing.services.refunds.credit_notes.take_refunded"),
    Kind.DISPUTE: (gateway_disputes.dispute, "billing.services.recovery.disputes.take"),
    Kind.TAX_RATE: (gateway_tax.tax_rate, "billing.services.books.tax_rates.take"),
}

ACCEPT = """
WITH fresh AS (
    INSERT INTO billing_inboxevent (stripe_id, type, object_key, source, payload, created_at, received_at)
    VALUES (%(id)s, %(type)s, %(key)s, %(source)s, %(payload)s::jsonb, %(created)s, %(now)s)
    ON CONFLICT (stripe_id) DO NOTHING RETURNING 1
)
INSERT INTO billing_stripeobject (key, kind, dirty, cleaned, due_at, fence, attempts, error)
SELECT %(key)s, %(kind)s, 1, 0, %(now)s, 0, 0, '' FROM fresh
ON CONFLICT (key) DO UPDATE SET dirty = billing_stripeobject.dirty + 1, due_at = excluded.due_at
RETURNING key
"""

TOUCH = """
INSERT INTO billing_stripeobject (key, kind, dirty, cleaned, due_at, fence, attempts, error)
VALUES (%s, %s, 1, 0, %s, 0, 0, '')
ON CONFLICT (key) DO UPDATE SET dirty = billing_stripeobject.dirty + 1, due_at = excluded.due_at
"""

CLAIM = """
UPDATE billing_stripeobject SET lease_until = %(until)s, fence = fence + 1, attempts = attempts + 1
WHERE key IN (
    SELECT key FROM billing_stripeobject
    WHERE dirty > cleaned AND due_at <= %(now)s AND (lease_until IS NULL OR lease_until < %(now)s)
    ORDER BY due_at, key LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
RETURNING key, kind, dirty, fence, attempts,
    (SELECT max(id) FROM billing_inboxevent WHERE object_key = key AND handled_at IS NULL)
"""

CLAIM_NAMED = """
UPDATE billing_stripeobject SET lease_until = %(until)s, fence = fence + 1, attempts = attempts + 1
WHERE key = %(key)s AND dirty > cleaned
RETURNING key, kind, dirty, fence, attempts,
    (SELECT max(id) FROM billing_inboxevent WHERE object_key = key AND handled_at IS NULL)
"""

CLEAN = """
UPDATE billing_stripeobject SET cleaned = %(seen)s, lease_until = NULL, attempts = 0, error = '', fetched_at = %(now)s
WHERE key = %(key)s AND fence = %(fence)s RETURNING dirty
"""

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Somebody else took the object over while it was being applied: nothing of ours is kept."""


class Overtaken(Exception):
    """The row was written while its object was being fetched (a command ended): what was fetched may be older than the row."""


class CommandUnderWay(Exception):
    """The object belongs to an open command, which must end first: finishing it is how this event is handled."""

    def __init__(self, command_id: int) -> None:
        super().__init__(f"command {command_id} is under way")
        self.command_id = command_id


@dataclass(frozen=True)
class Claimed:
    key: str
    kind: str
    dirty: int
    fence: int
    attempts: int
    newest_event_id: int | None
    row_version: datetime | None = None
    """Of a subscription: when its row was last written, as seen before the fetch."""


def accept(event: stripe_events.Event, *, body: str, source: str) -> bool:
    """Keep one event from Stripe and mark its object. False if it is not one of ours to keep, or is here already.

    `body` is the event's JSON text, stored as it came. One prepared statement that commits by itself: nothing is half kept.
    """
    subject = stripe_events.subject(event)
    if subject is None:
        return False
    values = {
        "id": event.id,
        "type": event.type,
        "key": subject.key,
        "kind": subject.kind.value,
        "source": source,
        "payload": body,
        "created": datetime.fromtimestamp(event.created, UTC),
        "now": clock.wall(),
    }
    return bool(rows.fetch(ACCEPT, values))


def touch(kind: Kind, key: str) -> None:
    """Ask for an object to be read again soon, as if Stripe had spoken of it."""
    with connection.cursor() as cursor:
        cursor.execute(TOUCH, [key, kind.value, clock.wall()])


def retry(key: str) -> None:
    """Try a failed object again now (the admin's button)."""
    StripeObject.objects.filter(pk=key).update(due_at=clock.wall(), attempts=0)


def drain(now: datetime) -> pulse.Drained:
    """The pulse's lane: read dirty objects again and apply them."""
    claimed = _claim(now)
    if not claimed:
        waiting = StripeObject.objects.filter(dirty__gt=F("cleaned"), due_at__gt=now).order_by("due_at")
        return pulse.Drained(next_due_at=waiting.values_list("due_at", flat=True).first())
    claimed = _with_versions(claimed)
    with ThreadPoolExecutor(max_workers=min(FETCHERS, len(claimed))) as fetchers:
        fetches = [fetchers.submit(READERS[one.kind][0], one.key) for one in claimed]
        handled = sum(_handle(one, fetch.result) for one, fetch in zip(claimed, fetches, strict=True))
    return pulse.Drained(handled=handled)


def read_now(*keys: str) -> None:
    """Read the dirty ones of these objects at once, in this order: the page that somebody is sent to next is to be true.

    Call outside a transaction. A lease that somebody has is taken over, as nobody can tell when they will be done. What
    Stripe does not answer is left to the pulse.
    """
    for key in keys:  # one by one: whoever holds two marks at a time may wait for whoever marks them in another order
        for one in _with_versions(_claimed(CLAIM_NAMED, {"until": clock.wall() + LEASE, "key": key})):
            _handle(one, partial(READERS[one.kind][0], one.key))


def _claim(now: datetime) -> list[Claimed]:
    return _claimed(CLAIM, {"until": now + LEASE, "now": now, "limit": BATCH})


def _claimed(statement: str, values: dict[str, Any]) -> list[Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Claimed(*row) for row in cursor.fetchall()]


def _with_versions(claimed: list[Claimed]) -> list[Claimed]:
    """Note, before the fetch, which version of its row each subscription has."""
    keys = [one.key for one in claimed if one.kind == Kind.SUBSCRIPTION]
    if not keys:
        return claimed
    versions = dict(Subscription.objects.filter(stripe_id__in=keys).values_list("stripe_id", "mirrored_at"))
    return [replace(one, row_version=versions.get(one.key)) for one in claimed]


def _handle(one: Claimed, fetched: Callable[[], Any]) -> bool:
    """Apply one object; False when it has to wait."""
    try:
        return _apply(one, fetched())
    except LeaseLost:
        return False
    except Overtaken:
        _release(one, after=timedelta(0), attempts=one.attempts - 1)
    except CommandUnderWay as wait:
        ended = commands.execute(wait.command_id).concluded_at is not None
        _release(one, after=timedelta(0) if ended else timedelta(seconds=1), attempts=one.attempts - 1)
    except gateway.NotFound as error:
        _release(one, after=LONGEST_WAIT, error=f"Stripe does not know it: {error}")
    except Exception as error:
        # Whatever it is, it is kept, shown in the admin and tried again; other objects go on.
        log.exception("inbox_object_failed", key=one.key, kind=one.kind, attempts=one.attempts)
        _release(one, after=min(LONGEST_WAIT, timedelta(seconds=2 ** min(one.attempts, 12))), error=repr(error))
    return False


def _apply(one: Claimed, fetched: Any) -> bool:
    """Rows first, the mark last, as every flow that touches marks locks them: or the two would wait for each other."""
    at = clock.now()
    with transaction.atomic(durable=True):
        if one.kind == Kind.SUBSCRIPTION:
            _check_version(one)
        _applier(one.kind)(fetched, at)
        _mark_handled(one, is_quiet=_clean(one) == one.dirty)
    return True


def _clean(one: Claimed) -> int:
    """Clean up to what was seen; how dirty it is by now. Raises LeaseLost when the lease ran out and somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute(CLEAN, {"key": one.key, "fence": one.fence, "seen": one.dirty, "now": clock.wall()})
        found = cursor.fetchone()
    if found is None:
        raise LeaseLost
    return int(found[0])


def _check_version(one: Claimed) -> None:
    """Under the row's lock. Raises Overtaken when a command wrote the row after our look at it: fetch once more."""
    row = Subscription.objects.locked().filter(stripe_id=one.key)
    if row.values_list("mirrored_at", flat=True).first() != one.row_version:
        raise Overtaken


def _mark_handled(one: Claimed, *, is_quiet: bool) -> None:
    """The events that the fetch covers: all there are, or, if more came since the claim, those seen then."""
    unhandled = InboxEvent.objects.filter(object_key=one.key, handled_at=None)
    if not is_quiet:
        unhandled = unhandled.filter(id__lte=one.newest_event_id or 0)
    unhandled.update(handled_at=clock.wall())


def _release(one: Claimed, *, after: timedelta, error: str = "", attempts: int | None = None) -> None:
    mine = StripeObject.objects.filter(pk=one.key, fence=one.fence)
    count = one.attempts if attempts is None else attempts
    mine.update(lease_until=None, due_at=clock.wall() + after, error=error, attempts=count)


@cache
def _applier(kind: str) -> Callable[[Any, datetime], None]:
    return import_string(READERS[kind][1])  # type: ignore[no-any-return] # a dotted name has no type
