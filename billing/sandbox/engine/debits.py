"""Bank debits on their way: `processing` from the attempt until the bank has answered, days later (see `clearing`)."""

from datetime import UTC, datetime
from typing import Final

from billing.sandbox import errors
from billing.sandbox.engine import bank_accounts, charges, mandates, periods
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

PROCESSING: Final = "processing"
SATURDAY: Final = 5


def begin(tx: Transaction, intent: Obj, method: Obj, outcome: str) -> Obj:
    """Send a debit to its bank; the intent is processing. `outcome` is what the bank will say."""
    kind = method["type"]
    if intent["currency"] != bank_accounts.CURRENCIES[kind]:
        raise errors.invalid(
            f"The payment method type `{kind}` can't be used with the currency {intent['currency']}; it needs "
            f"{bank_accounts.CURRENCIES[kind]}.",
            "payment_method",
        )
    mandates.ensure(tx, method)
    method = tx.need("payment_method", method["id"])
    if tx.need("mandate", method["_mandate"])["status"] != "active":
        raise errors.invalid("The mandate of this payment method is no longer active.", code="payment_intent_mandate_invalid")
    settles_at = answered_at(tx, kind)
    charge = charges.new(tx, intent, method, None, pending_until=settles_at)
    intent.update(
        status=PROCESSING,
        payment_method=method["id"],
        payment_method_types=[*dict.fromkeys((*intent["payment_method_types"], kind))],
        latest_charge=charge["id"],
        _bank_says=outcome,
        _settles_at=None if outcome == "processing" else settles_at,
        _clock=(tx.get("customer", intent["customer"]) or {}).get("test_clock"),
    )
    tx.emit("payment_intent.processing", intent)
    return intent


def answered_at(tx: Transaction, kind: str) -> int:
    """When the bank has answered: so many working days from now, at this time of day."""
    at, left = tx.now, int(tx.account.settings["debit_days"][kind])
    while left > 0:
        at += periods.DAY
        left -= datetime.fromtimestamp(at, UTC).weekday() < SATURDAY
    return at
