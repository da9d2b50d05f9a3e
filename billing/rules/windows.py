"""Invoice windows: which seats are billed later, all at once, and when.

Source: product.md ("one invoice a month instead of 26 in seven weeks, yet annual seats not billed a year late").
"""

from datetime import datetime, timedelta
from typing import Final

# So long before the period's end a window closes, whatever else: the renewal charges all that is had.
BEFORE_PERIOD_END: Final = timedelta(hours=1)
# Below this there is nothing to wait for.
SHORTEST: Final = timedelta(minutes=30)


def closing(*, now: datetime, hours: int, period_ends_at: datetime) -> datetime | None:
    """When a window that opens now closes, in whole seconds; None: there is no room for one, so it is billed at once."""
    end = min(now + timedelta(hours=hours), period_ends_at - BEFORE_PERIOD_END).replace(microsecond=0)
    return end if hours > 0 and end - now >= min(SHORTEST, timedelta(hours=hours)) else None


def rest_minor(*, price_minor: int, starts_at: datetime, ends_at: datetime, at: datetime) -> int:
    """About what is charged of a period's price `price_minor` for the time from `at` on: enough to compare with a limit."""
    whole = (ends_at - starts_at) // timedelta(seconds=1)
    left = max((ends_at - at) // timedelta(seconds=1), 0)
    return price_minor * left // max(whole, 1)


def instant(*, closes_at: datetime, period_starts_at: datetime) -> datetime:
    """From when on the seats of a window are billed. Where it closes late, a renewal that did not know of them has passed:

    then from that period's beginning on, which is what the renewal would have charged for them.
    """
    return max(closes_at, period_starts_at)


def next_attempt(failed_at: datetime) -> datetime:
    """When a payment that failed is tried again. Stripe has forgotten the update by then."""
    return failed_at + timedelta(days=1)


def release(failed_at: datetime, days: int) -> datetime:
    """When the seats go back whose payment failed first at `failed_at`."""
    return failed_at + timedelta(days=days)
