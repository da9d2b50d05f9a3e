"""The entitlement check in one statement: key, organization, version, subscription, feature and seat.

The vendor's product asks on its users' way, so this is the API's hottest call. It answers only the plain case; whatever is
unusual (no key, a closed organization, an unknown feature, add-ons, exceptions, a missing payment) is None, and
billing.queries.entitlements says what it is.
What was used of a metered feature takes a second one.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from accounts.queries import rows
from accounts.rules import keys
from billing.models import LIVE_STATUSES
from billing.queries import entitlements
from billing.rules import metering
from billing.rules.entitlements import ENTITLED_STATUSES, Entitlement, Reason

# accounts.services.api_keys notes the use of a key once a minute: then the long way is taken.
TOUCHED_WITHIN: Final = timedelta(minutes=1)
SCOPE: Final = "entitlements:read"

KEY: Final = "k.id, k.secret_hash, k.scopes, k.expires_at, k.last_used_at, o.closed_at, o.id, o.public_id, o.external_id"
KEYS: Final = """
FROM accounts_apikey k
JOIN accounts_organization o ON o.id = COALESCE(k.organization_id,
    (SELECT id FROM accounts_organization WHERE public_id = %(name)s),
    (SELECT id FROM accounts_organization WHERE external_id = %(name)s))
"""
# As few joins as will do, the person's only if asked: planning, where statements are not prepared, costs more than running.
ORGANIZATIONS: Final = """
SELECT {key}, {version}, s.status, l.code || '/' || p.code,
       f.had, CASE WHEN f.had ->> 'resets' <> '' THEN s.started_at END,
       CASE WHEN f.had ->> 'resets' <> '' THEN s.period_starts_at END, s.period_ends_at, s.cancel_at, EXISTS (
           SELECT 1 FROM billing_subscriptionaddon e WHERE e.subscription_id = s.id AND e.ended_at IS NULL)
       OR EXISTS (SELECT 1 FROM billing_terms t
           WHERE t.organization_id = o.id AND t.state = 'approved' AND t.kind = 'feature'), {person}
{keys}
JOIN billing_subscription s ON s.organization_id = o.id AND s.status IN ({live})
    AND s.status <> 'past_due' AND s.access = 'full'
JOIN billing_plan p ON p.id = s.plan_id
JOIN billing_productline l ON l.id = s.line_id
CROSS JOIN LATERAL (SELECT jsonb_path_query_first(
    p.features, '$[*] ? (@.code == $code)', jsonb_build_object('code', %(feature)s::text)) AS had OFFSET 0) f
WHERE k.prefix = %(prefix)s AND k.revoked_at IS NULL
LIMIT 2
"""
MEMBERSHIP: Final = """
SELECT m.id FROM accounts_user u
JOIN accounts_membership m ON m.user_id = u.id AND m.organization_id = o.id AND m.left_at IS NULL
WHERE u.external_id = %(member)s OR u.email = lower(%(member)s) LIMIT 1
"""
# The seat; below 0 if its holder was not seen today yet.
SEAT: Final = f"""
SELECT CASE WHEN a.last_seen_on = %(today)s::date THEN a.id ELSE -a.id END FROM billing_seatassignment a
WHERE a.subscription_id = s.id AND a.ended_at IS NULL AND a.membership_id = ({MEMBERSHIP}) LIMIT 1
"""  # noqa: S608 - put together from constants; values are bound
# Written out, so that no list is bound and the index of live ones serves.
LIVE: Final = ", ".join(f"'{status}'" for status in LIVE_STATUSES)
PARTS: Final = {"key": KEY, "keys": KEYS, "live": LIVE, "version": entitlements.VERSION.format(organization="o.id")}
FOR_ALL: Final = ORGANIZATIONS.format(**PARTS, person="NULL, NULL")
FOR_ONE: Final = ORGANIZATIONS.format(**PARTS, person=f"({MEMBERSHIP}), ({SEAT})")
REVISIONS: Final = entitlements.REVISIONS.format(organization="%(organization)s")
_USED: Final = """
SELECT COALESCE((SELECT f.used FROM billing_featureusage f WHERE f.organization_id = %(organization)s
    AND f.feature = %(feature)s AND f.starts_at = %(starts_at)s), 0), {REVISIONS}
