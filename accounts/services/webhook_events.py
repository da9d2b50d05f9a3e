"""What is told to webhook endpoints: an event once, and a delivery of it for each endpoint that wants to hear of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import (
    DeliveryState,
    Organization,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookType,
)
from accounts.models.organization import new_public_id
from accounts.queries import policies

# Of the API, whose shapes the data has (billing.api.versions; a test holds the two together).
VERSION: Final = "2026-03-01"
FORGOTTEN_AT_ONCE: Final = 1_000
REPLAYED: Final = """
INSERT INTO accounts_webhookdelivery AS d
    (public_id, endpoint_id, event_id, state, due_at, attempts, failure, fence, created_at)
SELECT translate(substr(md5(random()::text || e.id), 1, 16), '01', 'xy'), %(endpoint)s, e.id, 'due', %(now)s, 0, '', 0, %(now)s
FROM accounts_webhookevent e
WHERE e.occurred_at >= %(since)s AND e.type <> 'webhook.ping'
    AND (%(organization)s::bigint IS NULL OR e.organization_id = %(organization)s)
    AND (cardinality(%(types)s::text[]) = 0 OR e.type = ANY(%(types)s))
ON CONFLICT (endpoint_id, event_id) DO UPDATE
    SET state = 'due', due_at = %(now)s, attempts = 0, concluded_at = NULL
    WHERE d.state = 'held' OR d.state = 'failed' OR (d.state = 'delivered' AND %(all)s)
"""


@dataclass(frozen=True, kw_only=True)
class News:
    """Something to tell. `source` names its cause, so that it is told once; `at` is store time."""

    type: WebhookType
    organization: Organization | None
    source: str
    data: Mapping[str, Any]
    at: datetime


def listeners(organizations: Iterable[int]) -> list[WebhookEndpoint]:
    """The endpoints, also the disabled ones, that hear of these organizations; the vendor's own hear of all. One query."""
    mine = Q(organization__in=list(organizations)) | Q(organization=None)
    return list(WebhookEndpoint.objects.filter(mine, deleted_at=None).order_by("pk"))


def wants(endpoint: WebhookEndpoint, kind: str, organization_id: int | None, at: datetime) -> bool:
    """Whether it is told of this type of events of this organization: of what happens from when it was made on."""
    is_theirs = endpoint.organization_id is None or endpoint.organization_id == organization_id
    return is_theirs and (not endpoint.types or kind in endpoint.types) and at >= endpoint.created_at


def publish(news: Sequence[News], listening: Sequence[WebhookEndpoint], *, wall: datetime) -> int:
    """Write events and their deliveries, in the caller's transaction; what was told before is left out. Returns how many."""
    wanted = {one.source: [end for end in listening if wants(end, one.type, _id(one), one.at)] for one in news}
    made = [_event(one, wall) for one in news if wanted[one.source]]
    WebhookEvent.objects.bulk_create(made, ignore_conflicts=True)
    ids = [event.public_id for event in made]
    written = list(WebhookEvent.objects.filter(public_id__in=ids).order_by("pk"))
    WebhookDelivery.objects.bulk_create(
        [_delivery(end, event, wall) for event in written for end in wanted[event.source]], ignore_conflicts=True
    )
    return len(written)


def replay(endpoint: WebhookEndpoint, *, since: datetime, with_delivered: bool, wall: datetime) -> int:
    """Put what happened since `since` (store time) in line for an endpoint, in the caller's transaction. Returns how many.

    What waits already goes on waiting; what was taken is sent again only `with_delivered`. Under the webhook-ids it had.
    """
    values = {
        "endpoint": endpoint.pk,
        "organization": endpoint.organization_id,
        "types": endpoint.types,
        "since": since,
        "all": with_delivered,
        "now": wall,
    }
    with connection.cursor() as cursor:
        cursor.execute(REPLAYED, values)
        return int(cursor.rowcount)


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(endpoint=endpoint)


def forget(wall: datetime) -> int:
    """Delete events older than they are kept, with deliveries and attempts; then endpoints deleted that long ago."""
    before = wall - timedelta(seconds=policies.value("accounts.webhook_kept_seconds", at=wall))
    gone = 0
    while True:
        old = WebhookEvent.objects.filter(created_at__lt=before).order_by("created_at")
        ids = list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
        if not ids:
            break
        WebhookEvent.objects.filter(pk__in=ids).delete()
        gone += len(ids)
    WebhookEndpoint.objects.filter(deleted_at__lt=before).delete()
    return gone


def _event(news: News, wall: datetime) -> WebhookEvent:
    said = {
        "type": news.type.value,
        "timestamp": news.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "api_version": VERSION,
        "data": news.data,
    }
    return WebhookEvent(
        public_id=f"msg_{new_public_id()}",
        organization=news.organization,
        type=news.type,
        source=news.source,
        body=json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")),
        occurred_at=news.at,
        created_at=wall,
    )


def _delivery(endpoint: WebhookEndpoint, event: WebhookEvent, wall: datetime) -> WebhookDelivery:
    state = DeliveryState.HELD if endpoint.disabled_at else DeliveryState.DUE
    return WebhookDelivery(endpoint=endpoint, event=event, state=state, due_at=wall, created_at=wall)


def _id(news: News) -> int | None:
    return news.organization.pk if news.organization else None
