"""A plan that ends: until when each customer has it, and when it is told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from billing.rules import intervals

# The last click counts until then; after it what nobody answered is settled.
CLOSES_BEFORE: Final = timedelta(days=1)


def had_until(period: tuple[datetime, datetime], interval: str, ends_at: datetime) -> datetime:
    """The first renewal on or after `ends_at`, counted on from the present period."""
    return intervals.period_of(*period, interval, ends_at)[1]


def notices_due(now: datetime, renews_at: datetime, days: Sequence[int]) -> int:
    """How many of the notices, so many `days` before each (0: never), are due by now."""
    return sum(1 for day in days if day and now >= renews_at - timedelta(days=day))


def next_look(now: datetime, renews_at: datetime, days: Sequence[int]) -> datetime:
    """When there is something to do next: a notice, or, a day before the renewal, the end of the question."""
    closes_at = renews_at - CLOSES_BEFORE
    notices = [at for day in days if day and (at := renews_at - timedelta(days=day)) > now]
    return min([*notices, closes_at])
