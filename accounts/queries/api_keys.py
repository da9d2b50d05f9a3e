"""API keys: the one a request shows, and those of an organization."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models

from accounts.models import ApiKey, Organization
from accounts.rules import keys


@dataclass(frozen=True)
class Listed:
    """A key as its owners see it. `state` is live, ending (a rotation's overlap runs), ended or revoked."""

    key: ApiKey
    state: str


def find(text: str, now: datetime) -> ApiKey | None:
    """The key in force whose text this is, with its organization; None for an unknown, revoked or ended one. One query."""
    parts = keys.parse(text)
    if parts is None:
        return None
    key = ApiKey.objects.select_related("organization").filter(prefix=parts.prefix, revoked_at=None).first()
    if key is None or not keys.matches(parts.secret, key.secret_hash) or not in_force(key, now):
        return None
    return key


def in_force(key: ApiKey, now: datetime) -> bool:
    closed = key.organization is not None and key.organization.closed_at is not None
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now) and not closed


def live(organization: Organization, now: datetime) -> models.QuerySet[ApiKey]:
    """The organization's keys that work at `now`."""
    rows = ApiKey.objects.filter(organization=organization, revoked_at=None)
    return rows.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now))


def listed(organization: Organization, now: datetime) -> list[Listed]:
    """All keys of an organization, those in force first, with their state. One query."""
    rows = ApiKey.objects.filter(organization=organization).select_related("created_by").order_by("-created_at", "-id")
    found = [Listed(key, state(key, now)) for key in rows]
    return sorted(found, key=lambda entry: ("live", "ending", "ended", "revoked").index(entry.state))


def state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is None:
        return "live"
    return "ending" if key.expires_at > now else "ended"


def organization_named(name: str) -> Organization | None:
    """The open organization with this public id, else with this external id (a vendor key's header). One query."""
    rows = Organization.objects.filter(models.Q(public_id=name) | models.Q(external_id=name), closed_at=None)
    return min(rows, key=lambda row: row.public_id != name, default=None)


def organization_of_vendor(external_id: str) -> Organization | None:
    """The open organization with this external id. One query."""
    return Organization.objects.filter(external_id=external_id, closed_at=None).first()
