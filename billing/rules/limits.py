"""How many invoices a subscription may make: Stripe allows 20 a day and 10 a minute, and we stop a little earlier.

Source: stripe.md, "The API".
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def next_allowed_at(made_at: Sequence[datetime], *, now: datetime, per_day: int, per_minute: int) -> datetime:
    """When the next invoice may be made: `now`, or when enough of `made_at` have left the day and the minute."""
    newest_first = sorted(made_at, reverse=True)
    allowed = now
    for window, most in ((DAY, per_day), (MINUTE, per_minute)):
        inside = [made for made in newest_first if made > now - window]
        if len(inside) >= most:
            allowed = max(allowed, inside[most - 1] + window)
    return allowed
