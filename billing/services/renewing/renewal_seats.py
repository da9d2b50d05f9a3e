"""The recommendation of a renewal, taken: the seats that are used, from the period's end on, as a scheduled change."""

from datetime import datetime

from accounts.origin import Origin
from billing.models import ScheduledChange
from billing.queries import renewals as queries
from billing.queries.overview import Standing
from billing.services.changes import scheduled, seats


def accept(standing: Standing, *, wanted: int, amount_minor: int, origin: Origin, at: datetime) -> ScheduledChange:
    """Renew with `wanted` seats, for `amount_minor`, as it was recommended. Idle seats end then, those unseen longest first.

    Taking it twice finds nothing to change. Raises Stale where another number or amount is recommended by now, and what
    scheduled.change_seats raises.
    """
    advice = queries.use(standing, at).advice
    if advice is None or (advice.seats, advice.amount_minor) != (wanted, amount_minor):
        if standing.coming == wanted:
            raise seats.NothingChanges(f"There will be {wanted} seats already.")
        raise seats.Stale
    return scheduled.change_seats(
        standing.row,
        seats_after=wanted,
        releases=[one.seat for one in advice.leaving],
        origin=origin,
        at=at,
        reason="recommended",
    )
