"""May an organization, or a person in it, use a feature: by its plan, add-ons, subscription's state and seats."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from accounts.models import Organization
from accounts.queries import policies, rows
from billing.models import LIVE_STATUSES
from billing.queries import catalog
from billing.rules import dunning, metering
from billing.rules import entitlements as rules
from billing.rules.dunning import Access
from billing.rules.entitlements import Entitlement, Reason
from config import clock

__all__ = ["Entitlement", "Reason", "UnknownFeature", "check", "several", "stamp"]

# The longest window that ends is a year; a counter of an older one says nothing any more.
COUNTED_FOR: Final = timedelta(days=370)

PERSON: Final = "m.left_at IS NULL AND (u.external_id = %(member)s OR u.email = lower(%(member)s) OR m.id = %(membership)s)"
_HOLDINGS: Final = """
SELECT l.code || '/' || p.code, p.name, p.features, s.status, s.quantity, s.started_at, s.period_starts_at, s.period_ends_at,
    r.interval, s.cancel_at, s.status = 'paused' AND (s.trial_ends_at IS NULL OR s.converted_at IS NOT NULL),
    (SELECT json_agg(json_build_object('code', l.code || '+' || b.code, 'name', b.name, 'features', b.features,
        'number', e.quantity, 'since', e.added_at) ORDER BY e.id)
    FROM billing_subscriptionaddon e JOIN billing_addon b ON b.id = e.addon_id
    WHERE e.subscription_id = s.id AND e.ended_at IS NULL),
    EXISTS (SELECT 1 FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
        WHERE %(is_personal)s AND m.organization_id = s.organization_id AND {PERSON}), seat.id, seat.last_seen_on,
    s.access, late.started_at, late.reached, late.read_only_at, late.off_at,
    (SELECT json_agg(json_build_object('code', t.public_id, 'value', t.value, 'began_at', t.began_at, 'ends_at', t.ends_at)
        ORDER BY t.id)
    FROM billing_terms t WHERE t.organization_id = s.organization_id AND t.line_id = s.line_id AND t.kind = 'feature'
        AND t.state = 'approved' AND t.began_at IS NOT NULL)
FROM billing_subscription s
JOIN billing_plan p ON p.id = s.plan_id
JOIN billing_productline l ON l.id = s.line_id
JOIN billing_price r ON r.id = s.price_id
LEFT JOIN LATERAL (
    SELECT a.id, a.last_seen_on FROM billing_seatassignment a
    JOIN accounts_membership m ON m.id = a.membership_id JOIN accounts_user u ON u.id = m.user_id
    WHERE %(is_personal)s AND a.subscription_id = s.id AND a.ended_at IS NULL AND {PERSON} LIMIT 1) seat ON TRUE
LEFT JOIN billing_dunningepisode late ON late.subscription_id = s.id AND late.closed_at IS NULL
WHERE s.organization_id = %(organization)s AND (s.status = ANY(%(live)s) OR EXISTS (
    SELECT 1 FROM billing_pilotrun g WHERE g.subscription_id = s.id AND g.ended_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM billing_subscription n
        WHERE n.organization_id = s.organization_id AND n.line_id = s.line_id AND n.status = ANY(%(live)s)))
ORDER BY l.rank, s.id
"""
HOLDINGS: Final = _HOLDINGS.format(PERSON=PERSON)
USED: Final = """
SELECT feature, starts_at, used FROM billing_featureusage
WHERE organization_id = %(organization)s AND (ends_at IS NULL OR starts_at > %(since)s)
"""
# Counted together, both numbers only go up: so does their sum, with each change of either.
VERSION: Final = """
COALESCE((SELECT v.number FROM billing_entitlementversion v WHERE v.organization_id = {organization}), 0)
    + COALESCE((SELECT max(c.number) FROM billing_catalogversion c), 0)
"""
REVISIONS: Final = """
COALESCE((SELECT sum(y.revision) FROM billing_featureusage y WHERE y.organization_id = {organization}), 0)::bigint
"""
STAMP: Final = (
    "SELECT " + VERSION.format(organization="%(organization)s") + ", " + REVISIONS.format(organization="%(organization)s")
)


class UnknownFeature(LookupError):
    """No plan or add-on, on sale or held, has a feature of this code."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """`version` goes up with every change of what the organization is granted, `usage` with every change of its counters."""

    version: int
    usage: int


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The entitlements asked for, and the seats of the person who was named, if somebody was."""

    entitlements: tuple[Entitlement, ...]
    seats: tuple[rules.Seat, ...]


