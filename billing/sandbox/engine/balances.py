"""Customers' balances: what they owe or have in credit, by currency, and the transactions that moved it."""

from billing.sandbox import paging
from billing.sandbox.calls import Call
from billing.sandbox.objects import assign, merge_metadata
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def of(tx: Transaction, customer: str, currency: str) -> int:
    """Minor units this customer owes (positive) or has in credit (negative) in a currency."""
    row = tx.get("customer", customer)
    return int((row or {}).get("_balances", {}).get(currency, 0))


def move(tx: Transaction, customer: str, amount: int, currency: str, kind: str, **fields: object) -> Obj:
    """Book an amount on a balance: positive is owed, negative is credit."""
    row = tx.edit("customer", customer)
    ending = of(tx, customer, currency) + amount
    row["_balances"] = {**row["_balances"], currency: ending}
    settle_currency(row, currency)
    row["balance"] = row["_balances"].get(row["currency"], 0)
    return tx.add(
        tx.new(
            "customer_balance_transaction",
            amount=amount,
            currency=currency,
            customer=customer,
            ending_balance=ending,
            type=kind,
            **fields,
        )
    )


def settle_currency(row: Obj, currency: str) -> None:
    """A customer's own currency is the first it deals in."""
    if row["currency"] is None:
        row["currency"] = currency
        row["balance"] = row["_balances"].get(currency, 0)


def create(call: Call) -> Obj:
    params, identity = call.params, call.ids["customer"]
    call.tx.live_customer(identity)
    return move(
        call.tx,
        identity,
        params["amount"],
        params["currency"].lower(),
        "adjustment",
        description=params.get("description"),
        metadata=merge_metadata({}, params.get("metadata")),
    )


def retrieve(call: Call) -> Obj:
    return call.tx.need("customer_balance_transaction", call.ids["id"])


def update(call: Call) -> Obj:
    """Words only: a booked amount stays."""
    row = call.tx.edit("customer_balance_transaction", call.ids["id"])
    assign(row, call.params, "description")
    return row


def list_all(call: Call) -> Page:
    where = {"customer": call.ids["customer"], "created": call.params.get("created"), "invoice": call.params.get("invoice")}
    return paging.listing(call.tx, "customer_balance_transaction", call.params, call.url, where=where)
