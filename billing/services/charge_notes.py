"""What a mail about a charge says besides: what of a window it bills, added by whom and when, and what it could not charge."""

from typing import Any

from billing.models import ChangeKind, Invoice, SeatChange
from billing.queries import windows


def of_change(change: SeatChange) -> dict[str, Any]:
    """Of one that was made. Two queries where it bills seats that were had before."""
    bills = change.kind == ChangeKind.WINDOW or change.preview.get("unbilled")
    window = getattr(change, "billed_window", None) if bills else None
    return {
        "additions": windows.additions(window) if window is not None else [],
        "carried_minor": change.carried_minor,
    }


def of_invoice(invoice: Invoice) -> dict[str, Any]:
    """Of a receipt: with what came from the customer's credit (below 0), or was owed from before. Up to two queries."""
    window = windows.billed_by_invoice(invoice)
    settled = invoice.amount_paid_minor + invoice.carried_minor
    return {
        "additions": windows.additions(window) if window is not None else [],
        "carried_minor": invoice.carried_minor,
        "credit_minor": min(settled - invoice.total_minor, 0),
        "owed_minor": max(settled - invoice.total_minor, 0),
    }