def check(organization: Organization, *, feature: str, member: str = "", now: datetime | None = None) -> Entitlement:
    """Whether the organization has `feature`; with `member` (member id, external id or e-mail), whether that person may use it.

    Of several product lines the one that has the feature answers. Raises UnknownFeature for a code that nothing has.
    """
    return several(organization.pk, features=[feature], member=member, now=now or clock.now()).entitlements[0]


def several(organization_id: int, *, features: Sequence[str], member: str = "", now: datetime) -> Answers:
    """The same of several features, in the order asked for; of none: of all that are had or on sale. One query, two if metered.

    Raises UnknownFeature.
    """
    holdings = _holdings(organization_id, member)
    sold = _on_sale()
    codes = features or list(dict.fromkeys([*rules.codes(holdings), *sold]))
    used = _used(organization_id, now) if any(one.feature.get("resets") for one in _sources(holdings, codes)) else {}
    found = tuple(rules.answer(holdings, code, is_personal=bool(member), used=used, now=now) for code in codes)
    for one in found:
        if not one.sources and one.feature not in sold:
            raise UnknownFeature(one.feature)
    return Answers(entitlements=found, seats=tuple(one.seat for one in holdings if one.seat is not None))


def stamp(organization_id: int) -> Stamp:
    """Read it before the answers: then it is never newer than they are. One query."""
    version, usage = rows.fetch(STAMP, {"organization": organization_id})[0]
    return Stamp(version=version, usage=usage)


def _holdings(organization_id: int, member: str) -> list[rules.Holding]:
    is_id = member.isdecimal() and len(member) < 19
    values = {
        "organization": organization_id,
        "live": list(LIVE_STATUSES),
        "is_personal": bool(member),
        "member": member,
        "membership": int(member) if is_id else 0,
    }
    return [_holding(row) for row in rows.fetch(HOLDINGS, values)]


def _holding(row: Sequence[Any]) -> rules.Holding:
    path, name, features, status, quantity, started_at, starts_at, ends_at, interval, cancel_at, is_pause, added, *person = row
    is_member, seat_id, last_seen_on, access, *missing, agreed = person
    plan = rules.Bringer(kind=rules.SourceKind.PLAN, code=path, name=name, since=started_at, features=json.loads(features))
    return rules.Holding(
        plan=path,
        status=status,
        bringers=(plan, *(_addon(one, quantity) for one in added or ()), *(_agreed(one) for one in agreed or ())),
        period=metering.Period(started_at=started_at, starts_at=starts_at, ends_at=ends_at, interval=interval),
        cancel_at=cancel_at,
        access=Access(access),
        missing=_missing(*missing),
        is_member=is_member,
        seat=rules.Seat(id=seat_id, last_seen_on=last_seen_on) if seat_id is not None else None,
        is_shut=is_pause and not policies.value("billing.pause_reads", clock.now()),
    )


def _missing(since: datetime | None, reached: int, read_only_at: datetime, off_at: datetime) -> dunning.Missing | None:
    if since is None:
        return None
    step = str(dunning.STEPS.get(reached, dunning.Step.FAILED))
    return dunning.Missing(since=since, step=step, read_only_at=read_only_at, off_at=off_at)


def _addon(plain: dict[str, Any], seats: int) -> rules.Bringer:
    return rules.Bringer(
        kind=rules.SourceKind.ADDON,
        code=plain["code"],
        name=plain["name"],
        since=datetime.fromisoformat(plain["since"]).astimezone(UTC),
        features=plain["features"],
        count=seats if plain["number"] is None else plain["number"],
    )


def _agreed(plain: dict[str, Any]) -> rules.Bringer:
    since = datetime.fromisoformat(plain["began_at"]).astimezone(UTC)
    until = datetime.fromisoformat(plain["ends_at"]).astimezone(UTC)
    return rules.excepted(plain["code"], plain["value"], since=since, until=until)


def _sources(holdings: Iterable[rules.Holding], codes: Iterable[str]) -> Iterable[rules.Source]:
    return (source for holding in holdings for code in codes for source in holding.sources(code))


def _used(organization_id: int, now: datetime) -> dict[tuple[str, datetime], int]:
    found = rows.fetch(USED, {"organization": organization_id, "since": now - COUNTED_FOR})
    return {(feature, starts_at): used for feature, starts_at, used in found}


def _on_sale() -> dict[str, None]:
    """Every feature's code, in the catalog's order."""
    lines = catalog.on_sale().lines
    planned = (feature for line in lines for plan in line.plans for feature in plan.features)
    added = (feature for line in lines for addon in line.addons for feature in addon.features)
    return {feature.code: None for feature in (*planned, *added)}
