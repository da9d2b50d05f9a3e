"""From draft to open: number, balance, payment intent; amounts of nothing, or too small to charge, are settled at once."""

from billing.sandbox import errors
from billing.sandbox.engine import amounts, automatic_tax, balances, drafting, payments, periods, settling
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def finalize(tx: Transaction, identity: str) -> Obj:
    """Make a draft final. Without anything to collect it is paid on the spot."""
    invoice = tx.edit("invoice", identity, "invoice")
    if invoice["status"] != "draft":
        raise errors.invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.", code="invoice_not_editable"
        )
    drafting.compute(tx, invoice)
    if invoice["automatic_tax"]["status"] == "requires_location_inputs":
        _give_up_tax(tx, invoice)
    _number(tx, invoice)
    _apply_balance(tx, invoice)
    base = tx.account.base_url
    invoice.update(
        status="open",
        effective_at=tx.now,
        automatically_finalizes_at=None,
        hosted_invoice_url=f"{base}/i/{invoice['id']}",
        invoice_pdf=f"{base}/i/{invoice['id']}/pdf",
    )
    invoice["status_transitions"]["finalized_at"] = tx.now
    if invoice["collection_method"] == "send_invoice" and not (invoice["due_date"] and invoice["due_date"] > tx.now):
        invoice["due_date"] = tx.now + int(invoice.get("_days_until_due", 30)) * periods.DAY
    if invoice["amount_due"] > 0:
        _ask_for_payment(tx, invoice)
    tx.emit("invoice.finalized", invoice)
    if invoice["amount_due"] == 0:
        settling.mark_paid(tx, invoice)
    elif invoice["collection_method"] == "send_invoice":
        tx.emit("invoice.sent", invoice)
    return invoice


def _give_up_tax(tx: Transaction, invoice: Obj) -> None:
    """Nobody knows where the customer is: the invoice goes out untaxed, and nothing is taxed by itself any more."""
    drafting.set_automatic_tax(tx, invoice, None)
    invoice["automatic_tax"]["disabled_reason"] = "finalization_requires_location_inputs"
    subscription = tx.get("subscription", invoice["_subscription"])
    if subscription:
        row = tx.edit("subscription", subscription["id"])
        row["automatic_tax"] = {**automatic_tax.setting(None), "disabled_reason": "requires_location_inputs"}


def _number(tx: Transaction, invoice: Obj) -> None:
    customer = tx.edit("customer", invoice["customer"])
    invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    balances.settle_currency(customer, invoice["currency"])


def _apply_balance(tx: Transaction, invoice: Obj) -> None:
    """Use the balance, or put a credit or a trifle on it. `_applied_balance` is what would be given back."""
    currency, customer = invoice["currency"], invoice["customer"]
    # Afterwards the balance holds what the amount due does not cover.
    applied = invoice["total"] - invoice["amount_due"]
    if applied:
        balances.move(tx, customer, applied, currency, "applied_to_invoice", invoice=invoice["id"])
    invoice["_applied_balance"] = applied
    if amounts.too_small(invoice["amount_due"], currency):
        balances.move(tx, customer, invoice["amount_due"], currency, "invoice_too_small", invoice=invoice["id"])
        invoice["_applied_balance"] += invoice["amount_due"]
        invoice["amount_due"] = 0
    invoice["ending_balance"] = balances.of(tx, customer, currency)
    invoice["amount_remaining"] = invoice["amount_due"]


def _ask_for_payment(tx: Transaction, invoice: Obj) -> None:
    intent = payments.new_intent(
        tx,
        invoice["amount_due"],
        invoice["currency"],
        invoice["customer"],
        description="Subscription update"
        if invoice["billing_reason"] == "subscription_update"
        else "Subscription creation"
        if invoice["billing_reason"] == "subscription_create"
        else "Payment for Invoice",
        metadata={},
        setup_future_usage="off_session",
        _invoice=invoice["id"],
        _return_url=f"{tx.account.base_url}/i/{invoice['id']}",
    )
    payment = {"type": "payment_intent", "payment_intent": intent["id"], "charge": None, "payment_record": None}
    tx.add(
        tx.new(
            "invoice_payment",
            amount_requested=invoice["amount_due"],
            currency=invoice["currency"],
            invoice=invoice["id"],
            is_default=True,
            payment=payment,
            status="open",
            _payment_intent=intent["id"],
        )
    )
