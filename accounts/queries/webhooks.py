"""Webhook endpoints and their log, as pages and programs are shown them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet

from accounts.models import Organization, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret


@dataclass(frozen=True)
class Listed:
    """An endpoint as its owners see it. `state` is enabled, failing (its newest attempts failed), disabled or deleted."""

    endpoint: WebhookEndpoint
    state: str
    overlap_until: datetime | None


def of(organization: Organization | None) -> QuerySet[WebhookEndpoint]:
    """The endpoints of an organization, or, without one, the vendor's own."""
    return WebhookEndpoint.objects.filter(organization=organization, deleted_at=None).select_related("organization")


def state(endpoint: WebhookEndpoint) -> str:
    if endpoint.deleted_at:
        return "deleted"
    if endpoint.disabled_at:
        return "disabled"
    return "failing" if endpoint.failing_since else "enabled"


def listed(organization: Organization | None, wall: datetime) -> list[Listed]:
    """All of them, the newest first, and until when each one's old secret still signs. One query."""
    rows = of(organization).annotate(old_until=Max("secrets__expires_at")).order_by("-pk")
    return [Listed(row, state(row), row.old_until if row.old_until and row.old_until > wall else None) for row in rows]


def log(endpoint: WebhookEndpoint, *, states: Sequence[str] | None = None, kind: str = "") -> QuerySet[WebhookDelivery]:
    """Its deliveries with their events, those of a state or a type alone."""
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).select_related("event", "endpoint")
    rows = rows.filter(state__in=states) if states else rows
    return rows.filter(event__type=kind) if kind else rows


def tries(delivery: WebhookDelivery) -> list[WebhookAttempt]:
    """Every attempt at it, the newest first, those before it was put in line again included."""
    return list(WebhookAttempt.objects.filter(delivery=delivery).order_by("-pk"))


def overlap_until(endpoint: WebhookEndpoint, wall: datetime) -> datetime | None:
    """Until when its old secret still signs; None: it has only one."""
    ends = WebhookSecret.objects.filter(endpoint=endpoint, expires_at__gt=wall).values_list("expires_at", flat=True)
    return ends.first()


def pretty(body: str) -> str:
    """An event's text for people: what is signed has no spaces."""
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


def named(organization: Organization | None) -> dict[str, Any] | None:
    """Whom an event is about, as it says it."""
    if organization is None:
        return None
    return {"id": organization.public_id, "external_id": organization.external_id}
