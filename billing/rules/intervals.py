"""Dates that money follows: when an interval ends."""

import calendar
from datetime import datetime

_MONTHS = {"month": 1, "year": 12}


def end(starts_at: datetime, interval: str) -> datetime:
    """Return when the first interval ("month" or "year") from an aware instant ends.

    The same day of a later month, or its last day where it is shorter: 31 January leads to 28 or 29 February.
    Source: Stripe, "Billing cycle anchor".
    """
    return months_after(starts_at, _MONTHS[interval])


def following(starts_at: datetime, ends_at: datetime, interval: str) -> datetime:
    """Return when the period ends that comes after the one of `interval` from `starts_at` to `ends_at`.

    The day a subscription began on is kept through shorter months: 31 January, 28 February, 31 March. Source: as `end`.
    """
    day = starts_at.day if end(starts_at, interval) == ends_at else ends_at.day
    return months_after(ends_at, _MONTHS[interval], day=day)


def months_after(starts_at: datetime, months: int, *, day: int = 0) -> datetime:
    """Return the same day (or the one of number `day`) `months` later, or that month's last day where it is shorter."""
    whole = starts_at.month - 1 + months
    year, month = starts_at.year + whole // 12, whole % 12 + 1
    return starts_at.replace(year=year, month=month, day=min(day or starts_at.day, calendar.monthrange(year, month)[1]))


def month_over(anchor: datetime, instant: datetime) -> datetime:
    """When the month of an anchor began that runs at `instant`; the anchor itself before it."""
    months = (instant.year - anchor.year) * 12 + instant.month - anchor.month
    starts_at = months_after(anchor, max(months, 0))
    return starts_at if starts_at <= instant else months_after(anchor, max(months - 1, 0))


def period_of(starts_at: datetime, ends_at: datetime, interval: str, instant: datetime) -> tuple[datetime, datetime]:
    """The first period that ends at `instant` or after it: the one that runs, or one of those that follow."""
    while ends_at < instant:
        starts_at, ends_at = ends_at, following(starts_at, ends_at, interval)
    return starts_at, ends_at
