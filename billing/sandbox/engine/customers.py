"""Customers, their credit balances and their tax ids."""

from billing.sandbox import errors, ids, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import payment_methods
from billing.sandbox.objects import assign, merge_metadata
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

FIELDS = (
    "address",
    "business_name",
    "description",
    "email",
    "individual_name",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
)
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
COUNTRIES = {"eu_vat": None, "gb_vat": "GB", "us_ein": "US", "ch_vat": "CH", "jp_cn": "JP", "jp_trn": "JP"}


def new(tx: Transaction, params: Obj) -> Obj:
    """Store a new customer."""
    identity = params.get("id") or ids.fresh("customer")
    if params.get("test_clock"):
        tx.now = tx.need("test_helpers.test_clock", params["test_clock"], "test_clock")["frozen_time"]
        tx.on_test_clock = True
    customer = tx.new(
        "customer",
        id=identity,
        balance=0,
        delinquent=False,
        tax_exempt=params.get("tax_exempt") or "none",
        invoice_prefix=params.get("invoice_prefix") or ids.token(8).upper(),
        next_invoice_sequence=1,
        preferred_locales=[],
        test_clock=params.get("test_clock"),
        _balances={},
        invoice_settings={"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None},
    )
    _fill(tx, customer, params)
    tx.add(customer)
    if params.get("payment_method"):
        method = payment_methods.attach(tx, payment_methods.resolve(tx, params["payment_method"]), identity)
        settings = tx.edit("customer", identity)["invoice_settings"]
        if settings["default_payment_method"] == params["payment_method"]:
            settings["default_payment_method"] = method["id"]
    if params.get("balance"):
        move_balance(tx, identity, int(params["balance"]), customer["currency"] or "usd", "adjustment")
    for tax_id in params.get("tax_id_data") or []:
        add_tax_id(tx, identity, tax_id["type"], tax_id["value"])
    return tx.need("customer", identity)


def _fill(tx: Transaction, customer: Obj, params: Obj) -> None:
    assign(customer, params, *FIELDS)
    if customer["preferred_locales"] is None:
        customer["preferred_locales"] = []
    if isinstance(customer["address"], dict):
        customer["address"] = {part: customer["address"].get(part) or None for part in ADDRESS}
    if params.get("tax_exempt"):
        customer["tax_exempt"] = params["tax_exempt"]
    settings = params.get("invoice_settings") or {}
    if settings.get("default_payment_method") and settings["default_payment_method"] != params.get("payment_method"):
        _owned(tx, settings["default_payment_method"], customer["id"], "invoice_settings[default_payment_method]")
    if settings:
        customer["invoice_settings"] = customer["invoice_settings"] | {k: v if v != "" else None for k, v in settings.items()}


def _owned(tx: Transaction, method: str, customer: str, param: str) -> None:
    if tx.need("payment_method", method, param)["customer"] != customer:
        raise errors.invalid(
            f"The customer does not have a payment method with the ID {method}. The payment method must be attached to the "
            "customer.",
            param,
            "resource_missing",
        )


def create(call: Call) -> Obj:
    return new(call.tx, call.params)


def live(tx: Transaction, identity: str, param: str = "customer") -> Obj:
    """The customer, unless deleted; the transaction follows its clock."""
    customer = tx.need("customer", identity, param)
    if customer.get("deleted"):
        raise errors.missing("customer", identity, param)
    tx.follow(identity)
    return customer


def retrieve(call: Call) -> Obj:
    return call.tx.need("customer", call.ids["id"])


def update(call: Call) -> Obj:
    live(call.tx, call.ids["id"], "id")
    customer = call.tx.edit("customer", call.ids["id"])
    _fill(call.tx, customer, call.params)
    if call.params.get("balance") is not None:
        currency = customer["currency"] or "usd"
        change = int(call.params["balance"]) - balance(call.tx, customer["id"], currency)
        if change:
            move_balance(call.tx, customer["id"], change, currency, "adjustment")
    return customer


def list_all(call: Call) -> Page:
    where = {name: call.params.get(name) for name in ("created", "email", "test_clock")}
    return paging.listing(call.tx, "customer", call.params, call.url, where=where, keep=lambda row: not row.get("deleted"))


def delete(tx: Transaction, identity: str) -> Obj:
    """Leave a tombstone: a deleted customer can still be retrieved, and shows no more than that."""
    before = tx.need("customer", identity)
    gone = {"id": identity, "object": "customer", "deleted": True, "created": before["created"], "_was": before}
    tx.emit("customer.deleted", before)
    tx.rows.put("customer", gone)
    tx.baselines.pop(("customer", identity), None)
    return {"id": identity, "object": "customer", "deleted": True}


# Balances


def balance(tx: Transaction, customer: str, currency: str) -> int:
    """Minor units this customer owes (positive) or has in credit (negative) in a currency."""
    row = tx.get("customer", customer)
    return int((row or {}).get("_balances", {}).get(currency, 0))


def move_balance(tx: Transaction, customer: str, amount: int, currency: str, kind: str, **fields: object) -> Obj:
    """Book an amount on a balance: positive is owed, negative is credit."""
    row = tx.edit("customer", customer)
    ending = balance(tx, customer, currency) + amount
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


def create_balance_transaction(call: Call) -> Obj:
    params, identity = call.params, call.ids["customer"]
    live(call.tx, identity)
    return move_balance(
        call.tx,
        identity,
        params["amount"],
        params["currency"].lower(),
        "adjustment",
        description=params.get("description"),
        metadata=merge_metadata({}, params.get("metadata")),
    )


def list_balance_transactions(call: Call) -> Page:
    where = {"customer": call.ids["customer"], "created": call.params.get("created"), "invoice": call.params.get("invoice")}
    return paging.listing(call.tx, "customer_balance_transaction", call.params, call.url, where=where)


def retrieve_balance_transaction(call: Call) -> Obj:
    return call.tx.need("customer_balance_transaction", call.ids["id"])


# Tax ids


def add_tax_id(tx: Transaction, customer: str, kind: str, value: str) -> Obj:
    """Store a tax id; its check comes later, by the clock."""
    live(tx, customer)
    settings = tx.account.settings
    row = tx.new(
        "tax_id",
        customer=customer,
        type=kind,
        value=value,
        country=COUNTRIES.get(kind) or kind[:2].upper(),
        owner={"account": None, "application": None, "customer": customer, "customer_account": None, "type": "customer"},
        verification={"status": "pending", "verified_address": None, "verified_name": None},
        _check_at=tx.now + int(settings["tax_id_seconds"]),
        _clock=tx.need("customer", customer).get("test_clock"),
    )
    if kind == "eu_vat":
        row["country"] = value[:2].upper()
    return tx.add(row)


def check_tax_id(tx: Transaction, identity: str) -> None:
    """The check's result: by the account's settings, unless the value itself asks for one (000000000 or 111111111 in it)."""
    row = tx.edit("tax_id", identity)
    status = tx.account.settings["tax_id_result"]
    if "111111111" in row["value"]:
        status = "unverified"
    elif "000000000" in row["value"]:
        status = "verified"
    name = (tx.get("customer", row["customer"]) or {}).get("name") if status == "verified" else None
    row["verification"] = {"status": status, "verified_address": None, "verified_name": name}


def create_tax_id(call: Call) -> Obj:
    return add_tax_id(call.tx, call.ids["customer"], call.params["type"], call.params["value"])


def retrieve_tax_id(call: Call) -> Obj:
    return call.tx.need("tax_id", call.ids["id"])


def list_tax_ids(call: Call) -> Page:
    return paging.listing(call.tx, "tax_id", call.params, call.url, where={"customer": call.ids["customer"]})


def delete_tax_id(call: Call) -> Obj:
    return call.tx.remove("tax_id", call.ids["id"])
