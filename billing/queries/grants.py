"""What an organization is granted, why and since when, from the standings that its pages have read anyhow."""

from collections.abc import Iterable
from datetime import datetime

from accounts.queries import policies
from billing.queries.overview import Standing
from billing.rules import dunning, entitlements, metering, terms


def of(standings: Iterable[Standing], now: datetime) -> list[entitlements.Entitlement]:
    """Every feature that is had, with its sources, in the order of the plans. No query."""
    found = [one for one in standings if one.row.is_live or one.past_pilot]
    holdings = [_holding(one, now) for one in found]
    used = {(one["feature"], one["starts_at"]): one["used"] for standing in found for one in standing.usages}
    return [entitlements.answer(holdings, code, is_personal=False, used=used, now=now) for code in entitlements.codes(holdings)]


def _holding(standing: Standing, now: datetime) -> entitlements.Holding:
    row = standing.row
    path = f"{row.line.code}/{row.plan.code}"
    plan = entitlements.Bringer(
        kind=entitlements.SourceKind.PLAN, code=path, name=row.plan.name, since=row.started_at, features=row.plan.features
    )
    added = (
        entitlements.Bringer(
            kind=entitlements.SourceKind.ADDON,
            code=f"{row.line.code}+{item.code}",
            name=item.name,
            since=item.added_at or row.started_at,
            features=item.features,
            count=item.quantity(row.quantity),
        )
        for item in standing.held_addons
    )
    agreed = (
        entitlements.excepted(one.public_id, one.value, since=one.starts_at, until=one.ends_at)
        for one in standing.agreed
        if one.kind == terms.Kind.FEATURE and one.is_of_line and one.is_in_force
    )
    return entitlements.Holding(
        plan=path,
        status=row.status,
        bringers=(plan, *added, *agreed),
        period=metering.Period(
            started_at=row.started_at,
            starts_at=row.period_starts_at,
            ends_at=row.period_ends_at,
            interval=row.price.interval,
        ),
        cancel_at=row.cancel_at,
        access=dunning.Access(row.access),
        missing=standing.missing,
        is_shut=standing.is_resting and not policies.value("billing.pause_reads", now),
    )
