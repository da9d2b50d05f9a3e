"""What is booked for a committed term's end: a date and nothing else, until the period begins that ends with it.

The end of the subscription, and, where seats or a plan were committed, fewer seats and a smaller plan.

Stripe is told of the present period and the next; what waits for years would be a schedule that every other change had to
carry along. So the row waits here, and becomes the change that everybody knows when its period has begun.
"""

from datetime import datetime

from billing.models import ScheduledChange, ScheduledKind, ScheduledState, Subscription
from billing.queries import booked_ends as queries
from billing.rules import intervals, schedule
from billing.services.books import projection


def period_of(row: Subscription, at: datetime) -> tuple[datetime, datetime]:
    """The period of `row` (its price at hand) in which a term ends, if it goes on as it is."""
    return intervals.period_of(row.period_starts_at, row.period_ends_at, row.price.interval, at)


def follow(row: Subscription) -> None:
    """A period of `row` began, or was moved: what is booked is of this one, or dated anew. A query, one more for each."""
    booked = list(row.scheduled.filter(state=ScheduledState.BOOKED).order_by("pk"))
    period = row.period_starts_at, row.period_ends_at
    for change in booked:
        change.effective_at = queries.dated(row, change.effective_at, period=period, interval=row.price.interval)
        if change.effective_at == row.period_ends_at:
            _open(row, change)
            projection.want(row)
        change.save(update_fields=["state", "delta", "effective_at", "ended_at"])


def _open(row: Subscription, change: ScheduledChange) -> None:
    """Its period has begun. Fewer seats leave as many as the plan is sold with, whatever was given back meanwhile."""
    change.state = ScheduledState.PENDING
    pending = row.scheduled.filter(state=ScheduledState.PENDING)
    if change.kind == ScheduledKind.PLAN:
        overtaken = pending.filter(kind=ScheduledKind.PLAN)
        overtaken.update(state=ScheduledState.SUPERSEDED, ended_at=row.period_starts_at)
    if change.kind == ScheduledKind.SEATS:
        then = schedule.coming_quantity(row.quantity, [one for one in projection.waiting(row) if not one.is_end])
        change.delta = max(change.delta, row.plan.seats_min - then)
        if change.delta >= 0:
            change.refresh_from_db(fields=["delta"])
            change.state, change.ended_at = ScheduledState.SUPERSEDED, row.period_starts_at
