"""Another plan, as Stripe has it: one entry in the ledger for the plan, its add-ons and their revenue.

In the caller's transaction, under the subscription's lock; the row has its new price already (mirroring.mirror).
"""

from typing import Any

from billing.models import LedgerKind, Price, ScheduledState, SeatLedgerEntry, Subscription
from billing.services.books import addon_items, ledger
from billing.services.books.items import Split


def book(row: Subscription, before: Price, split: Split, **entry: Any) -> SeatLedgerEntry:
    """Book the plan that `row.price` is of now; `before` was the price of what it had. `entry`: see ledger.book.

    What waited for an add-on that did not come along is overtaken.
    """
    counted_minor = ledger.counted_at_minor(row, row.quantity, before)
    gone = addon_items.go_along(row, split, at=entry["at"])
    if gone:
        pending = row.scheduled.filter(addon__in=gone, state=ScheduledState.PENDING)
        pending.update(state=ScheduledState.SUPERSEDED, ended_at=entry["at"], ended_by=entry["origin"].actor)
    return ledger.book(row, kind=LedgerKind.PLAN, counted_before_minor=counted_minor, price_after=row.price, **entry)
