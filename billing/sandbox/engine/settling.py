"""How an invoice ends: paid, void or uncollectible; and what it does to the customer's balance."""

from billing.sandbox import errors
from billing.sandbox.engine import balances, payments, standing
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def intent_of(tx: Transaction, invoice: Obj) -> Obj | None:
    """The payment intent that collects this invoice."""
    rows = [row for row in tx.find("payment_intent", "_invoice", invoice["id"]) if row["status"] != "canceled"]
    return rows[-1] if rows else None


def mark_paid(tx: Transaction, invoice: Obj, *, off_stripe: bool = False) -> None:
    """Close the invoice as paid in full."""
    invoice["status"] = "paid"
    invoice["amount_paid"] = 0 if off_stripe else invoice["amount_due"]
    invoice["amount_paid_off_stripe"] = invoice["amount_due"] if off_stripe else 0
    invoice["amount_remaining"] = 0
    invoice["attempted"] = True
    invoice["auto_advance"] = False
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["paid_at"] = tx.now
    _close_payments(tx, invoice, "paid" if not off_stripe else "canceled")
    standing.paid(tx, invoice)
    tx.emit("invoice.paid", invoice)
    tx.emit("invoice.payment_succeeded", invoice)


def _close_payments(tx: Transaction, invoice: Obj, status: str) -> None:
    for row in tx.find("invoice_payment", "invoice", invoice["id"]):
        if row["status"] != "open":
            continue
        payment = tx.edit("invoice_payment", row["id"])
        payment["status"] = status
        if status == "paid":
            payment["amount_paid"] = payment["amount_requested"]
        payment["status_transitions"]["paid_at" if status == "paid" else "canceled_at"] = tx.now
        if status == "paid":
            tx.emit("invoice_payment.paid", payment)


def void(tx: Transaction, identity: str) -> Obj:
    """Void an open invoice; what it took from the balance goes back."""
    invoice = tx.edit("invoice", identity, "invoice")
    if invoice["status"] not in {"open", "uncollectible"}:
        raise errors.invalid(
            f"You can only pass in open or uncollectible invoices. This invoice isn't {invoice['status']}."
            if invoice["status"] == "draft"
            else f"This invoice is already {invoice['status']}; only open and uncollectible invoices can be voided.",
            code="invoice_not_editable",
        )
    if invoice.get("_processing"):
        raise errors.invalid(
            "This invoice has a payment that is processing; it can't be voided before its bank has answered.",
            code="invoice_not_editable",
        )
    _give_back(tx, invoice)
    abandon(tx, invoice, "void_invoice")
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = tx.now
    standing.dropped(tx, invoice)
    tx.emit("invoice.voided", invoice)
    return invoice


def _give_back(tx: Transaction, invoice: Obj) -> None:
    applied = invoice.get("_applied_balance", 0)
    if applied:
        balances.move(tx, invoice["customer"], -applied, invoice["currency"], "unapplied_from_invoice", invoice=invoice["id"])
        invoice["_applied_balance"] = 0


def abandon(tx: Transaction, invoice: Obj, reason: str) -> None:
    """Stop asking for an invoice's payment."""
    invoice["auto_advance"] = False
    invoice["next_payment_attempt"] = None
    intent = intent_of(tx, invoice)
    if intent is not None and intent["status"] != "succeeded":
        payments.cancel(tx, intent["id"], reason)
    _close_payments(tx, invoice, "canceled")


def write_off(tx: Transaction, identity: str, reason: str | None = None) -> Obj:
    """Mark an open invoice uncollectible. It can still be paid."""
    invoice = tx.edit("invoice", identity, "invoice")
    if invoice["status"] != "open":
        raise errors.invalid("Only open invoices can be marked uncollectible.", code="invoice_not_editable")
    invoice["status"] = "uncollectible"
    invoice["auto_advance"] = False
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["marked_uncollectible_at"] = tx.now
    if reason:
        invoice["status_details"] = {"uncollectible": {"reason": reason}}
    standing.dropped(tx, invoice)
    tx.emit("invoice.marked_uncollectible", invoice)
    return invoice
