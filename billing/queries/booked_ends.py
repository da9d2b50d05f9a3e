"""When an end that is booked for a committed term takes place, in the period there is or in one that begins with a change."""

from datetime import datetime

from billing.models import ScheduledChange, ScheduledKind, ScheduledState, Subscription
from billing.queries import terms
from billing.rules import intervals


def of(row: Subscription) -> ScheduledChange | None:
    """The end that is booked. One query."""
    return row.scheduled.filter(kind=ScheduledKind.END, state=ScheduledState.BOOKED).first()


def dated(row: Subscription, at: datetime, *, period: tuple[datetime, datetime], interval: str) -> datetime:
    """When what is booked for `at` ends, if a period of `interval` runs from and to there. One query.

    Whether the term was ended early or another one agreed meanwhile: it takes place on the day that was said, or the first
    after it that a period ends on.
    """
    until = terms.committed_until(row)
    if until is not None:
        at = min(at, intervals.period_of(*period, interval, until[1])[1])
    return intervals.period_of(*period, interval, at)[1]


def moved(row: Subscription, *, period: tuple[datetime, datetime], interval: str) -> datetime | None:
    """The same of the end that is booked; None where none is. Two queries at most."""
    booked = of(row)
    return None if booked is None else dated(row, booked.effective_at, period=period, interval=interval)
