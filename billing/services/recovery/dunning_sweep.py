"""The sweep of failed payments: one statement decides a batch of them, as billing.rules.dunning does each one.

Due episodes and their subscriptions are claimed under SKIP LOCKED, so any number of workers may sweep at once; what a step
says follows from its row (dunning_mails). Source: docs/decisions/dunning.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import available_timezones

from django.db import connection, transaction

from billing.models import OWING_STATUSES, DunningEpisode, Invoice
from billing.rules import dunning as rules
from billing.services.books import dunning

BATCH: Final = 5_000
# The mails of a step: one of them must have gone out before access becomes less.
MAILS: Final = ("billing/payment_failed", "billing/payment_missing", "billing/invoice_overdue", "billing/read_only")


def _working(instant: str, zone: str = "zone") -> str:
    """The instant, or the same time of day on the Monday after it, in the organization's zone."""
    local = f"({instant}) AT TIME ZONE {zone}"
    return (
        f"CASE extract(isodow FROM {local}) WHEN 6 THEN ({local} + interval '2 days') AT TIME ZONE {zone} "
        f"WHEN 7 THEN ({local} + interval '1 day') AT TIME ZONE {zone} ELSE {instant} END"
    )


# Each step of the way is named as in billing.rules.dunning.decide.
_SWEEP: Final = """
WITH claimed AS (
    SELECT e.id, e.subscription_id, e.round, e.reached, e.second_at, e.third_at, e.read_only_at, e.off_at,
        e.notice_days * interval '1 day' AS notice, e.off_at - e.read_only_at AS gap, o.time_zone
    FROM billing_dunningepisode e
    JOIN billing_subscription s ON s.id = e.subscription_id
    JOIN accounts_organization o ON o.id = e.organization_id
    WHERE e.closed_at IS NULL AND e.due_at <= %(now)s
    ORDER BY e.due_at, e.id LIMIT %(batch)s FOR NO KEY UPDATE OF e, s SKIP LOCKED
), placed AS MATERIALIZED (
    SELECT c.*, CASE WHEN c.time_zone = ANY(%(zones)s) THEN c.time_zone ELSE 'UTC' END AS zone,
        CASE WHEN reached < 3 THEN read_only_at WHEN reached = 3 THEN off_at END AS cut_at,
        CASE WHEN reached < 2 AND third_at <= %(now)s THEN 2 WHEN reached < 1 AND second_at <= %(now)s THEN 1
            WHEN reached < 0 THEN 0 END AS notice_due,
        CASE WHEN reached BETWEEN 0 AND 3 THEN (
            SELECT min(t.told_at) FROM billing_dunningstep t
            WHERE t.episode_id = c.id AND t.round = c.round AND t.told_at IS NOT NULL AND EXISTS (
                SELECT 1 FROM accounts_outgoingmail m WHERE m.kind = ANY(%(mails)s)
                AND m.subject_row = 'dunning:' || t.id AND m.state = 'sent')) END AS told_at,
        EXISTS (SELECT 1 FROM billing_dispute d WHERE d.subscription_id = c.subscription_id AND d.closed_at IS NULL)
        OR EXISTS (SELECT 1 FROM billing_dunninginvoice u JOIN billing_invoice i ON i.id = u.invoice_id
            WHERE u.episode_id = c.id AND i.debited_at IS NOT NULL) AS is_held
    FROM claimed c
), judged AS MATERIALIZED (
    SELECT *, {soonest} AS soonest, CASE
        WHEN reached > 3 THEN 'nothing'
        WHEN is_held THEN 'wait'
        WHEN reached < 0 THEN 'first'
        WHEN %(now)s < cut_at THEN CASE WHEN notice_due IS NULL THEN 'nothing' ELSE 'notice' END
        WHEN told_at IS NULL THEN 'wait'
        WHEN %(now)s > cut_at + %(late)s THEN 'anew'
        WHEN told_at + notice > %(now)s THEN 'too soon'
        WHEN extract(isodow FROM %(now)s AT TIME ZONE zone) > 5 THEN 'weekend'
        ELSE 'cut' END AS verdict
    FROM placed
), dated AS MATERIALIZED (
    SELECT *,
        verdict IN ('first', 'anew') AND reached < 3 AND soonest > read_only_at AS is_moved,
        CASE verdict WHEN 'cut' THEN GREATEST(reached + 1, 3)
            WHEN 'first' THEN notice_due WHEN 'notice' THEN notice_due WHEN 'anew' THEN COALESCE(notice_due, reached)
            ELSE reached END AS rank,
        CASE WHEN verdict = 'anew' AND (notice_due IS NULL OR reached >= 3) THEN 'again'
            WHEN verdict IN ('first', 'notice', 'anew') THEN (%(steps)s::text[])[notice_due + 1]
            WHEN verdict = 'cut' THEN (%(steps)s::text[])[GREATEST(reached + 1, 3) + 1] END AS step,
        round + CASE WHEN verdict = 'anew' THEN 1 ELSE 0 END AS new_round
    FROM judged
), decided AS MATERIALIZED (
    SELECT *,
        CASE WHEN is_moved THEN soonest ELSE read_only_at END AS new_read_only_at,
        CASE WHEN is_moved THEN {off_moved}
            WHEN verdict = 'anew' AND reached = 3 THEN GREATEST(off_at, soonest) ELSE off_at END AS new_off_at
    FROM dated
), stepped AS (
    INSERT INTO billing_dunningstep (episode_id, step, round, at, read_only_at, off_at)
    SELECT id, step, new_round, %(now)s, new_read_only_at, new_off_at FROM decided WHERE step IS NOT NULL
    ON CONFLICT (episode_id, step, round) DO NOTHING
), moved AS (
    UPDATE billing_dunningepisode e SET
        reached = d.rank, reached_at = CASE WHEN d.rank > d.reached THEN %(now)s ELSE e.reached_at END,
        round = d.new_round, read_only_at = d.new_read_only_at, off_at = d.new_off_at,
        due_at = CASE WHEN d.verdict = 'wait' THEN %(now)s + %(again)s
            WHEN d.verdict = 'too soon' THEN d.told_at + d.notice
            WHEN d.verdict = 'weekend' THEN {next_working}
            WHEN d.rank > 3 THEN NULL WHEN d.rank = 3 THEN d.new_off_at
            ELSE LEAST(CASE WHEN d.rank < 1 AND d.second_at > %(now)s THEN d.second_at END,
                CASE WHEN d.rank < 2 AND d.third_at > %(now)s THEN d.third_at END, d.new_read_only_at) END
    FROM decided d WHERE e.id = d.id
), cut AS (
    UPDATE billing_subscription s SET access = CASE d.rank WHEN 3 THEN 'read_only' ELSE 'off' END
    FROM decided d WHERE s.id = d.subscription_id AND d.verdict = 'cut'
)
SELECT count(*), count(step), count(*) FILTER (WHERE verdict = 'cut') FROM decided
"""
SWEEP: Final = _SWEEP.format(
    soonest=_working("%(now)s + notice"),
    off_moved=_working("soonest + gap"),
    next_working=_working("%(now)s::timestamptz", zone="d.zone"),
)

