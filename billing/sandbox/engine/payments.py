"""Charging: one attempt of a payment intent with a payment method, by the test card's or the test bank account's behaviour."""

from billing.sandbox import errors, ids
from billing.sandbox.engine import bank_accounts, cards, charges, debits, disputes, payment_methods
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

SUCCEEDED, REQUIRES_ACTION, FAILED = "succeeded", "requires_action", "requires_payment_method"
PROCESSING = debits.PROCESSING


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
    """Try to charge; the intent afterwards: succeeded, processing, requires_action, or requires_payment_method (failed)."""
    intent = tx.edit("payment_intent", identity)
    _check_idle(intent)
    intent["payment_method"] = method["id"]
    intent["next_action"] = intent["last_payment_error"] = None
    if method["type"] in bank_accounts.KINDS:
        return _debit(tx, intent, method)
    forced = None if authenticated else _forced(tx, intent["customer"])
    if not authenticated and _challenged(method, forced, off_session=off_session):
        return _challenge(tx, intent, off_session=off_session)
    refusal = forced.refusal if forced else payment_methods.card_of(method).refusal
    if refusal is not None:
        return fail(tx, intent, refusal, charges.new(tx, intent, method, refusal))
    if authenticated or not off_session:
        tx.edit("payment_method", method["id"])["_set_up"] = True
    return _succeed(tx, intent, method)


def _check_idle(intent: Obj) -> None:
    """What a bank is at work on is not asked for a second time."""
    if intent["status"] == PROCESSING:
        raise errors.invalid(
            "This PaymentIntent's payment is processing; it can't be confirmed again before its bank has answered.",
            code="payment_intent_unexpected_state",
        )


def _debit(tx: Transaction, intent: Obj, method: Obj) -> Obj:
    """Ask a bank. What it says comes days later (`clearing`), but for what Stripe does not even send."""
    wanted = _forced_outcome(tx, intent["customer"]) or payment_methods.bank_of(method).outcome
    if wanted in bank_accounts.AT_ONCE:
        refusal = bank_accounts.FAILURES[wanted]
        return fail(tx, intent, refusal, charges.new(tx, intent, method, refusal))
    return debits.begin(tx, intent, method, wanted)


def _forced_outcome(tx: Transaction, customer: str | None) -> str:
    """The outcome that someone set for the next payment, as a bank would say it; empty: none."""
    forced = _forced(tx, customer)
    if forced is None:
        return ""
    return forced.outcome if forced.outcome in {*bank_accounts.FAILURES, SUCCEEDED} else "failed"


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
    intent.pop("_settles_at", None)
    intent["latest_charge"] = charge["id"] if charge else intent["latest_charge"]
    intent["payment_method"] = None
    tx.emit("payment_intent.payment_failed", intent)
    return intent


def _succeed(tx: Transaction, intent: Obj, method: Obj) -> Obj:
    charge = charges.new(tx, intent, method, None)
    intent.update(status=SUCCEEDED, amount_received=intent["amount"], latest_charge=charge["id"])
    tx.emit("payment_intent.succeeded", intent)
    disputes.after_charge(tx, charge, method)
    return intent


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
