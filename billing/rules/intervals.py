"""Dates that money follows: when an interval ends."""

import calendar
from datetime import datetime

_MONTHS = {"month": 1, "year": 12}


def end(starts_at: datetime, interval: str) -> datetime:
    """Return when the first interval ("month" or "year") from an aware instant ends.

    The same day of a later month, or its last day where it is shorter: 31 January leads to 28 or 29 February.
    Source: Stripe, "Billing cycle anchor".
    """
    months = starts_at.month - 1 + _MONTHS[interval]
    year, month = starts_at.year + months // 12, months % 12 + 1
    return starts_at.replace(year=year, month=month, day=min(starts_at.day, calendar.monthrange(year, month)[1]))
