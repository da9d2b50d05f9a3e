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


def months_after(starts_at: datetime, months: int) -> datetime:
    """Return the same day `months` later, or that month's last day where it is shorter."""
    whole = starts_at.month - 1 + months
    year, month = starts_at.year + whole // 12, whole % 12 + 1
    return starts_at.replace(year=year, month=month, day=min(starts_at.day, calendar.monthrange(year, month)[1]))


def month_over(anchor: datetime, instant: datetime) -> datetime:
    """When the month of an anchor began that runs at `instant`; the anchor itself before it."""
    months = (instant.year - anchor.year) * 12 + instant.month - anchor.month
    starts_at = months_after(anchor, max(months, 0))
    return starts_at if starts_at <= instant else months_after(anchor, max(months - 1, 0))


def period_of(starts_at: datetime, ends_at: datetime, interval: str, instant: datetime) -> tuple[datetime, datetime]:
    """The first period that ends at `instant` or after it: the one that runs, or one of those that follow."""
    while ends_at < instant:
        starts_at, ends_at = ends_at, end(ends_at, interval)
    return starts_at, ends_at
