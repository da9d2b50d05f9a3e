"""Collecting an invoice: with which card, what an attempt leads to, when it is tried again."""

from billing.sandbox import errors
from billing.sandbox.engine import dunning, finalizing, payment_methods, payments, settling, standing
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def method_of(tx: Transaction, invoice: Obj) -> Obj | None:
    """What an invoice is charged to: its own payment method, its subscription's, its customer's."""
    subscription = tx.get("subscription", invoice.get("_subscription")) or {}
    return _first_of(tx, invoice["customer"], invoice["default_payment_method"], subscription.get("default_payment_method"))


def default_of(tx: Transaction, subscription: Obj) -> Obj | None:
    """What a subscription's next invoice is charged to."""
    return _first_of(tx, subscription["customer"], subscription["default_payment_method"])


def _first_of(tx: Transaction, customer: str, *chosen: str | None) -> Obj | None:
    settings = tx.need("customer", customer).get("invoice_settings") or {}
    for identity in (*chosen, settings.get("default_payment_method")):
        method = tx.get("payment_method", identity)
        if method is not None and method["customer"] == customer:
            return method
    return None


def has_method(tx: Transaction, customer: Obj, subscription: Obj | None) -> bool:
    """Whether there is a card to charge at all."""
    chosen = (subscription or {}).get("default_payment_method")
    return bool(chosen or (customer.get("invoice_settings") or {}).get("default_payment_method"))


def attempt(
    tx: Transaction,
    identity: str,
    *,
    method: Obj | None = None,
    off_session: bool,
    authenticated: bool = False,
    automatic: bool = False,
) -> Obj:
    """Try to collect an open invoice; the intent afterwards, or None where there was no card to try.

    `automatic` attempts are the ones the calendar makes, and only those set the next one.
    """
    invoice = tx.edit("invoice", identity, "invoice")
    intent = settling.intent_of(tx, invoice)
    assert intent is not None, f"{identity} is open without a payment intent"
    chosen = method or method_of(tx, invoice)
    if chosen is None:
        _count(tx, invoice, automatic=automatic)
        standing.failed(tx, invoice)
        tx.emit("invoice.payment_failed", invoice)
        return intent
    intent = payments.attempt(tx, intent["id"], chosen, off_session=off_session, authenticated=authenticated)
    if intent["status"] == payments.PROCESSING:
        _wait_for_bank(tx, invoice)
        return intent
    if intent["status"] != payments.SUCCEEDED:
        _count(tx, invoice, automatic=automatic)
    after(tx, intent)
    return intent


def _wait_for_bank(tx: Transaction, invoice: Obj) -> None:
    """It is open, and nobody tries it again before the bank has answered."""
    invoice.update(attempted=True, next_payment_attempt=None, _processing=True)
    invoice["attempt_count"] += 1
    standing.processing(tx, invoice)


def after_bank(tx: Transaction, intent: Obj, *, is_retried: bool) -> None:
    """Carry a bank's late answer over to the invoice. Another try follows only where `is_retried`."""
    invoice = tx.get("invoice", intent.get("_invoice"))
    if invoice is None:
        return
    invoice = tx.edit("invoice", invoice["id"])
    invoice.pop("_processing", None)
    if intent["status"] == payments.SUCCEEDED:
        settling.mark_paid(tx, invoice)
        return
    if is_retried and invoice["auto_advance"]:
        dunning.plan(tx, invoice)
    standing.failed(tx, invoice)
    tx.emit("invoice.payment_failed", invoice)


def _count(tx: Transaction, invoice: Obj, *, automatic: bool) -> None:
    invoice["attempted"] = True
    invoice["attempt_count"] += 1
    if automatic:
        dunning.plan(tx, invoice)


def after(tx: Transaction, intent: Obj) -> None:
    """Carry an intent's new status over to its invoice."""
    identity = intent.get("_invoice")
    if not identity:
        return
    invoice = tx.edit("invoice", identity)
    if intent["status"] == payments.SUCCEEDED:
        invoice["attempt_count"] += 1
        settling.mark_paid(tx, invoice)
        return
    standing.failed(tx, invoice)
    if intent["status"] == payments.REQUIRES_ACTION:
        tx.emit("invoice.payment_action_required", invoice)
    else:
        tx.emit("invoice.payment_failed", invoice)


def collect(tx: Transaction, identity: str, *, off_session: bool, automatic: bool = False) -> Obj:
    """Finalize a draft and, where it is charged automatically, charge it. The invoice afterwards."""
    invoice = finalizing.finalize(tx, identity)
    if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        attempt(tx, identity, off_session=off_session, automatic=automatic)
    return tx.need("invoice", identity)


def pay(tx: Transaction, identity: str, params: Obj) -> Obj:
    """The API's `pay`. Raises the card's refusal; an invoice that needs authentication answers 402 as well."""
    invoice = tx.edit("invoice", identity, "invoice")
    if invoice["status"] == "draft":
        invoice = finalizing.finalize(tx, identity)
    if invoice["status"] == "paid":
        raise errors.invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise errors.invalid("This invoice is void and can't be paid.", code="invoice_not_editable")
    if params.get("paid_out_of_band"):
        settling.mark_paid(tx, invoice, off_stripe=True)
        return invoice
    method = payment_methods.resolve(tx, params["payment_method"]) if params.get("payment_method") else method_of(tx, invoice)
    if method is None:
        raise errors.invalid(
            "There is no `default_payment_method` set on this Customer or Invoice.", code="invoice_no_payment_method_types"
        )
    attempt(tx, identity, method=method, off_session=params.get("off_session", True))
    try:
        refuse_unless_paid(tx, tx.need("invoice", identity))
    except errors.CardError as error:
        error.keeps_work = True
        raise
    return tx.need("invoice", identity)


def refuse_unless_paid(tx: Transaction, invoice: Obj) -> None:
    """Raise 402 for an invoice whose attempt did not end in payment."""
    intent = settling.intent_of(tx, invoice)
    if invoice["status"] == "paid" or intent is None or intent["status"] == payments.PROCESSING:
        return
    if intent["status"] == payments.REQUIRES_ACTION:
        raise errors.CardError(
            "This payment requires additional user action before it can be completed successfully. Payment can be completed "
            "using the PaymentIntent associated with the invoice.",
            code="subscription_payment_intent_requires_action",
        )
    raise payments.error_of(intent)
