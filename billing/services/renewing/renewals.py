"""The sweep that decides which renewals are announced, and which accounts one of us looks at first.

One statement a batch: due rows are claimed under SKIP LOCKED, what each is due for is decided in SQL, the decisions are rows,
unique for a subscription, period and kind, and each subscription is looked at again when its next notice falls due. So any
number of workers may sweep at once, and a year of missed beats is made up for by one decision a subscription: the newest notice
that still makes sense, none after the renewal. Sending is billing.services.renewing.renewal_notices.
"""

import json
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from accounts.models import Segment
from accounts.queries import policies
from billing.models import RenewalWatch

BATCH: Final = 5_000
# Days are added to the present once a batch (`until`), and taken from a renewal only where its notice is still to come. A
# notice is inserted where none is, without the dearer ON CONFLICT: whoever holds the watch's row alone tells of it. Where that
# was due again before this statement saw what had been told, the unique constraint refuses: the batch is decided again.
DECIDE: Final = """
WITH policy AS MATERIALIZED (
    SELECT segment, kept, ends, make_interval(days => first) AS first, make_interval(days => last) AS last,
        make_interval(days => change) AS change, make_interval(days => review) AS review,
        make_interval(days => price) AS price, price > 0 AS has_price, review > 0 AND exceptions AS has_exceptions,
        CASE WHEN review > 0 THEN ARRAY(SELECT jsonb_array_elements_text(tiers)::int) END AS tiers,
        CASE WHEN first > 0 THEN %(now)s + make_interval(days => first) END AS first_until,
        CASE WHEN last > 0 THEN %(now)s + make_interval(days => last) END AS last_until,
        CASE WHEN change > 0 THEN %(now)s + make_interval(days => change) END AS change_until,
        %(now)s + make_interval(days => review) AS review_until
    FROM jsonb_to_recordset(%(policies)s::jsonb) AS p (segment text, first int, last int, change int, review int, tiers jsonb,
        price int, kept int, ends bool, exceptions bool)
), due AS MATERIALIZED (
    SELECT w.ctid AS place, w.subscription_id AS id FROM billing_renewalwatch w WHERE w.due_at <= %(now)s
    ORDER BY w.due_at LIMIT %(batch)s FOR NO KEY UPDATE OF w SKIP LOCKED
), looked AS MATERIALIZED (
    SELECT due.place, s.id, s.period_ends_at AS ends_at, r.interval = 'year' AS is_yearly, o.coverage_tier AS tier,
        s.status IN ('active', 'trialing', 'past_due', 'unpaid', 'paused') AND s.period_ends_at > %(now)s AS is_ahead,
        s.status = 'active' AND s.cancel_at IS NULL AS renews,
        COALESCE(o.coverage_tier = ANY (p.tiers), FALSE) AS is_of_a_tier,
        r.interval = 'year' AND p.has_exceptions AND EXISTS (SELECT 1 FROM billing_terms t
            WHERE t.organization_id = s.organization_id AND t.state = 'approved') AS has_exceptions,
        s.period_ends_at <= p.review_until AS is_review_due, s.period_ends_at <= p.last_until AS is_last_due,
        s.period_ends_at <= p.first_until AS is_first_due, s.period_ends_at <= p.change_until AS is_change_due,
        CASE WHEN r.interval = 'year' THEN LEAST(
            CASE WHEN s.period_ends_at > p.first_until THEN s.period_ends_at - p.first END,
            CASE WHEN s.period_ends_at > p.last_until THEN s.period_ends_at - p.last END)
            WHEN s.period_ends_at > p.change_until THEN s.period_ends_at - p.change END AS notice_at,
        CASE WHEN s.period_ends_at > p.review_until THEN s.period_ends_at - p.review END AS review_at,
        CASE WHEN r.retired_at IS NOT NULL AND p.has_price THEN (
            SELECT s.period_ends_at - p.price
            WHERE s.period_ends_at >= r.retired_at + make_interval(days => p.kept)
            AND s.period_ends_at > %(now)s + COALESCE(NULLIF(p.last, interval '0'), interval '7 days')
            AND (p.ends OR EXISTS (SELECT 1 FROM billing_price n JOIN billing_plan l ON l.id = n.plan_id
                WHERE n.plan_id = r.plan_id AND n.interval = r.interval AND n.currency = r.currency
                AND n.retired_at IS NULL AND l.withdrawn_at IS NULL))
            AND NOT EXISTS (SELECT 1 FROM billing_pricemove m WHERE m.subscription_id = s.id
                AND (m.period_ends_at = s.period_ends_at
                    OR m.price_before_id = r.id AND m.state IN ('open', 'stayed') AND NOT p.ends))
            AND NOT EXISTS (SELECT 1 FROM billing_scheduledchange c
                WHERE c.subscription_id = s.id AND c.state = 'pending' AND c.kind = 'plan')
            AND NOT EXISTS (SELECT 1 FROM billing_terms h WHERE h.organization_id = s.organization_id
                AND h.line_id = s.line_id AND h.state = 'approved' AND h.kind = 'price_hold'
                AND h.starts_at <= s.period_ends_at AND h.ends_at > s.period_ends_at)) END AS price_at
    FROM due JOIN billing_subscription s ON s.id = due.id
    JOIN billing_price r ON r.id = s.price_id
    LEFT JOIN accounts_organizationprofile o ON o.organization_id = s.organization_id
    JOIN policy p ON p.segment = COALESCE(o.segment, '')
), decided AS (
    SELECT place, id, ends_at, tier, has_exceptions,
        is_ahead AND is_yearly AND (is_of_a_tier OR has_exceptions) AND is_review_due AS is_reviewed,
        CASE WHEN NOT is_ahead OR NOT renews THEN NULL
            WHEN price_at <= %(now)s THEN 'price'
            WHEN is_yearly AND is_last_due THEN 'last'
            WHEN is_yearly AND is_first_due THEN 'first'
            WHEN NOT is_yearly AND is_change_due AND (EXISTS (
                SELECT 1 FROM billing_scheduledchange c
                WHERE c.subscription_id = looked.id AND c.state = 'pending' AND c.kind = 'plan')
                OR EXISTS (SELECT 1 FROM billing_pricemove m
                WHERE m.subscription_id = looked.id AND m.state = 'open' AND m.is_end)) THEN 'change' END AS kind,
        CASE WHEN is_ahead THEN LEAST(
            notice_at,
            CASE WHEN price_at > %(now)s THEN price_at END,
            CASE WHEN is_yearly AND (is_of_a_tier OR has_exceptions) THEN review_at END,
            CASE WHEN NOT renews AND (is_first_due OR is_last_due) THEN %(now)s + interval '1 day' END) END AS next_at
    FROM looked
), told AS (
    INSERT INTO billing_renewalnotice (subscription_id, period_ends_at, kind, decided_at, currency)
    SELECT id, ends_at, kind, %(now)s, '' FROM decided d WHERE kind IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM billing_renewalnotice n
        WHERE n.subscription_id = d.id AND n.period_ends_at = d.ends_at AND n.kind = d.kind)
), reviewed AS (
    INSERT INTO billing_renewalreview (subscription_id, period_ends_at, coverage_tier, has_exceptions, asked_at, note)
    SELECT id, ends_at, tier, has_exceptions, %(now)s, '' FROM decided WHERE is_reviewed
    ON CONFLICT (subscription_id, period_ends_at) DO NOTHING
)
UPDATE billing_renewalwatch w SET due_at = d.next_at FROM decided d WHERE w.ctid = d.place
"""

