"""Pay first: while a payment is missing, nothing is changed that would give something back of what was not paid for.

Cancelling stays open: what is behind ends at once (leaving.endings). An invoice that is open and not yet due is in
nobody's way: what gives something back waits for the period's end anyhow.
"""

from collections.abc import Sequence

from billing.models import OWING_STATUSES, Invoice, Subscription
from billing.queries import unpaid
from billing.services.changes import seat_errors


class PayFirst(seat_errors.SeatsError):
    """`invoices` are overdue, the oldest first: pay them, or cancel. Empty: a payment is missing, and not known yet which."""

    def __init__(self, invoices: Sequence[Invoice]) -> None:
        super().__init__("A payment is missing: pay what is overdue first.")
        self.invoices = tuple(invoices)

    @property
    def amount_minor(self) -> int:
        """What is overdue in all."""
        return sum(invoice.amount_remaining_minor for invoice in self.invoices)


def check(row: Subscription) -> None:
    """Raises PayFirst. One query; up to three where something is missing."""
    invoices = list(unpaid.overdue(row))
    if invoices or unpaid.status(row) in OWING_STATUSES:
        raise PayFirst(invoices)


def settled_status(row: Subscription) -> str:
    """Its status (billing.queries.unpaid), where that tells of no missing payment: else raises PayFirst. Mostly no query."""
    status = unpaid.status(row)
    if status in OWING_STATUSES:
        raise PayFirst(list(unpaid.overdue(row)))
    return status
