"""The lane that announces ends before they come, on store time: of trials, pilots and discounts."""

from datetime import datetime

from billing.services import discount_notices, pilot_notices, trial_notices
from config import pulse


def drain(now: datetime) -> pulse.Drained:
    """The lane. Each kind looks on its own, and takes as many as are due at once."""
    lanes = (trial_notices, pilot_notices, discount_notices)
    return pulse.Drained(handled=sum(lane.drain(now).handled for lane in lanes))


def next_due_at() -> datetime | None:
    """When the next announcement falls due, in store time."""
    lanes = (trial_notices, pilot_notices, discount_notices)
    return min((at for lane in lanes if (at := lane.next_due_at()) is not None), default=None)
