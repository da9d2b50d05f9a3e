"""A committed term that was agreed: until then the subscription is neither cancelled, ended at once nor paused.

Source: docs/decisions/exceptions.md. What is behind with a payment may always be ended: it would end by itself.
"""

from datetime import date, datetime

from billing.models import Subscription
from billing.queries import terms as queries
from billing.rules import intervals, terms
from billing.services.changes import seats


class Committed(seats.SeatsError):
    """Agreed to stay until `until`; from `opens_at` on it can be cancelled, to the end of the period that runs then."""

    def __init__(self, until: date, opens_at: datetime) -> None:
        super().__init__(f"It is agreed to last until {until}.")
        self.until, self.opens_at = until, opens_at


def check_end(row: Subscription) -> None:
    """Whether it may end with its period (its price at hand). Raises Committed. One query."""
    until = _until(row)
    if until is not None and row.period_ends_at < terms.instant(until):
        raise _refusal(row, until)


def check_now(row: Subscription) -> None:
    """Whether it may end, or rest, before its period is over. Raises Committed. One query."""
    until = _until(row)
    if until is not None:
        raise _refusal(row, until)


def _until(row: Subscription) -> date | None:
    return None if row.is_in_trial else queries.committed_until(row)


def _refusal(row: Subscription, until: date) -> Committed:
    since = intervals.period_over(row.period_starts_at, row.period_ends_at, row.price.interval, terms.instant(until))
    return Committed(until, since)
