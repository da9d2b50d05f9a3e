"""The lane of what falls due on store time: the ends of trials, pilots and discounts are announced, late payments dropped."""

from datetime import datetime

from billing.services import discount_notices, first_payments, pilot_notices, trial_notices
from config import pulse


def drain(now: datetime) -> pulse.Drained:
    """The lane. Each kind looks on its own, and takes as many as are due at once."""
    lanes = (trial_notices, pilot_notices, discount_notices, first_payments)
    return pulse.Drained(handled=sum(lane.drain(now).handled for lane in lanes))


def next_due_at() -> datetime | None:
    """When the next of them falls due, in store time."""
    lanes = (trial_notices, pilot_notices, discount_notices, first_payments)
    return min((at for lane in lanes if (at := lane.next_due_at()) is not None), default=None)
