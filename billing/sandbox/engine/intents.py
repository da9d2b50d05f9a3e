"""Payment and setup intents: their verbs, and the customer's answer to a 3-D Secure challenge."""

from billing.sandbox import errors, ids, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import bank_accounts, cards, mandates, paying, payment_methods, payments
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

AUTHENTICATION_FAILED = "authentication_failed"


def authenticate(tx: Transaction, identity: str, *, succeed: bool) -> Obj:
    """The customer passed or failed the challenge of a payment or setup intent; the intent afterwards.

    An intent of a Checkout session is the session's affair: see `checkout.authenticate`.
    """
    kind = ids.kind_of(identity) or "payment_intent"
    intent = tx.edit(kind, identity, "intent")
    tx.follow(intent["customer"])
    if intent["status"] != payments.REQUIRES_ACTION:
        raise errors.invalid(
            f"This intent has the status {intent['status']} and needs no action.", code="payment_intent_unexpected_state"
        )
    if kind == "setup_intent":
        return _after_setup_challenge(tx, intent, succeed=succeed)
    method = tx.need("payment_method", intent["payment_method"])
    if not succeed:
        refusal = cards.OUTCOMES[AUTHENTICATION_FAILED]
        assert refusal is not None
        payments.fail(tx, intent, refusal)
        paying.after(tx, intent)
        return intent
    if intent.get("_invoice"):
        return paying.attempt(tx, intent["_invoice"], method=method, off_session=False, authenticated=True)
    return payments.attempt(tx, identity, method, off_session=False, authenticated=True)


# Payment intents


def create_payment(call: Call) -> Obj:
    tx, params = call.tx, call.params
    tx.follow(params.get("customer"))
    intent = payments.new_intent(tx, params["amount"], params["currency"].lower(), params.get("customer"))
    assign(intent, params, "description", "receipt_email", "setup_future_usage", "statement_descriptor")
    intent["_return_url"] = params.get("return_url")
    if params.get("payment_method"):
        method = payment_methods.resolve(tx, params["payment_method"])
        intent.update(payment_method=method["id"], status="requires_confirmation")
    return _confirm(tx, intent["id"], params) if params.get("confirm") else intent


def confirm_payment(call: Call) -> Obj:
    intent = call.tx.need("payment_intent", call.ids["id"], "intent")
    call.tx.follow(intent["customer"])
    return _confirm(call.tx, intent["id"], call.params)


def _confirm(tx: Transaction, identity: str, params: Obj) -> Obj:
    intent = tx.edit("payment_intent", identity, "intent")
    if intent["status"] not in {"requires_payment_method", "requires_confirmation", "requires_action"}:
        raise errors.invalid(
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    chosen = params.get("payment_method") or intent["payment_method"]
    if not chosen:
        raise errors.invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    intent["_return_url"] = params.get("return_url") or intent.get("_return_url")
    method = payment_methods.resolve(tx, chosen)
    off_session = bool(params.get("off_session", False))
    if intent.get("_invoice"):
        intent = paying.attempt(tx, intent["_invoice"], method=method, off_session=off_session)
    else:
        intent = payments.attempt(tx, identity, method, off_session=off_session)
    if intent["status"] == payments.FAILED:
        error = payments.error_of(intent)
        error.keeps_work = True
        raise error
    return intent


def retrieve_payment(call: Call) -> Obj:
    return call.tx.need("payment_intent", call.ids["id"], "intent")


def update_payment(call: Call) -> Obj:
    intent = call.tx.edit("payment_intent", call.ids["id"], "intent")
    assign(intent, call.params, "description", "receipt_email", "setup_future_usage")
    return intent


def cancel_payment(call: Call) -> Obj:
    intent = call.tx.need("payment_intent", call.ids["id"], "intent")
    if intent["status"] in {"succeeded", "canceled"} or intent.get("_invoice"):
        raise errors.invalid(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}, or belongs to an invoice.",
            code="payment_intent_unexpected_state",
        )
    return payments.cancel(call.tx, intent["id"], call.params.get("cancellation_reason") or "requested_by_customer")


def list_payments(call: Call) -> Page:
    where = {name: call.params.get(name) for name in ("customer", "created")}
    return paging.listing(call.tx, "payment_intent", call.params, call.url, where=where)


def retrieve_charge(call: Call) -> Obj:
    return call.tx.need("charge", call.ids["id"], "charge")


def list_charges(call: Call) -> Page:
    where = {name: call.params.get(name) for name in ("customer", "created", "payment_intent")}
    return paging.listing(call.tx, "charge", call.params, call.url, where=where)


# Setup intents


