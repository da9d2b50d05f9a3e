"""Charging: one attempt of a payment intent with a payment method, by the test card's behaviour."""

from billing.sandbox import errors, ids
from billing.sandbox.engine import cards, disputes, payment_methods
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

SUCCEEDED, REQUIRES_ACTION, FAILED = "succeeded", "requires_action", "requires_payment_method"


def new_intent(tx: Transaction, amount: int, currency: str, customer: str | None, **fields: object) -> Obj:
    """Store a payment intent that waits for a payment method."""
    intent = tx.new(
        "payment_intent",
        amount=amount,
        currency=currency,
        customer=customer,
        capture_method="automatic",
        confirmation_method="automatic",
        payment_method_types=["card"],
        status="requires_payment_method",
        amount_details={"tip": {}},
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
    )
    intent["client_secret"] = f"{intent['id']}_secret_{ids.token(25)}"
    intent.update(fields)
    return tx.add(intent)


def attempt(tx: Transaction, identity: str, method: Obj, *, off_session: bool, authenticated: bool = False) -> Obj:
    """Try to charge; the intent afterwards tells: succeeded, requires_action, or requires_payment_method with an error."""
    intent = tx.edit("payment_intent", identity)
    intent["payment_method"] = method["id"]
    intent["next_action"] = intent["last_payment_error"] = None
    forced = None if authenticated else _forced(tx, intent["customer"])
    if not authenticated and _challenged(method, forced, off_session=off_session):
        return _challenge(tx, intent, off_session=off_session)
    refusal = forced.refusal if forced else payment_methods.card_of(method).refusal
    if refusal is not None:
        return fail(tx, intent, refusal, _charge(tx, intent, method, refusal))
    if authenticated or not off_session:
        tx.edit("payment_method", method["id"])["_set_up"] = True
    return _succeed(tx, intent, method)


def _forced(tx: Transaction, customer: str | None) -> cards.Card | None:
    """The outcome that someone set for the next payment, as a card that would have it."""
    outcomes = tx.account.outcomes
    for entry in outcomes:
        if entry["customer"] in {None, customer} and not tx.preview:
            outcomes.remove(entry)
            challenge = "always" if entry["outcome"] == "requires_action" else "never"
            return cards.Card("4242424242424242", "forced", entry["outcome"], challenge)
    return None


def _challenged(method: Obj, forced: cards.Card | None, *, off_session: bool) -> bool:
    card = forced or payment_methods.card_of(method)
    if card.challenge == "once":
        return not method["_set_up"] or not off_session
    return card.challenge == "always"


def _challenge(tx: Transaction, intent: Obj, *, off_session: bool) -> Obj:
    """Ask for 3-D Secure. Off session nobody is there to answer, and the intent needs a payment method again."""
    address = f"{tx.account.base_url}/3ds/{intent['id']}"
    intent["status"] = REQUIRES_ACTION
    intent["next_action"] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"url": address, "return_url": intent.get("_return_url")},
    }
    intent["_off_session"] = off_session
    tx.emit("payment_intent.requires_action", intent)
    return intent


def fail(tx: Transaction, intent: Obj, refusal: cards.Refusal, charge: Obj | None = None) -> Obj:
    """The attempt did not go through; the intent may be tried again with another payment method."""
    method = tx.get("payment_method", intent["payment_method"])
    intent["status"] = FAILED
    intent["next_action"] = None
    intent["last_payment_error"] = {
        "advice_code": "try_again_later" if refusal.code == "processing_error" else None,
        "charge": charge["id"] if charge else None,
        "code": refusal.code,
        "decline_code": refusal.decline_code,
        "doc_url": errors.DOCUMENTATION + refusal.code.replace("_", "-"),
        "message": refusal.message,
        "param": None,
        "payment_method": {key: value for key, value in (method or {}).items() if not key.startswith("_")} or None,
        "type": "card_error" if refusal.decline_code else "invalid_request_error",
    }
    intent["latest_charge"] = charge["id"] if charge else intent["latest_charge"]
    intent["payment_method"] = None
    tx.emit("payment_intent.payment_failed", intent)
    return intent


def _succeed(tx: Transaction, intent: Obj, method: Obj) -> Obj:
    charge = _charge(tx, intent, method, None)
    intent.update(status=SUCCEEDED, amount_received=intent["amount"], latest_charge=charge["id"])
    tx.emit("payment_intent.succeeded", intent)
    disputes.after_charge(tx, charge, method)
    return intent


def _charge(tx: Transaction, intent: Obj, method: Obj, refusal: cards.Refusal | None) -> Obj:
    paid = refusal is None
    charge = tx.new(
        "charge",
        amount=intent["amount"],
        amount_captured=intent["amount"] if paid else 0,
        captured=paid,
        paid=paid,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        payment_intent=intent["id"],
        payment_method=method["id"],
        status="succeeded" if paid else "failed",
        metadata=dict(intent["metadata"]),
        billing_details=dict(method["billing_details"]),
        calculated_statement_descriptor="SANDBOX",
        fraud_details={},
        radar_options={},
    )
    charge["payment_method_details"] = {"type": "card", "card": _card_details(method)}
    charge["receipt_url"] = f"{tx.account.base_url}/receipts/{charge['id']}" if paid else None
    charge["outcome"] = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network" if paid else "declined_by_network",
        "reason": None if refusal is None else refusal.decline_code,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "Payment complete." if paid else "The bank did not return any further details with this decline.",
        "type": "authorized" if paid else "issuer_declined",
    }
    if refusal:
        charge.update(failure_code=refusal.code, failure_message=refusal.message)
    tx.add(charge)
    tx.emit("charge.succeeded" if paid else "charge.failed", charge)
    return charge


def _card_details(method: Obj) -> Obj:
    card = method["card"]
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    return {key: card[key] for key in kept} | {
        "network": card["brand"],
        "three_d_secure": None,
        "mandate": None,
        "installments": None,
    }


def error_of(intent: Obj) -> errors.CardError:
    """The 402 that a failed attempt answers with."""
    failed = intent["last_payment_error"] or {}
    return errors.CardError(
        failed.get("message", cards.DECLINED.message),
        code=failed.get("code", cards.DECLINED.code),
        decline_code=failed.get("decline_code"),
        payment_method=failed.get("payment_method"),
        charge=failed.get("charge"),
    )


def cancel(tx: Transaction, identity: str, reason: str) -> Obj:
    """Cancel an intent that has not succeeded."""
    intent = tx.edit("payment_intent", identity)
    intent.update(status="canceled", canceled_at=tx.now, cancellation_reason=reason, next_action=None)
    tx.emit("payment_intent.canceled", intent)
    return intent
