"""The invoice verbs of the API, and paying on the hosted page."""

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import (
    cards,
    discounts,
    drafting,
    dunning,
    finalizing,
    paying,
    payment_methods,
    payments,
    settling,
    tax_rates,
)
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

MOST_CUSTOM_FIELDS, LONGEST_NAME, LONGEST_VALUE = 4, 40, 140


def create(call: Call) -> Obj:
    """A draft of what is pending for a customer or one of its subscriptions."""
    tx, params = call.tx, call.params
    if params.get("from_invoice"):
        _refuse_revision(tx, params["from_invoice"])
    customer = tx.live_customer(params.get("customer", ""))
    subscription = tx.need("subscription", params["subscription"], "subscription") if params.get("subscription") else None
    currency = params.get("currency") or (subscription or {}).get("currency") or customer["currency"] or "usd"
    pending = params.get("pending_invoice_items_behavior", "exclude") == "include" or subscription is not None
    invoice = drafting.draft(
        tx,
        customer,
        subscription,
        [],
        reason="manual",
        currency=currency.lower(),
        with_pending=pending,
        auto_advance=bool(params.get("auto_advance", False)),
    )
    _fill(tx, tx.edit("invoice", invoice["id"]), params)
    return tx.need("invoice", invoice["id"])


def _refuse_revision(tx: Transaction, given: Obj) -> None:
    """Stripe revises no invoice of a subscription; others the store makes none of. Source: docs.stripe.com, invoice edits."""
    revised = tx.need("invoice", given.get("invoice"), "from_invoice[invoice]")
    if revised["_subscription"]:
        raise errors.invalid("You can't revise invoices that are attached to subscriptions.", "from_invoice")
    raise errors.invalid("The sandbox makes no revisions.", "from_invoice")


def _fill(tx: Transaction, invoice: Obj, params: Obj) -> None:
    assign(invoice, params, "description", "footer", "default_payment_method", "statement_descriptor", "due_date")
    if "custom_fields" in params:
        invoice["custom_fields"] = _custom_fields(params["custom_fields"])
    for name in ("collection_method", "auto_advance"):
        if name in params:
            invoice[name] = params[name]
    if params.get("payment_settings"):
        invoice["payment_settings"] = {**invoice["payment_settings"], **params["payment_settings"]}
    if params.get("days_until_due") is not None:
        invoice["_days_until_due"] = int(params["days_until_due"])
    _fill_money(tx, invoice, params)
    if invoice["status"] == "draft" and invoice["auto_advance"] and not invoice["automatically_finalizes_at"]:
        invoice["automatically_finalizes_at"] = tx.now + drafting.FINALIZED_AFTER_SECONDS


def _fill_money(tx: Transaction, invoice: Obj, params: Obj) -> None:
    """Discounts and taxes of a draft."""
    if "discounts" in params:
        worth = sum(line["amount"] for line in invoice["lines"]["data"])
        holder = discounts.Holder(
            customer=invoice["customer"], currency=invoice["currency"], amount=worth, invoice=invoice["id"]
        )
        invoice["discounts"] = discounts.redeem(tx, params["discounts"], holder)
    if "default_tax_rates" in params:
        kept = invoice["default_tax_rates"]
        invoice["default_tax_rates"] = tax_rates.named(tx, params["default_tax_rates"], "default_tax_rates", kept)
    if "automatic_tax" in params:
        drafting.set_automatic_tax(tx, invoice, params["automatic_tax"])
    elif {"discounts", "default_tax_rates"} & params.keys():
        drafting.compute(tx, invoice)


def _custom_fields(given: object) -> list[Obj] | None:
    fields = list(given) if isinstance(given, list) else []
    if len(fields) > MOST_CUSTOM_FIELDS:
        raise errors.invalid(f"You can only have up to {MOST_CUSTOM_FIELDS} custom fields.", "custom_fields")
    for index, field in enumerate(fields):
        if len(field["name"]) > LONGEST_NAME or len(field["value"]) > LONGEST_VALUE:
            raise errors.invalid(
                f"Custom field names have at most {LONGEST_NAME} characters, values {LONGEST_VALUE}.", f"custom_fields[{index}]"
            )
    return fields or None


def retrieve(call: Call) -> Obj:
    return fresh(call.tx, call.ids["id"])


def fresh(tx: Transaction, identity: str) -> Obj:
    """The invoice, its sums made anew if its lines changed meanwhile."""
    invoice = tx.need("invoice", identity, "invoice")
    if invoice.get("_stale"):
        invoice = tx.edit("invoice", identity)
        drafting.compute(tx, invoice)
    return invoice


