"""The sweep of exceptions: what begins, whose end is to be announced, what is over. One statement a batch.

Due rows are claimed under SKIP LOCKED and decided in SQL, so any number of workers may sweep at once, and a year of missed
beats comes to one decision an exception: what has ended meanwhile is over, and is not announced any more. What a beginning or
an end does to the subscription follows: a coupon at Stripe (terms_discounts), a question about a price that is put aside.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F

from accounts.models import Segment
from accounts.origin import Origin
from accounts.queries import policies
from billing.models import PriceMove, PriceMoveState, RenewalWatch, Terms, TermsKind
from billing.services.agreeing import terms, terms_days, terms_discounts, terms_notices
from config import clock, pulse

BATCH: Final = 500
DECIDE: Final = """
WITH policy AS MATERIALIZED (
    SELECT segment, make_interval(days => days) AS notice, days > 0 AS has_notice
    FROM jsonb_to_recordset(%(policies)s::jsonb) AS p (segment text, days int)
), due AS MATERIALIZED (
    SELECT t.id, t.organization_id, t.kind, t.state = 'approved' AS stands, t.began_at,
        t.starts_at, t.ends_at
    FROM billing_terms t WHERE t.due_at <= %(now)s ORDER BY t.due_at LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED
), looked AS MATERIALIZED (
    SELECT due.*, stands AND ends_at <= %(now)s AS ends, stands AND ends_at > %(now)s AND starts_at <= %(now)s AS holds,
        notice_at, CASE WHEN stands AND ends_at > %(now)s THEN LEAST(
            CASE WHEN starts_at > %(now)s THEN starts_at END, CASE WHEN notice_at > %(now)s THEN notice_at END,
            CASE WHEN kind = 'discount' AND ends_at - %(ahead)s > %(now)s THEN ends_at - %(ahead)s END, ends_at) END AS next_at
    FROM due LEFT JOIN accounts_organizationprofile o ON o.organization_id = due.organization_id
    JOIN policy p ON p.segment = COALESCE(o.segment, '')
    CROSS JOIN LATERAL (SELECT CASE WHEN p.has_notice THEN GREATEST(ends_at - p.notice, starts_at) END AS notice_at) n
), told AS (
    INSERT INTO billing_termsnotice (terms_id, decided_at, currency)
    SELECT id, %(now)s, '' FROM looked WHERE holds AND notice_at <= %(now)s ON CONFLICT (terms_id) DO NOTHING
)
UPDATE billing_terms t SET
    began_at = CASE WHEN holds THEN COALESCE(t.began_at, %(now)s) ELSE t.began_at END,
    state = CASE WHEN ends THEN 'ended' ELSE t.state END,
    ended_at = CASE WHEN ends THEN %(now)s ELSE t.ended_at END,
    due_at = CASE WHEN t.kind IN ('discount', 'payment_terms') THEN LEAST(next_at, %(now)s + %(lease)s) ELSE next_at END
FROM looked l WHERE t.id = l.id
RETURNING t.id, l.holds AND l.began_at IS NULL, l.ends, l.next_at
"""


def sweep(now: datetime, *, batch: int = BATCH) -> dict[int, datetime | None]:
    """Decide one batch of what is due at store time `now`; the exceptions that were looked at, and when they are again.

    What Stripe has to be told of is looked at again within a minute, unless `_follow` is done with it: whoever dies in between
    leaves no coupon on or off, and no days to pay, that should not be.
    """
    values: dict[str, Any] = {
        "now": now,
        "batch": batch,
        "ahead": terms_discounts.AHEAD,
        "lease": terms_discounts.SOON,
        "policies": json.dumps(_policies(now)),
    }
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(DECIDE, values)
            found: Sequence[tuple[int, bool, bool, datetime | None]] = cursor.fetchall()
        if moved := {pk: begins for pk, begins, ends, _next_at in found if begins or ends}:
            _book(moved, now)
    return {pk: next_at for pk, _begins, _ends, next_at in found}


def sweep_all(now: datetime, *, batch: int = BATCH) -> int:
    """Decide all that is due, and have Stripe's coupons follow. How many were looked at."""
    count = 0
    while found := sweep(now, batch=batch):
        count += len(found)
        _follow(found, now)
    return count


def _follow(found: Mapping[int, datetime | None], at: datetime) -> None:
    """Have Stripe's side follow what was decided."""
    terms_discounts.follow(found, at)
    terms_days.follow(found, at)


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = """EXISTS (SELECT 1 FROM billing_terms WHERE due_at <= %(at)s)
    OR EXISTS (SELECT 1 FROM billing_termsnotice WHERE sent_at IS NULL)"""


def drain(now: datetime) -> pulse.Drained:
    """A lane's share. Exceptions run on store time, whatever the wall says."""
    at = clock.now()
    found = sweep(at)
    _follow(found, at)
    return pulse.Drained(handled=len(found) + terms_notices.send(at))


def next_due_at() -> datetime | None:
    """When the next is to be looked at, in store time."""
    return Terms.objects.filter(due_at__isnull=False).order_by("due_at").values_list("due_at", flat=True).first()


def _book(moved: dict[int, bool], at: datetime) -> None:
    """In the sweep's transaction: facts for the journal, and what no longer is to be asked, or is again."""
    rows = list(Terms.objects.filter(pk__in=moved).select_related("organization", "line").order_by("pk"))
    for row in rows:
        terms.tell("began" if moved[row.pk] else "ended", row, origin=Origin.system(), at=at)
        if row.kind == TermsKind.PRICE_HOLD and moved[row.pk]:
            _stays(row)
    # Renewals are looked at anew: an account with an exception is reviewed, a price that was held is asked about.
    RenewalWatch.objects.filter(subscription__organization__in={row.organization_id for row in rows}).update(due_at=at)


def _stays(row: Terms) -> None:
    """Nobody is asked to leave a price that is held: it stays at this renewal, and they are asked before the first after it."""
    asked = PriceMove.objects.filter(subscription__organization=row.organization_id, subscription__line=row.line_id)
    asked.filter(state=PriceMoveState.OPEN, period_ends_at__lt=row.ends_at, price_before=F("subscription__price")).update(
        state=PriceMoveState.HELD
    )


def _policies(now: datetime) -> list[dict[str, Any]]:
    """What is in force, for each segment and for whoever has none."""
    return [
        {"segment": segment, "days": policies.value("billing.terms_notice_days", now, segment or None)}
        for segment in ("", *Segment.values)
    ]
