"""Pay first: while a payment is missing, nothing is changed that would give something back of what was not paid for.

Cancelling stays open: what is behind ends at once (leaving.endings). An invoice that is open and not yet due is in
nobody's way: what gives something back waits for the period's end anyhow.
"""

from datetime import datetime

from billing.models import Invoice, Subscription
from billing.queries import unpaid
from billing.services.changes import seats


class PayFirst(seats.SeatsError):
    """`invoice` is overdue: pay it first, or cancel. None: a payment is missing, and its invoice not heard of yet."""

    def __init__(self, invoice: Invoice | None) -> None:
        super().__init__(f"Invoice {invoice} is overdue: pay it first." if invoice else "A payment is missing: pay it first.")
        self.invoice = invoice


def check(row: Subscription, at: datetime) -> None:
    """Raises PayFirst. One query."""
    invoice = unpaid.overdue(row, at)
    if invoice is not None or row.status in ("past_due", "unpaid"):
        raise PayFirst(invoice)
