"""One effect for one `Idempotency-Key`: the second request with the same key and body gets the first one's answer.

Source: draft-ietf-httpapi-idempotency-key-header. Kept for 24 hours of wall time; rows, so that every web process knows them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from accounts.models import ApiKey, Organization
from billing.models import IdempotentRequest

KEPT: Final = timedelta(hours=24)
# Longer than any request may take (the gateway gives up after 10 s a call); a process that died holds a key no longer.
LOCKED: Final = timedelta(seconds=60)


class Reused(Exception):
    """The key was used for another request."""


class UnderWay(Exception):
    """The first request with this key has not been answered yet."""


@dataclass(frozen=True)
class Kept:
    """An answer from before."""

    status: int
    body: Any


@dataclass(frozen=True)
class Claim:
    """The right to do it, once. `kept` is set when it was done already."""

    row_id: int
    kept: Kept | None = None


def claim(*, api_key: ApiKey, organization: Organization | None, key: str, fingerprint: str, wall: datetime) -> Claim:
    """Take the key for this request, or find its answer. Raises Reused and UnderWay."""
    IdempotentRequest.objects.filter(api_key=api_key, key=key, created_at__lte=wall - KEPT).delete()
    values = {"organization": organization, "fingerprint": fingerprint, "locked_until": wall + LOCKED, "created_at": wall}
    row, is_new = IdempotentRequest.objects.get_or_create(api_key=api_key, key=key, defaults=values)
    return Claim(row.pk) if is_new else _again(row, fingerprint, wall)


def finish(claimed: Claim, *, status: int, body: Any) -> None:
    """Keep the answer."""
    IdempotentRequest.objects.filter(pk=claimed.row_id).update(status=status, body=body)


def release(claimed: Claim, *, wall: datetime) -> None:
    """Done, but the answer is a secret and not kept: the same request may come again at once, another one is refused."""
    IdempotentRequest.objects.filter(pk=claimed.row_id, status=None).update(locked_until=wall)


def give_up(claimed: Claim) -> None:
    """Nothing was changed: the key is free again."""
    IdempotentRequest.objects.filter(pk=claimed.row_id, status=None).delete()


def purge(wall: datetime) -> int:
    """Forget answers older than 24 hours. Returns how many."""
    return IdempotentRequest.objects.filter(created_at__lte=wall - KEPT).delete()[0]


def _again(known: IdempotentRequest, fingerprint: str, wall: datetime) -> Claim:
    if known.fingerprint != fingerprint:
        raise Reused
    if known.status is not None:
        return Claim(known.pk, Kept(known.status, known.body))
    free = Q(pk=known.pk, status=None, locked_until__lte=wall)
    if IdempotentRequest.objects.filter(free).update(locked_until=wall + LOCKED):
        return Claim(known.pk)
    raise UnderWay
