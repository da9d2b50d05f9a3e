"""Customers."""

from billing.sandbox import errors, ids, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import automatic_tax, balances, payment_methods, tax_ids
from billing.sandbox.objects import assign
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
    fill(tx, customer, params)
    tx.add(customer)
    if params.get("payment_method"):
        method = payment_methods.attach(tx, payment_methods.resolve(tx, params["payment_method"]), identity)
        settings = tx.edit("customer", identity)["invoice_settings"]
        if settings["default_payment_method"] == params["payment_method"]:
            settings["default_payment_method"] = method["id"]
    if params.get("balance"):
        balances.move(tx, identity, int(params["balance"]), customer["currency"] or "usd", "adjustment")
    for tax_id in params.get("tax_id_data") or []:
        tax_ids.add(tx, identity, tax_id["type"], tax_id["value"])
    return tx.need("customer", identity)


def fill(tx: Transaction, customer: Obj, params: Obj) -> None:
    """Set what the parameters say of a customer."""
    assign(customer, params, *FIELDS)
    if customer["preferred_locales"] is None:
        customer["preferred_locales"] = []
    if isinstance(customer["address"], dict):
        customer["address"] = {part: customer["address"].get(part) or None for part in ADDRESS}
    if params.get("tax_exempt"):
        customer["tax_exempt"] = params["tax_exempt"]
    if (params.get("tax") or {}).get("validate_location") == "immediately":
        automatic_tax.check(tx, customer)
    settings = params.get("invoice_settings") or {}
    if settings.get("default_payment_method") and settings["default_payment_method"] != params.get("payment_method"):
        _owned(tx, settings["default_payment_method"], customer["id"], "invoice_settings[default_payment_method]")
    if settings:
        customer["invoice_settings"] = customer["invoice_settings"] | {k: v if v != "" else None for k, v in settings.items()}


def move_to(tx: Transaction, identity: str, country: str) -> None:
    """Set the country of a customer's address."""
    customer = tx.edit("customer", identity)
    customer["address"] = {**dict.fromkeys(ADDRESS), **(customer["address"] or {}), "country": country}


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


def retrieve(call: Call) -> Obj:
    return call.tx.need("customer", call.ids["id"])


def update(call: Call) -> Obj:
    call.tx.live_customer(call.ids["id"], "id")
    customer = call.tx.edit("customer", call.ids["id"])
    fill(call.tx, customer, call.params)
    if call.params.get("balance") is not None:
        currency = customer["currency"] or "usd"
        change = int(call.params["balance"]) - balances.of(call.tx, customer["id"], currency)
        if change:
            balances.move(call.tx, customer["id"], change, currency, "adjustment")
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
