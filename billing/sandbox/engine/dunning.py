"""What happens to an invoice that isn't paid: it is tried again by a calendar, whose end the account's settings decide."""

from billing.sandbox.engine import periods
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def plan(tx: Transaction, invoice: Obj) -> None:
    """Set the next attempt after a failed one, counted in days from the first failure; None once the calendar is through."""
    first = invoice.setdefault("_first_failure", tx.now)
    later = [first + days * periods.DAY for days in tx.account.settings["retry_days"]]
    invoice["next_payment_attempt"] = next((at for at in later if at > tx.now), None)
    if invoice["next_payment_attempt"] is None:
        invoice["_exhausted"] = True


def exhausted(invoice: Obj) -> bool:
    """Whether the last retry has failed."""
    return invoice["status"] == "open" and bool(invoice.get("_exhausted"))
