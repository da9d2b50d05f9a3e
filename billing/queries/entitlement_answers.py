"""The entitlement check in one statement: key, organization, subscription, feature and seat.

The vendor's product asks on its users' way, so this is the API's hottest call. It answers only the plain case; whatever is
unusual (no key, a closed organization, an unknown feature, add-ons) is None, and billing.queries.entitlements says what it is.
"""

import json
from datetime import datetime, timedelta
from typing import Any, Final

from accounts.queries import rows
from accounts.rules import keys
from billing.models import LIVE_STATUSES
from billing.queries.entitlements import ENTITLED_STATUSES, Entitlement, Reason

# accounts.services.api_keys notes the use of a key once a minute: then the long way is taken.
TOUCHED_WITHIN: Final = timedelta(minutes=1)
SCOPE: Final = "entitlements:read"

# As few joins as will do, the person's only if asked: planning, where statements are not prepared, costs more than running.
ORGANIZATIONS: Final = """
SELECT k.id, k.secret_hash, k.scopes, k.expires_at, k.last_used_at, o.closed_at, o.public_id, o.external_id,
       s.status, l.code || '/' || p.code,
       jsonb_path_query_first(p.features, '$[*] ? (@.code == $code)', jsonb_build_object('code', %(feature)s::text)),
       s.period_ends_at, s.cancel_at, EXISTS (
           SELECT 1 FROM billing_subscriptionaddon e WHERE e.subscription_id = s.id AND e.ended_at IS NULL), {person}
FROM accounts_apikey k
JOIN accounts_organization o ON o.id = COALESCE(k.organization_id,
    (SELECT id FROM accounts_organization WHERE public_id = %(name)s),
    (SELECT id FROM accounts_organization WHERE external_id = %(name)s))
JOIN billing_subscription s ON s.organization_id = o.id AND s.status = ANY(%(live)s)
JOIN billing_plan p ON p.id = s.plan_id
JOIN billing_productline l ON l.id = s.line_id
WHERE k.prefix = %(prefix)s AND k.revoked_at IS NULL
LIMIT 2
"""
MEMBERSHIP: Final = """
SELECT m.id FROM accounts_user u
JOIN accounts_membership m ON m.user_id = u.id AND m.organization_id = o.id AND m.left_at IS NULL
WHERE u.external_id = %(member)s OR u.email = lower(%(member)s) LIMIT 1
"""
SEAT: Final = f"""
SELECT a.id FROM billing_seatassignment a
WHERE a.subscription_id = s.id AND a.ended_at IS NULL AND a.membership_id = ({MEMBERSHIP}) LIMIT 1
"""  # noqa: S608 - put together from constants; values are bound
FOR_ALL: Final = ORGANIZATIONS.format(person="NULL, NULL")
FOR_ONE: Final = ORGANIZATIONS.format(person=f"({MEMBERSHIP}), ({SEAT})")


def answer(text: str, *, name: str, feature: str, member: str, now: datetime) -> tuple[int, Entitlement] | None:
    """The key's id and the answer, for the plain case: one subscription, one person at most, a feature that its plan has."""
    parts = keys.parse(text)
    if parts is None or member.isdecimal():
        return None
    values: dict[str, Any] = {
        "prefix": parts.prefix,
        "name": name,
        "member": member,
        "feature": feature,
        "live": list(LIVE_STATUSES),
    }
    found = rows.fetch(FOR_ONE if member else FOR_ALL, values)
    if len(found) != 1:
        return None
    row = found[0]
    if not _opens(row, parts.secret, name, now):
        return None
    return _entitlement(row, feature, member)


def _opens(row: Any, secret: str, name: str, now: datetime) -> bool:
    secret_hash, scopes, expires_at, last_used_at, closed_at, public_id, external_id = row[1:8]
    fresh = last_used_at is not None and now - last_used_at < TOUCHED_WITHIN
    live = closed_at is None and (expires_at is None or expires_at > now)
    named = not name or name in (public_id, external_id)
    return fresh and live and named and SCOPE in scopes and keys.matches(secret, secret_hash)


def _entitlement(row: Any, feature: str, member: str) -> tuple[int, Entitlement] | None:
    status, plan, found, period_ends_at, cancel_at, has_addons, membership, seat = row[8:]
    if found is None or has_addons or status not in ENTITLED_STATUSES or (member and membership is None):
        return None
    reason = Reason.NO_SEAT if member and seat is None else Reason.INCLUDED
    plain = json.loads(found)
    limit = plain.get("limit") if reason is Reason.INCLUDED else None
    plan = plain.get("part") or plan  # of a bundle, the plan that brings it
    return row[0], Entitlement(feature=feature, reason=reason, limit=limit, plan=plan, until=cancel_at or period_ends_at)
