"""What a bank says of a debit, days after it was asked: it has paid, or not. The invoice and Checkout's session follow."""

from billing.sandbox.engine import bank_accounts, disputes, mandates, paying, payment_methods, payments
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def answer(tx: Transaction, identity: str) -> None:
    """The day has come."""
    intent = tx.edit("payment_intent", identity)
    tx.follow(intent["customer"])
    refusal = bank_accounts.FAILURES.get(str(intent.pop("_bank_says", "")))
    intent.pop("_settles_at", None)
    charge = tx.edit("charge", intent["latest_charge"])
    if refusal is None:
        _arrived(tx, intent, charge)
    else:
        charge.update(status="failed", paid=False, captured=False, amount_captured=0, receipt_url=None)
        charge.update(failure_code=refusal.code, failure_message=refusal.message)
        tx.emit("charge.failed", charge)
        payments.fail(tx, intent, refusal, charge)
    paying.after_bank(tx, intent, is_retried=refusal is not None and refusal.code in bank_accounts.RETRIED)
    _tell_session(tx, intent, paid=refusal is None)


def _arrived(tx: Transaction, intent: Obj, charge: Obj) -> None:
    charge.update(status="succeeded", paid=True)
    tx.emit("charge.succeeded", charge)
    intent.update(status=payments.SUCCEEDED, amount_received=intent["amount"])
    tx.emit("payment_intent.succeeded", intent)
    method = tx.need("payment_method", intent["payment_method"])
    if payment_methods.bank_of(method).is_disputed and not tx.preview:
        disputes.debit_lost(tx, charge)
        mandates.revoke(tx, method)


def _tell_session(tx: Transaction, intent: Obj, *, paid: bool) -> None:
    """The session that began with this debit hears of its end. (A later attempt of the same invoice is none of its.)"""
    invoice = tx.get("invoice", intent.get("_invoice"))
    if invoice is None or not invoice["_subscription"]:
        return
    for row in tx.find("checkout.session", "subscription", invoice["_subscription"]):
        if row["invoice"] == invoice["id"] and row["payment_status"] == "unpaid":
            session = tx.edit("checkout.session", row["id"])
            if paid:
                session["payment_status"] = "paid"
            tx.emit(f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)
