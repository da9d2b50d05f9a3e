"""Bank transfers: an account for each customer, what arrives on it, and the sent invoices that are paid with it.

Source: docs.stripe.com, bank transfers: money goes to invoices that it covers whole, the one of the same amount first, then
the oldest; what is left waits on the customer's cash balance.
"""

import zlib

from billing.sandbox import errors, objects
from billing.sandbox.calls import Call
from billing.sandbox.engine import settling
from billing.sandbox.state import Obj, copy
from billing.sandbox.transactions import Transaction

KINDS = {"usd": "us_bank_transfer", "eur": "eu_bank_transfer", "gbp": "gb_bank_transfer"}
COUNTRIES = {"us_bank_transfer": "US", "gb_bank_transfer": "GB"}
BANK = "Sandbox Bank"


def instructions(call: Call) -> Obj:
    """Where a customer may transfer money to: always the same account."""
    customer, params = call.tx.live_customer(call.ids["customer"]), call.params
    currency, asked = params["currency"].lower(), params["bank_transfer"]
    if KINDS.get(currency) != asked["type"]:
        raise errors.invalid(f"The currency {currency} does not go with {asked['type']}.", "bank_transfer[type]")
    country = (asked.get("eu_bank_transfer") or {}).get("country") or COUNTRIES.get(asked["type"], "IE")
    row: Obj = copy(objects.new("funding_instructions", call.tx.now, id=None))
    row.pop("id")
    row.update(currency=currency, funding_type="bank_transfer")
    row["bank_transfer"] = {
        "country": country,
        "financial_addresses": [address(customer, currency, country, call.tx.account.settings["name"])],
        "type": asked["type"],
    }
    return row


def address(customer: Obj, currency: str, country: str, holder_name: str) -> Obj:
    """An account number of the customer's own, made of its id; its holder is the vendor, who is paid by it."""
    number = f"{zlib.crc32(customer['id'].encode()):010d}"
    holder = {"account_holder_name": holder_name, "account_holder_address": _place(country)}
    if currency == "eur":
        iban = {"bic": "SANDIE2D", "country": country, "iban": f"{country}00SAND{number * 2}"[:22]}
        return {"type": "iban", "supported_networks": ["sepa"], "iban": holder | iban | {"bank_address": _place(country)}}
    if currency == "gbp":
        sorted_ = {"account_number": number[-8:], "sort_code": "000000", "bank_address": _place(country)}
        return {"type": "sort_code", "supported_networks": ["bacs", "fps"], "sort_code": holder | sorted_}
    aba = {"account_number": number, "account_type": "checking", "bank_name": BANK, "routing_number": "000000000"}
    return {"type": "aba", "supported_networks": ["ach"], "aba": holder | aba | {"bank_address": _place(country)}}


def _place(country: str) -> Obj:
    return {
        "city": "Sandbox",
        "country": country,
        "line1": "1 Sandbox Street",
        "line2": None,
        "postal_code": "0",
        "state": None,
    }


def takes(invoice: Obj) -> bool:
    """Whether an invoice may be paid by bank transfer."""
    settings = invoice["payment_settings"] or {}
    return "customer_balance" in (settings.get("payment_method_types") or []) and invoice["currency"] in KINDS


def fund(call: Call) -> Obj:
    """The test helper: a transfer arrives, and pays what it covers."""
    tx, customer = call.tx, call.tx.live_customer(call.ids["customer"])
    tx.follow(customer["id"])
    return arrive(tx, customer["id"], int(call.params["amount"]), call.params["currency"].lower())


def arrive(tx: Transaction, customer: str, amount: int, currency: str) -> Obj:
    row = tx.edit("customer", customer)
    kept = {**row.get("_cash", {})}
    kept[currency] = kept.get(currency, 0) + amount
    for invoice in _payable(tx, customer, currency, amount):
        if invoice["amount_remaining"] <= kept[currency]:
            kept[currency] -= invoice["amount_remaining"]
            _pay(tx, invoice["id"])
    row["_cash"] = kept
    return tx.new(
        "customer_cash_balance_transaction",
        currency=currency,
        customer=customer,
        ending_balance=kept[currency],
        net_amount=amount,
        type="funded",
    )


def _payable(tx: Transaction, customer: str, currency: str, amount: int) -> list[Obj]:
    found = [
        row
        for row in tx.find("invoice", "customer", customer)
        if row["status"] == "open" and row["currency"] == currency and takes(row)
    ]
    return sorted(found, key=lambda row: (row["amount_remaining"] != amount, row["due_date"] or 0, row["created"]))


def _pay(tx: Transaction, identity: str) -> None:
    invoice = tx.edit("invoice", identity)
    intent = settling.intent_of(tx, invoice)
    if intent is not None:
        charge = tx.add(
            tx.new(
                "charge",
                amount=invoice["amount_remaining"],
                amount_captured=invoice["amount_remaining"],
                captured=True,
                paid=True,
                currency=invoice["currency"],
                customer=invoice["customer"],
                payment_intent=intent["id"],
                status="succeeded",
                payment_method_details={"type": "customer_balance", "customer_balance": {}},
                billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
                calculated_statement_descriptor="SANDBOX",
                fraud_details={},
                radar_options={},
            )
        )
        paid = tx.edit("payment_intent", intent["id"])
        paid.update(status="succeeded", amount_received=charge["amount"], latest_charge=charge["id"], next_action=None)
        tx.emit("payment_intent.succeeded", paid)
        tx.emit("charge.succeeded", charge)
    settling.mark_paid(tx, invoice)