# A batch is looked up row by row, by keys: Postgres would rather read a million rows for five thousand of them.
LOOK_UP: Final = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"


def sweep(now: datetime, *, batch: int = BATCH) -> int:
    """Decide one batch of what is due at store time `now`. Returns how many were looked at; 0: nothing is due."""
    with suppress(IntegrityError):
        return _sweep(now, batch)
    return _sweep(now, batch)  # what another worker has told meanwhile is seen now


def _sweep(now: datetime, batch: int) -> int:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(LOOK_UP)
        cursor.execute(DECIDE, {"now": now, "batch": batch, "policies": json.dumps(_policies(now))})
        return int(cursor.rowcount)


def sweep_all(now: datetime, *, batch: int = BATCH) -> int:
    """Decide all that is due. Returns how many were looked at. Many may do this at once."""
    count = 0
    while found := sweep(now, batch=batch):
        count += found
    return count


def next_due_at() -> datetime | None:
    """When a subscription is to be looked at next, in store time."""
    waiting = RenewalWatch.objects.filter(due_at__isnull=False).order_by("due_at")
    return waiting.values_list("due_at", flat=True).first()


def _policies(now: datetime) -> list[dict[str, Any]]:
    """What is in force, for each segment and for whoever has none."""

    names = {"first": "renewal_first_notice_days", "last": "renewal_last_notice_days", "change": "renewal_change_notice_days"}
    names |= {"review": "renewal_review_days", "tiers": "renewal_review_tiers"}
    names |= {"exceptions": "renewal_review_exceptions"}
    names |= {"price": "old_price_notice_days", "kept": "old_price_days", "ends": "old_price_ends"}
    return [
        {"segment": segment} | {key: policies.value(f"billing.{name}", now, segment or None) for key, name in names.items()}
        for segment in ("", *Segment.values)
    ]
