"""An end that is booked for a committed term: a date and nothing else, until the period begins that ends with it.

Stripe is told of the present period and the next; what waits for years would be a schedule that every other change had to
carry along. So the row waits here, and becomes the end that everybody knows when its period has begun.
"""

from datetime import datetime

from billing.models import ScheduledState, Subscription
from billing.queries import booked_ends as queries
from billing.rules import intervals
from billing.services.books import projection


def period_of(row: Subscription, at: datetime) -> tuple[datetime, datetime]:
    """The period of `row` (its price at hand) in which a term ends, if it goes on as it is."""
    return intervals.period_of(row.period_starts_at, row.period_ends_at, row.price.interval, at)


def follow(row: Subscription) -> None:
    """A period of `row` began, or was moved: the end that is booked is that of this one, or dated anew. At most two queries."""
    booked = queries.of(row)
    if booked is None:
        return
    period = row.period_starts_at, row.period_ends_at
    booked.effective_at = queries.dated(row, booked.effective_at, period=period, interval=row.price.interval)
    if booked.effective_at == row.period_ends_at:
        booked.state = ScheduledState.PENDING
        projection.want(row)
    booked.save(update_fields=["state", "effective_at"])