# Owing, and nobody has noted it: taken over from elsewhere, or told of while the store was being changed.
_UNNOTED: Final = """
SELECT i.id FROM billing_subscription s
JOIN LATERAL (
    SELECT i.id FROM billing_invoice i
    WHERE i.subscription_id = s.id AND i.status = 'open' AND i.amount_remaining_minor > 0
    AND (i.attempt_count > 0 OR i.overdue_at IS NOT NULL)
    AND i.debited_at IS NULL AND NOT EXISTS (SELECT 1 FROM billing_seatchange w
        WHERE w.stripe_invoice_id = i.stripe_id AND w.state IN ('sending', 'waiting'))
    ORDER BY i.issued_at LIMIT 1) i ON TRUE
WHERE s.status IN ({owing}) AND NOT EXISTS (
    SELECT 1 FROM billing_dunningepisode e WHERE e.subscription_id = s.id AND e.closed_at IS NULL)
ORDER BY s.id LIMIT {batch}
"""
UNNOTED: Final = _UNNOTED.format(owing=", ".join(f"'{status}'" for status in OWING_STATUSES), batch="%(batch)s")


@dataclass(frozen=True, kw_only=True)
class Swept:
    """How many were looked at, how many took a step, and how many of these lost access."""

    claimed: int
    stepped: int
    cut: int


def sweep(now: datetime, *, batch: int = BATCH) -> Swept:
    """Decide what is due of one batch, in one statement and one transaction. Nothing claimed: nothing is due (for us)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SWEEP, _values(now, batch))
        claimed, stepped, cut = cursor.fetchone()
    return Swept(claimed=claimed, stepped=stepped, cut=cut)


def _values(now: datetime, batch: int) -> Mapping[str, Any]:
    return {
        "now": now,
        "batch": batch,
        "zones": sorted(available_timezones()),
        "mails": list(MAILS),
        "late": rules.LATE,
        "again": rules.LOOK_AGAIN,
        "steps": [str(rules.STEPS[rank]) for rank in range(5)],
    }


def take_up(now: datetime, *, batch: int = 500) -> int:
    """Begin the episodes of subscriptions that owe something without one. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(UNNOTED, {"batch": batch})
        found = [row[0] for row in cursor.fetchall()]
    for invoice in Invoice.objects.filter(pk__in=found).order_by("pk"):
        with transaction.atomic():
            dunning.failed(invoice, at=now)
    return len(found)


def next_due_at() -> datetime | None:
    """When the next step falls due, in store time."""
    waiting = DunningEpisode.objects.filter(closed_at=None, due_at__isnull=False).order_by("due_at")
    return waiting.values_list("due_at", flat=True).first()
