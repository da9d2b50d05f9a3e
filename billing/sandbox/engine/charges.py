"""Charges: what one attempt of a payment intent leaves behind, with the details of the card or bank account."""

from datetime import UTC, datetime

from billing.sandbox import ids
from billing.sandbox.engine import bank_accounts
from billing.sandbox.engine.cards import Refusal
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def new(tx: Transaction, intent: Obj, method: Obj, refusal: Refusal | None, *, pending_until: int | None = None) -> Obj:
    """Store a charge: paid, refused, or (a bank's) under way until an instant."""
    is_pending = pending_until is not None
    paid = refusal is None and not is_pending
    charge = tx.new(
        "charge",
        **({"id": f"py_{ids.token(24)}"} if method["type"] in bank_accounts.KINDS else {}),
        amount=intent["amount"],
        amount_captured=intent["amount"] if refusal is None else 0,
        captured=refusal is None,
        paid=paid,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        payment_intent=intent["id"],
        payment_method=method["id"],
        status="pending" if is_pending else "succeeded" if paid else "failed",
        metadata=dict(intent["metadata"]),
        billing_details=dict(method["billing_details"]),
        calculated_statement_descriptor="SANDBOX",
        fraud_details={},
        radar_options={},
    )
    charge["payment_method_details"] = details(method, pending_until)
    charge["receipt_url"] = None if refusal else f"{tx.account.base_url}/receipts/{charge['id']}"
    charge["outcome"] = _outcome(refusal)
    if refusal:
        charge.update(failure_code=refusal.code, failure_message=refusal.message)
    tx.add(charge)
    tx.emit("charge.pending" if is_pending else "charge.succeeded" if paid else "charge.failed", charge)
    return charge


def _outcome(refusal: Refusal | None) -> Obj:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network" if refusal is None else "declined_by_network",
        "reason": None if refusal is None else refusal.decline_code,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "Payment complete."
        if refusal is None
        else "The bank did not return any further details with this decline.",
        "type": "authorized" if refusal is None else "issuer_declined",
    }


def details(method: Obj, pending_until: int | None) -> Obj:
    """The `payment_method_details` of a charge."""
    kind = method["type"]
    if kind == "card":
        return {"type": "card", "card": _card(method["card"])}
    held = method[kind]
    expected = datetime.fromtimestamp(pending_until, UTC).strftime("%Y-%m-%d") if pending_until else None
    shared = {"expected_debit_date": expected, "mandate": method.get("_mandate")}
    kept: tuple[str, ...]
    if kind == bank_accounts.SEPA:
        kept = ("bank_code", "branch_code", "country", "fingerprint", "last4")
    else:
        kept = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number")
        shared["payment_reference"] = None
    return {"type": kind, kind: {name: held[name] for name in kept} | shared}


def _card(card: Obj) -> Obj:
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    return {key: card[key] for key in kept} | {
        "network": card["brand"],
        "three_d_secure": None,
        "mandate": None,
        "installments": None,
    }
