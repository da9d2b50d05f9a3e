"""The lane that announces ends before they come, on store time: of trials and of pilots."""

from datetime import datetime

from billing.services import pilot_notices, trial_notices
from config import pulse


def drain(now: datetime) -> pulse.Drained:
    """The lane. Each kind looks on its own, and takes as many as are due at once."""
    handled = trial_notices.drain(now).handled + pilot_notices.drain(now).handled
    return pulse.Drained(handled=handled)


def next_due_at() -> datetime | None:
    """When the next announcement falls due, in store time."""
    return min((at for at in (trial_notices.next_due_at(), pilot_notices.next_due_at()) if at is not None), default=None)
