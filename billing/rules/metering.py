"""From when to when what is used of a metered feature is counted together. Windows are half-open."""

from dataclasses import dataclass
from datetime import datetime

from billing.rules import intervals
from billing.rules.catalog import Resets


@dataclass(frozen=True, kw_only=True)
class Period:
    """The subscription's own: when it began, and the period that it is in, of `interval` ("month" or "year")."""

    started_at: datetime
    starts_at: datetime
    ends_at: datetime
    interval: str

    def at(self, now: datetime) -> "Period":
        """The one that `now` falls in: a renewal that we have not heard of yet begins where the last period ends."""
        period = self
        while now >= period.ends_at:
            ends_at = intervals.following(period.starts_at, period.ends_at, self.interval)
            period = Period(started_at=self.started_at, starts_at=period.ends_at, ends_at=ends_at, interval=self.interval)
        return period


@dataclass(frozen=True, kw_only=True)
class Window:
    """`ends_at` is when the count is nought again; None: never."""

    starts_at: datetime
    ends_at: datetime | None


def window(resets: str, period: Period, now: datetime) -> Window:
    """The window that `now` falls in; `resets` is one of Resets."""
    if resets == Resets.NEVER:
        return Window(starts_at=period.started_at, ends_at=None)
    period = period.at(now)
    if resets == Resets.PERIOD:
        return Window(starts_at=period.starts_at, ends_at=period.ends_at)
    first, day = period.starts_at, max(period.starts_at.day, period.ends_at.day)  # one of them may be in a shorter month
    months = (now.year - first.year) * 12 + now.month - first.month
    if months and intervals.months_after(first, months, day=day) > now:
        months -= 1
    # A trial's or pilot's period may end within the month; what follows begins a month of its own.
    ends_at = min(intervals.months_after(first, months + 1, day=day), period.ends_at)
    return Window(starts_at=intervals.months_after(first, months, day=day) if months else first, ends_at=ends_at)
