"""The lane that sends webhooks: claimed under a lease with a fencing token, called by a crew of threads, recorded one by one.

At least once: a process that dies between the answer and our record of it leaves a delivery that is sent again, under the same
webhook-id. No order is promised. Threads only call; everything about rows is done by the lane's own thread, so that a slow
server holds a thread and not a connection to the database, and a dead one takes none of the others' turns: each endpoint has a
few calls at a time, one that fails has one.
"""

import functools
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from django.db import connection, transaction
from django.db.models import F, Q
from standardwebhooks import Webhook

from accounts import webhook_calls
from accounts.models import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookStop
from accounts.origin import Origin, Source
from accounts.queries import policies
from accounts.rules import webhook_retries
from accounts.services import webhook_endpoints, webhook_notices
from accounts.webhook_calls import Answer, Failure
from config import clock, pulse

LEASE: Final = timedelta(seconds=30)
CREW: Final = 16
# So many of the crew at most wait for servers that took nothing last time: however many are dead, the others go on.
DOUBTFUL: Final = CREW // 2
TURN_SECONDS: Final = 0.25
FAILURES_LEAST: Final = 5
SEEN_EVERY: Final = timedelta(minutes=1)
# Endpoints with something in line are found by jumping along the index, one probe each, however much waits for one of them.
DUE: Final = """
WITH RECURSIVE waiting AS (
    (SELECT endpoint_id FROM accounts_webhookdelivery WHERE state = 'due' ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.endpoint_id FROM accounts_webhookdelivery d
        WHERE d.state = 'due' AND d.endpoint_id > w.endpoint_id ORDER BY d.endpoint_id LIMIT 1)
    FROM waiting w WHERE w.endpoint_id IS NOT NULL
)
SELECT next.id, e.failing_since IS NOT NULL FROM waiting w
JOIN accounts_webhookendpoint e ON e.id = w.endpoint_id AND e.disabled_at IS NULL AND e.deleted_at IS NULL
    AND (e.rests_until IS NULL OR e.rests_until <= %(now)s)
    AND NOT EXISTS (SELECT 1 FROM accounts_organization o WHERE o.id = e.organization_id AND o.closed_at IS NOT NULL)
CROSS JOIN LATERAL (
    SELECT d.id, d.due_at, row_number() OVER (ORDER BY d.due_at, d.id) AS place FROM accounts_webhookdelivery d
    WHERE d.endpoint_id = e.id AND d.state = 'due' AND d.due_at <= %(now)s
        AND (d.lease_until IS NULL OR d.lease_until <= %(now)s)
    ORDER BY d.due_at, d.id
    LIMIT greatest(0, CASE WHEN e.failing_since IS NULL THEN %(each)s ELSE 1 END - (
        SELECT count(*) FROM accounts_webhookdelivery l
        WHERE l.endpoint_id = e.id AND l.state = 'due' AND l.lease_until > %(now)s))
) next
ORDER BY e.failing_since IS NOT NULL, next.place, next.due_at, next.id LIMIT %(free)s
"""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A delivery that is ours until its lease ends, and what is sent."""

    delivery: int
    endpoint: int
    fence: int
    attempts: int
    url: str
    message_id: str
    body: bytes
    secrets: tuple[str, ...]
    is_failing: bool


_turn = threading.Lock()
_calls: dict[Future[Answer], Claim] = {}


def drain(now: datetime) -> pulse.Drained:
    """Send what is due at wall time `now`. It comes back while calls are under way; the next turn books them."""
    if not _turn.acquire(blocking=False):
        return pulse.Drained()
    try:
        booked = _book(now)  # what came back meanwhile, before a lease of it could be claimed anew
        claimed = _claim(now, CREW - len(_calls)) if len(_calls) < CREW else []
        for claim in claimed:
            _calls[_crew().submit(_call, claim, clock.wall())] = claim
        if _calls:
            wait(_calls, timeout=TURN_SECONDS, return_when=FIRST_COMPLETED)
        handled = booked + len(claimed) + _book(now) or int(bool(_calls))
    finally:
        _turn.release()
    # The first wait of a retry is longer than a lane is ever idle, so there is no need to say when the next is due.
    return pulse.Drained(handled=handled)


def drain_whole(until: Callable[[], bool]) -> int:
    """Turns until nothing is left to do or `until` says enough: for a process that comes by only now and then."""
    total = 0
    while handled := drain(clock.wall()).handled:
        total += handled
        if until():
            break
    return total


def _book(now: datetime) -> int:
    """Book the calls that have come back."""
    done = [call for call in _calls if call.done()]
    for call in done:
        _record(_calls.pop(call), call.result(), now)
    return len(done)


def headers(claim: Claim, at: datetime) -> dict[str, str]:
    """What the specification asks for: id, time, and a signature for each secret in force, the newest first."""
    said = claim.body.decode()
    signed = [Webhook(secret).sign(claim.message_id, at.astimezone(UTC), said) for secret in claim.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Storefront-Webhooks/1",
        "webhook-id": claim.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }


@functools.cache
def _crew() -> ThreadPoolExecutor:
    """Made on first use, so that a process which forks afterwards has none of another's threads."""
    return ThreadPoolExecutor(max_workers=CREW, thread_name_prefix="webhook")