def update(call: Call) -> Obj:
    invoice = call.tx.edit("invoice", call.ids["id"], "invoice")
    locked = call.params.keys() - {"metadata", "auto_advance", "description", "default_payment_method"}
    if invoice["status"] != "draft" and locked:
        raise errors.invalid(
            f"Finalized invoices can't be updated in this way: {min(locked)}.", min(locked), "invoice_not_editable"
        )
    _fill(call.tx, invoice, call.params)
    if invoice["status"] == "open" and "auto_advance" in call.params:
        invoice["next_payment_attempt"] = None
        if invoice["auto_advance"] and invoice["attempted"]:
            dunning.plan(call.tx, invoice)
    return invoice


def delete(call: Call) -> Obj:
    invoice = call.tx.need("invoice", call.ids["id"], "invoice")
    if invoice["status"] != "draft" or invoice["_subscription"]:
        raise errors.invalid(
            "You can only delete draft invoices that don't belong to a subscription.", code="invoice_not_editable"
        )
    for item in call.tx.find("invoiceitem", "invoice", invoice["id"]):
        row = call.tx.edit("invoiceitem", item["id"])
        row["invoice"], row["_pending"] = None, row["customer"]
    return call.tx.remove("invoice", invoice["id"])


def finalize(call: Call) -> Obj:
    tx, identity = call.tx, call.ids["id"]
    tx.follow(tx.need("invoice", identity, "invoice")["customer"])
    return finalizing.finalize(tx, identity)


def pay(call: Call) -> Obj:
    call.tx.follow(call.tx.need("invoice", call.ids["id"], "invoice")["customer"])
    return paying.pay(call.tx, call.ids["id"], call.params)


def void(call: Call) -> Obj:
    call.tx.follow(call.tx.need("invoice", call.ids["id"], "invoice")["customer"])
    return settling.void(call.tx, call.ids["id"])


def mark_uncollectible(call: Call) -> Obj:
    call.tx.follow(call.tx.need("invoice", call.ids["id"], "invoice")["customer"])
    return settling.write_off(call.tx, call.ids["id"])


def send(call: Call) -> Obj:
    invoice = call.tx.edit("invoice", call.ids["id"], "invoice")
    if invoice["status"] == "draft":
        invoice = finalizing.finalize(call.tx, invoice["id"])
    call.tx.emit("invoice.sent", invoice)
    return invoice


def list_all(call: Call) -> Page:
    params = call.params
    where = {name: params.get(name) for name in ("customer", "created", "status", "collection_method", "due_date")}
    where["_subscription"] = params.get("subscription")
    return paging.listing(call.tx, "invoice", params, call.url, where=where)


def list_lines(call: Call) -> Page:
    rows = fresh(call.tx, call.ids["invoice"])["lines"]["data"]
    return paging.cut(call.tx, rows, "line_item", call.params, call.url, test=bool)


def list_payments(call: Call) -> Page:
    params = call.params
    where = {name: params.get(name) for name in ("invoice", "status", "created")}
    wanted = (params.get("payment") or {}).get("payment_intent")
    return paging.listing(call.tx, "invoice_payment", params, call.url, where={**where, "_payment_intent": wanted})


def retrieve_payment(call: Call) -> Obj:
    return call.tx.need("invoice_payment", call.ids["id"])


def pay_hosted(tx: Transaction, identity: str, card: Obj) -> Obj:
    """A customer pays an open invoice on its hosted page with a typed card; the payment intent afterwards.

    `card`: number, exp_month, exp_year, cvc. Raises `CardError` for a card that isn't taken at all; a decline is read from
    the intent (status requires_payment_method and last_payment_error), a challenge from its next_action.
    """
    invoice = tx.need("invoice", identity, "invoice")
    tx.follow(invoice["customer"])
    if invoice["status"] != "open":
        raise errors.invalid(f"This invoice is {invoice['status']}.", code="invoice_not_editable")
    method = payment_methods.new(tx, cards.of_number(str(card["number"])), card)
    tx.edit("payment_method", method["id"])["customer"] = invoice["customer"]
    tx.emit("payment_method.attached", tx.need("payment_method", method["id"]))
    intent = paying.attempt(tx, identity, method=method, off_session=False)
    if intent["status"] == payments.SUCCEEDED and invoice["_subscription"]:
        _keep(tx, invoice["_subscription"], method["id"])
    return intent


def _keep(tx: Transaction, subscription: str, method: str) -> None:
    """A card that paid becomes the subscription's, where it had none."""
    row = tx.edit("subscription", subscription)
    if row["default_payment_method"] is None:
        row["default_payment_method"] = method