def new_setup(tx: Transaction, customer: str | None, **fields: object) -> Obj:
    """Store a setup intent that waits for a payment method."""
    intent = tx.new(
        "setup_intent",
        customer=customer,
        payment_method_types=["card"],
        status="requires_payment_method",
        usage="off_session",
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
    )
    intent["client_secret"] = f"{intent['id']}_secret_{ids.token(25)}"
    intent.update(fields)
    return tx.add(intent)


def set_up(tx: Transaction, identity: str, method: Obj) -> Obj:
    """Try to set a card up; the intent afterwards: succeeded, requires_action, or requires_payment_method with an error."""
    intent = tx.edit("setup_intent", identity, "intent")
    intent.update(payment_method=method["id"], last_setup_error=None)
    if method["type"] in bank_accounts.KINDS:
        intent["mandate"] = mandates.ensure(tx, method)
        intent["payment_method_types"] = [*dict.fromkeys((*intent["payment_method_types"], method["type"]))]
        return _is_set_up(tx, intent, method["id"])
    card = payment_methods.card_of(method)
    if not card.attaches and card.refusal:
        error = card.refusal.error()
        intent.update(status=payments.FAILED, payment_method=None, last_setup_error={**error.body()["error"]})
        tx.emit("setup_intent.setup_failed", intent)
        return intent
    if card.challenge != "never":
        address = f"{tx.account.base_url}/3ds/{identity}"
        redirect = {"url": address, "return_url": intent.get("_return_url")}
        intent.update(status=payments.REQUIRES_ACTION, next_action={"type": "redirect_to_url", "redirect_to_url": redirect})
        tx.emit("setup_intent.requires_action", intent)
        return intent
    return _is_set_up(tx, intent, method["id"])


def _is_set_up(tx: Transaction, intent: Obj, method: str) -> Obj:
    row = tx.edit("payment_method", method)
    row["_set_up"] = True
    if intent["customer"] and row["customer"] is None:
        row["customer"] = intent["customer"]
        tx.emit("payment_method.attached", row)
    intent.update(status=payments.SUCCEEDED, next_action=None)
    tx.emit("setup_intent.succeeded", intent)
    return intent


def _after_setup_challenge(tx: Transaction, intent: Obj, *, succeed: bool) -> Obj:
    if succeed:
        return _is_set_up(tx, intent, intent["payment_method"])
    refusal = cards.OUTCOMES[AUTHENTICATION_FAILED]
    assert refusal is not None
    error = {"type": "invalid_request_error", "code": "setup_intent_authentication_failure", "message": refusal.message}
    intent.update(status=payments.FAILED, next_action=None, payment_method=None, last_setup_error=error)
    tx.emit("setup_intent.setup_failed", intent)
    return intent


def create_setup(call: Call) -> Obj:
    tx, params = call.tx, call.params
    tx.follow(params.get("customer"))
    intent = new_setup(
        tx, params.get("customer"), usage=params.get("usage", "off_session"), _return_url=params.get("return_url")
    )
    assign(intent, params, "description")
    if params.get("payment_method"):
        intent.update(
            payment_method=payment_methods.resolve(tx, params["payment_method"])["id"], status="requires_confirmation"
        )
    return _confirm_setup(tx, intent, params) if params.get("confirm") else intent


def confirm_setup(call: Call) -> Obj:
    return _confirm_setup(call.tx, call.tx.edit("setup_intent", call.ids["id"], "intent"), call.params)


def _confirm_setup(tx: Transaction, intent: Obj, params: Obj) -> Obj:
    chosen = params.get("payment_method") or intent["payment_method"]
    if not chosen or intent["status"] in {"succeeded", "canceled"}:
        raise errors.invalid("This SetupIntent can't be confirmed as it is.", code="setup_intent_unexpected_state")
    intent["_return_url"] = params.get("return_url") or intent.get("_return_url")
    intent = set_up(tx, intent["id"], payment_methods.resolve(tx, chosen))
    failed = intent["last_setup_error"]
    if failed:
        error = errors.CardError(failed["message"], code=failed["code"], decline_code=failed.get("decline_code"))
        error.keeps_work = True
        raise error
    return intent


def retrieve_setup(call: Call) -> Obj:
    return call.tx.need("setup_intent", call.ids["id"], "intent")


def cancel_setup(call: Call) -> Obj:
    intent = call.tx.edit("setup_intent", call.ids["id"], "intent")
    if intent["status"] in {"succeeded", "canceled"}:
        raise errors.invalid("This SetupIntent can't be canceled as it is.", code="setup_intent_unexpected_state")
    intent.update(status="canceled", cancellation_reason=call.params.get("cancellation_reason"), next_action=None)
    call.tx.emit("setup_intent.canceled", intent)
    return intent


def list_setups(call: Call) -> Page:
    where = {name: call.params.get(name) for name in ("customer", "created", "payment_method")}
    return paging.listing(call.tx, "setup_intent", call.params, call.url, where=where)
