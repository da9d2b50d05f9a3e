"""What is used of metered features: raised and given back, each by one statement that no other can come between.

Source: docs/decisions/entitlements.md.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db import connection

from accounts.models import Organization
from billing.queries import entitlements
from billing.rules import entitlements as rules
from billing.rules.entitlements import Entitlement, Seat
from billing.services import seen

MOST: Final = 1_000_000_000

# The guard stands in the statement that counts: of two at once, the second looks at what the first has left.
CONSUME: Final = """
INSERT INTO billing_featureusage AS u
    (organization_id, feature, starts_at, ends_at, used, changed, revision, first_used_at, last_used_at)
SELECT %(organization)s, %(feature)s, %(starts_at)s, %(ends_at)s, first.taken, first.taken, 1, %(now)s, %(now)s
FROM (SELECT CASE WHEN %(partly)s THEN LEAST(%(quantity)s::bigint, %(limit)s) ELSE %(quantity)s::bigint END) first (taken)
WHERE %(limit)s::bigint IS NULL OR (first.taken <= %(limit)s AND first.taken > 0)
ON CONFLICT (organization_id, feature, starts_at) DO UPDATE SET
    used = u.used + CASE WHEN %(partly)s THEN LEAST(%(quantity)s::bigint, %(limit)s - u.used) ELSE %(quantity)s::bigint END,
    changed = CASE WHEN %(partly)s THEN LEAST(%(quantity)s::bigint, %(limit)s - u.used) ELSE %(quantity)s::bigint END,
    revision = u.revision + 1, ends_at = excluded.ends_at, last_used_at = excluded.last_used_at
WHERE %(limit)s::bigint IS NULL OR u.used + CASE WHEN %(partly)s THEN 1 ELSE %(quantity)s::bigint END <= %(limit)s
RETURNING used, changed
"""
RELEASE: Final = """
UPDATE billing_featureusage u SET
    used = u.used - LEAST(%(quantity)s::bigint, u.used), changed = -LEAST(%(quantity)s::bigint, u.used),
    revision = u.revision + 1, last_used_at = %(now)s
WHERE u.organization_id = %(organization)s AND u.feature = %(feature)s AND u.starts_at = %(starts_at)s AND u.used > 0
RETURNING used, changed
"""


class OnLimit(StrEnum):
    """What becomes of a quantity that the limit has no room for."""

    REFUSE = "refuse"  # nothing of it is counted
    PARTIAL = "partial"  # what there is room for is
    EXCEED = "exceed"  # all of it is: it was used already


class NotMetered(ValueError):
    """The feature is there, but nobody counts its use."""


@dataclass
class NotEntitled(PermissionError):
    """They may not use the feature at all; `entitlement` says why."""

    entitlement: Entitlement


@dataclass
class LimitReached(ValueError):
    """There is no room for the quantity; `entitlement` says how much there is."""

    entitlement: Entitlement


@dataclass(frozen=True, kw_only=True)
class Counted:
    """`changed` is what was counted: the quantity, what there was room for, or (negative) what was given back."""

    feature: str
    changed: int
    used: int
    limit: int | None
    resets_at: datetime | None

    @property
    def remaining(self) -> int | None:
        return None if self.limit is None else max(self.limit - self.used, 0)


def consume(
    organization: Organization, *, feature: str, quantity: int, member: str = "", on_limit: OnLimit, now: datetime
) -> Counted:
    """Count `quantity` of a metered feature as used, in one statement.

    Raises UnknownFeature, NotMetered, NotEntitled, and LimitReached if nothing was counted.
    """
    found, seats = _metered(organization, feature, member, now)
    if not found.entitled:
        raise NotEntitled(found)
    is_bound = on_limit is not OnLimit.EXCEED
    partly = on_limit is OnLimit.PARTIAL and found.limit is not None
    values = {"quantity": quantity, "limit": found.limit if is_bound else None, "partly": partly}
    counted = _count(CONSUME, organization, found, values, now)
    if counted is None:
        raise LimitReached(entitlements.check(organization, feature=feature, member=member, now=now))
    seen.note([seat.id for seat in seats if seat.last_seen_on != now.date()], now.date())
    return counted


def release(organization: Organization, *, feature: str, quantity: int, now: datetime) -> Counted:
    """Give back up to `quantity` of what was used in this window; never below nought. Raises UnknownFeature, NotMetered."""
    found, _seats = _metered(organization, feature, "", now)
    counted = _count(RELEASE, organization, found, {"quantity": quantity}, now)
    return counted or Counted(feature=feature, changed=0, used=0, limit=rules.limit(found.sources), resets_at=found.resets_at)


def _metered(organization: Organization, feature: str, member: str, now: datetime) -> tuple[Entitlement, tuple[Seat, ...]]:
    answers = entitlements.several(organization.pk, features=[feature], member=member, now=now)
    found = answers.entitlements[0]
    if found.window is None:
        if not found.entitled:
            raise NotEntitled(found)
        raise NotMetered(feature)
    return found, answers.seats


def _count(
    statement: str, organization: Organization, found: Entitlement, values: dict[str, int | bool | None], now: datetime
) -> Counted | None:
    assert found.window is not None
    window = {"starts_at": found.window.starts_at, "ends_at": found.window.ends_at}
    with connection.cursor() as cursor:
        cursor.execute(statement, {"organization": organization.pk, "feature": found.feature, "now": now, **window, **values})
        row = cursor.fetchone()
    if row is None:
        return None
    used, changed = row
    return Counted(
        feature=found.feature, changed=changed, used=used, limit=rules.limit(found.sources), resets_at=found.resets_at
    )