"""
USED: Final = _USED.format(REVISIONS=REVISIONS)
CALLERS: Final = f"""
SELECT {KEY}, {PARTS["version"]}, {entitlements.REVISIONS.format(organization="o.id")} {KEYS}
WHERE k.prefix = %(prefix)s AND k.revoked_at IS NULL
"""


@dataclass(slots=True)
class Caller:
    """Who asks about whom: the key, and the organization that it may speak of."""

    key_id: int
    organization_id: int
    public_id: str


@dataclass(slots=True)
class Found:
    """`unseen` is the seat whose holder was not seen today yet; 0: none."""

    caller: Caller
    stamp: entitlements.Stamp
    entitlement: Entitlement
    unseen: int = 0


def answer(text: str, *, name: str, feature: str, member: str, now: datetime) -> Found | None:
    """For the plain case: one subscription, one person at most, a feature that its plan has."""
    parts = keys.parse(text)
    if parts is None or member.isdecimal():
        return None
    values: dict[str, Any] = {
        "prefix": parts.prefix,
        "name": name,
        "member": member,
        "feature": feature,
    }
    found = rows.fetch(FOR_ONE, values | {"today": now.date()}) if member else rows.fetch(FOR_ALL, values)
    if len(found) != 1:
        return None
    row = found[0]
    if not _opens(row, parts.secret, name, now):
        return None
    return _entitlement(row, feature, member, now)


def caller(text: str, *, name: str, now: datetime) -> tuple[Caller, entitlements.Stamp] | None:
    """Who asks, and how the organization's entitlements stand; None for whoever has to be told something. One query."""
    parts = keys.parse(text)
    found = rows.fetch(CALLERS, {"prefix": parts.prefix, "name": name}) if parts else []
    if parts is None or len(found) != 1 or not _opens(found[0], parts.secret, name, now):
        return None
    *_key, version, usage = found[0]
    return _caller(found[0]), entitlements.Stamp(version=version, usage=usage)


def _opens(row: Any, secret: str, name: str, now: datetime) -> bool:
    secret_hash, scopes, expires_at, last_used_at, closed_at, _id, public_id, external_id = row[1:9]
    fresh = last_used_at is not None and now - last_used_at < TOUCHED_WITHIN
    live = closed_at is None and (expires_at is None or expires_at > now)
    named = not name or name in (public_id, external_id)
    return fresh and live and named and SCOPE in scopes and keys.matches(secret, secret_hash)


def _caller(row: Any) -> Caller:
    return Caller(row[0], row[6], row[7])


def _entitlement(row: Any, feature: str, member: str, now: datetime) -> Found | None:
    version, status, plan, found, started_at, starts_at, ends_at, cancel_at, has_more, membership, seat = row[9:]
    if found is None or has_more or status not in ENTITLED_STATUSES or (member and membership is None):
        return None
    reason = Reason.NO_SEAT if member and seat is None else Reason.INCLUDED
    plain = json.loads(found)
    window, used, usage = None, None, 0
    if plain.get("resets"):
        if now >= ends_at:  # renewed, and we have not heard of it yet
            return None
        period = metering.Period(started_at=started_at, starts_at=starts_at, ends_at=ends_at, interval="")
        window = metering.window(plain["resets"], period, now)
        used, usage = rows.fetch(USED, {"organization": row[6], "feature": feature, "starts_at": window.starts_at})[0]
    said = Entitlement(
        feature=feature,
        reason=reason,
        limit=plain.get("limit") if reason is Reason.INCLUDED else None,
        plan=plain.get("part") or plan,  # of a bundle, the plan that brings it
        until=cancel_at or ends_at,
        used=used,
        window=window,
    )
    stamp = entitlements.Stamp(version=version, usage=usage)
    return Found(_caller(row), stamp, said, unseen=-seat if seat and seat < 0 else 0)
