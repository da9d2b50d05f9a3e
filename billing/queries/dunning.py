"""What is missing of a failed payment, and what became of all of them: what came after all, at which step, and what was lost.

Counted are the invoices that could not be charged, by the month in which they failed and their currency, so that a month's
figures only ever become more final.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from billing.models import DunningEpisode, Invoice
from billing.queries import unpaid
from billing.rules import dunning as rules

MONTHS: Final = 6

# Those that came before anything was said count with the first step.
FIGURES: Final = """
SELECT date_trunc('month', d.failed_at)::date, e.currency, count(*), sum(d.amount_minor)::bigint,
    COALESCE(sum(d.amount_minor) FILTER (WHERE d.paid_at IS NULL AND e.closed_at IS NULL), 0)::bigint,
    COALESCE(sum(d.amount_minor) FILTER (WHERE d.paid_at IS NULL AND e.outcome = 'lost'), 0)::bigint,
    COALESCE(sum(d.amount_minor) FILTER (WHERE d.paid_at IS NULL AND e.outcome = 'left'), 0)::bigint,
    count(DISTINCT e.id) FILTER (WHERE e.outcome = 'lost'),
    ARRAY[{steps}]
FROM billing_dunninginvoice d JOIN billing_dunningepisode e ON e.id = d.episode_id
WHERE d.failed_at >= date_trunc('month', %(now)s::timestamptz) - %(months)s * interval '1 month'
GROUP BY 1, 2 ORDER BY 1 DESC, 4 DESC
"""
STEP: Final = (
    "COALESCE(sum(d.amount_minor) FILTER (WHERE d.paid_at IS NOT NULL AND GREATEST(d.paid_reached, 0) = {rank}), 0)::bigint"
)
STATEMENT: Final = FIGURES.format(steps=", ".join(STEP.format(rank=rank) for rank in range(len(rules.RANKS))))
OPEN: Final = """
SELECT e.currency, count(DISTINCT e.id), COALESCE(sum(i.amount_remaining_minor), 0)::bigint,
    count(DISTINCT e.id) FILTER (WHERE e.reached >= 3)
FROM billing_dunningepisode e
LEFT JOIN billing_dunninginvoice d ON d.episode_id = e.id
LEFT JOIN billing_invoice i ON i.id = d.invoice_id AND i.status = 'open'
WHERE e.closed_at IS NULL GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, kw_only=True)
class Month:
    """Of the invoices that failed in a month, in one currency, in minor units. `by_step` is what came, by step (of RANKS)."""

    month: date
    currency: str
    invoices: int
    failed_minor: int
    open_minor: int
    lost_minor: int
    left_minor: int
    customers_lost: int
    by_step: Sequence[int]

    @property
    def recovered_minor(self) -> int:
        return sum(self.by_step)

    @property
    def rate_bps(self) -> int:
        """How much of it came, in basis points."""
        return self.recovered_minor * 10_000 // self.failed_minor if self.failed_minor else 0


@dataclass(frozen=True, kw_only=True)
class Open:
    """What is missing now in one currency; `without_access` of the subscriptions can't be used in full."""

    currency: str
    subscriptions: int
    missing_minor: int
    without_access: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    months: Sequence[Month] = field(default_factory=tuple)
    open: Sequence[Open] = field(default_factory=tuple)


def missing(episode: DunningEpisode) -> list[Invoice]:
    """All that is overdue of its subscription, the oldest first. One query where the episode brings its subscription."""
    return list(unpaid.overdue(episode.subscription))


def at_the_bank(episode: DunningEpisode) -> list[Invoice]:
    """Those of its subscription that a bank is at work on: nothing is asked for twice. One query, as above."""
    rows = episode.subscription.invoices.filter(status="open", amount_remaining_minor__gt=0)
    return list(rows.exclude(debited_at=None).order_by("issued_at", "pk"))


def figures(now: datetime, *, months: int = MONTHS) -> Figures:
    """This month and the `months` before it, and what is open. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"now": now, "months": months})
        of_months = tuple(_month(row) for row in cursor.fetchall())
        cursor.execute(OPEN)
        now_open = tuple(
            Open(currency=currency, subscriptions=count, missing_minor=missing_minor, without_access=cut)
            for currency, count, missing_minor, cut in cursor.fetchall()
        )
    return Figures(months=of_months, open=now_open)


def _month(row: Sequence[Any]) -> Month:
    month, currency, invoices, failed, still_open, lost, left, customers, by_step = row
    return Month(
        month=month,
        currency=currency,
        invoices=invoices,
        failed_minor=failed,
        open_minor=still_open,
        lost_minor=lost,
        left_minor=left,
        customers_lost=customers,
        by_step=tuple(by_step),
    )