def _call(claim: Claim, at: datetime) -> Answer:
    if not claim.secrets:
        return Answer(failure=Failure.UNREADABLE)
    return webhook_calls.post(claim.url, headers(claim, at), claim.body)


def _claim(now: datetime, free: int) -> list[Claim]:
    values = {"now": now, "free": free, "each": policies.value("accounts.webhook_calls_at_once", at=now)}
    with connection.cursor() as cursor:
        cursor.execute(DUE, values)
        due_rows = cursor.fetchall()
    most_doubtful = max(0, DOUBTFUL - sum(one.is_failing for one in _calls.values()))
    doubtful = [pk for pk, is_failing in due_rows if is_failing][:most_doubtful]
    found = [pk for pk, is_failing in due_rows if not is_failing] + doubtful
    if not found:
        return []
    with transaction.atomic():  # what was found is looked at again under its lock
        free_rows = Q(lease_until=None) | Q(lease_until__lte=now)
        due = WebhookDelivery.objects.filter(free_rows, pk__in=found, state=DeliveryState.DUE)
        ids = list(due.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True))
        mine = WebhookDelivery.objects.filter(pk__in=ids)
        mine.update(lease_until=now + LEASE, fence=F("fence") + 1, attempts=F("attempts") + 1)
        rows = list(mine.select_related("endpoint", "event").order_by("due_at", "pk"))
    known = webhook_endpoints.secrets_in_force([row.endpoint_id for row in rows], now)
    return [_claimed(row, known.get(row.endpoint_id, [])) for row in rows]


def _claimed(row: WebhookDelivery, secrets: list[str]) -> Claim:
    return Claim(
        delivery=row.pk,
        endpoint=row.endpoint_id,
        fence=row.fence,
        attempts=row.attempts,
        url=row.endpoint.url,
        message_id=row.event.public_id,
        body=row.event.body.encode(),
        secrets=tuple(secrets),
        is_failing=row.endpoint.failing_since is not None,
    )


def _record(claim: Claim, answer: Answer, now: datetime) -> None:
    """Book how a call went, unless the lease has passed to somebody else meanwhile. The endpoint first, as everywhere."""
    is_taken = answer.status is not None and webhook_retries.is_taken(answer.status)
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=claim.endpoint).first()
        mine = WebhookDelivery.objects.filter(pk=claim.delivery, fence=claim.fence, state=DeliveryState.DUE)
        if endpoint is None or not mine.update(**_outcome(claim, answer, now, is_taken=is_taken)):
            return
        WebhookAttempt.objects.create(
            delivery_id=claim.delivery,
            at=now,
            duration_ms=answer.duration_ms,
            status=answer.status,
            failure=answer.failure,
            detail=answer.detail[:200],
            text=answer.text,
        )
        if is_taken:
            _succeeded(endpoint, now)
        else:
            log.info("webhook_failed", delivery=claim.delivery, attempt=claim.attempts, failure=answer.failure or answer.status)
            _failed(endpoint, answer, now)


def _outcome(claim: Claim, answer: Answer, now: datetime, *, is_taken: bool) -> dict[str, object]:
    said = {"status": answer.status, "failure": answer.failure, "lease_until": None}
    if is_taken:
        return said | {"state": DeliveryState.DELIVERED, "concluded_at": now}
    wait_for = webhook_retries.wait(claim.attempts, secrets.randbelow(100))
    if wait_for is None or answer.status == webhook_retries.GONE:
        return said | {"state": DeliveryState.FAILED, "concluded_at": now}
    rest = webhook_retries.rest(answer.status or 0, answer.retry_after, now)
    return said | {"due_at": now + max(wait_for, rest or timedelta())}


def _succeeded(endpoint: WebhookEndpoint, now: datetime) -> None:
    if endpoint.failing_since or endpoint.succeeded_at is None or now - endpoint.succeeded_at >= SEEN_EVERY:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
            failing_since=None, failures=0, rests_until=None, succeeded_at=now
        )


def _failed(endpoint: WebhookEndpoint, answer: Answer, now: datetime) -> None:
    asked = webhook_retries.rest(answer.status or 0, answer.retry_after, now) or timedelta()
    since, failures = endpoint.failing_since or now, endpoint.failures + 1
    rest = max(asked, webhook_retries.breather(failures))
    rests_until = max(now + rest, endpoint.rests_until or now) if rest else endpoint.rests_until
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failures=failures, failing_since=since, rests_until=rests_until)
    longest = timedelta(seconds=policies.value("accounts.webhook_failing_seconds", at=now))
    if answer.status == webhook_retries.GONE:
        _disable(endpoint, WebhookStop.GONE)
    elif now - since >= longest and failures >= FAILURES_LEAST:
        _disable(endpoint, WebhookStop.FAILING)


def _disable(endpoint: WebhookEndpoint, stop: WebhookStop) -> None:
    at = clock.now()
    if webhook_endpoints.disable(endpoint=endpoint, origin=Origin(source=Source.SYSTEM), at=at, stop=stop):
        webhook_notices.disabled(endpoint, stop, at=at)
