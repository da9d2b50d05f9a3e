"""Which instant a change counts from that is accepted on a day: one for the whole day, so that a document can say its amount.

By the second it would be another amount at each look, and a cent away from what the document says
(docs/decisions/standard-quotes.md).
"""

import zoneinfo
from datetime import date, datetime

from django.db.models import Max

from accounts.models import Organization
from billing.models import ChangeState, Subscription
from billing.queries import addons as addon_queries
from billing.queries import windows
from billing.rules import addons, intervals
from billing.rules import quotes as rules


def zone_of(organization: Organization) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(organization.time_zone)


def day_of(row: Subscription, at: datetime) -> date:
    """The customer's own day."""
    return at.astimezone(zone_of(row.organization)).date()


def counts_from(row: Subscription, at: datetime) -> datetime:
    """The beginning of the customer's day; later where the period, or what there is now, began within it. At most four queries.

    Source: Stripe takes a `proration_date` within the current period of all items; what was billed for later time is not
    given back for earlier.
    """
    starts = [rules.day_starts_at(at, zone_of(row.organization)), row.period_starts_at]
    if addons.between(addon_queries.of(row), row.price.interval):
        starts.append(intervals.month_over(row.period_starts_at, at))
    changed = row.ledger.aggregate(at=Max("occurred_at"))["at"]
    paid = row.changes.filter(state=ChangeState.DONE).aggregate(at=Max("concluded_at"))["at"]
    starts += [one.replace(microsecond=0) for one in (changed, paid) if one is not None and one <= at]
    return max(starts)


def holds_before(row: Subscription, at: datetime) -> datetime | None:
    """When it becomes another amount though the day is not over: the period ends, or seats that wait are billed. One query."""
    window = windows.running(row)
    ends = [row.period_ends_at, *([window.closes_at] if window is not None and window.is_open else [])]
    soonest = min(ends)
    return soonest if day_of(row, soonest) == day_of(row, at) and soonest > at else None
