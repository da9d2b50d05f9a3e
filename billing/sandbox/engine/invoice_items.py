"""Invoice items: amounts that wait for the next invoice. Prorations wait here too."""

from typing import Any

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import amounts, customers, lines
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj, copy
from billing.sandbox.transactions import Transaction


def put_aside(tx: Transaction, customer: str, subscription: str | None, line: Obj, *, proration: bool) -> Obj:
    """Store a line as a pending invoice item."""
    details = {"subscription": subscription, "subscription_item": None}
    inner = (line["parent"] or {}).get("subscription_item_details") if line["parent"] else None
    if inner:
        details["subscription_item"] = inner["subscription_item"]
    item = tx.new(
        "invoiceitem",
        customer=customer,
        amount=line["amount"],
        net_amount=line["amount"],
        currency=line["currency"],
        date=tx.now,
        description=line["description"],
        discountable=line["discountable"] and not proration,
        discounts=list(line["discounts"]),
        period=dict(line["period"]),
        pricing=copy(line["pricing"]),
        proration=proration,
        quantity=line["quantity"] or 1,
        quantity_decimal=str(line["quantity"] or 1),
        tax_rates=line["_tax_rates"] or [],
        parent={"type": "subscription_details", "subscription_details": details} if subscription else None,
        proration_details=_details(line, inner) if inner and proration else None,
        test_clock=(tx.get("customer", customer) or {}).get("test_clock"),
        _line=line,
        _subscription=subscription,
        _pending=subscription or customer,
    )
    if inner:
        inner["invoice_item"] = item["id"]
    return tx.add(item)


def _details(line: Obj, inner: Obj) -> Obj:
    """An invoice item's own spelling of what a credit credits: lines of an invoice, or an item that waits as it does."""
    credited = inner["proration_details"]["credited_items"]
    shown = None
    if credited:
        shown = {"type": "invoice_line_items", "invoice_line_item_details": dict(credited), "invoice_item": None}
    elif line.get("_credits_item"):
        shown = {"type": "invoice_item", "invoice_item": line["_credits_item"], "invoice_line_item_details": None}
    return {"credited_items": shown, "discount_amounts": copy(line["discount_amounts"])}


def pending(tx: Transaction, customer: str, subscription: str | None, currency: str) -> list[Obj]:
    """What waits for an invoice of this subscription, or of the customer at large."""
    found = tx.find("invoiceitem", "_pending", subscription) if subscription else []
    found = [*found, *tx.find("invoiceitem", "_pending", customer)]
    return [item for item in found if item["currency"] == currency]


def take(tx: Transaction, item: Obj, invoice: str) -> Obj:
    """Move a pending item onto an invoice; its line."""
    row = tx.edit("invoiceitem", item["id"])
    row["invoice"], row["_pending"] = invoice, None
    line: Obj = copy(row["_line"])
    if line["parent"] is None:
        line["parent"] = lines.manual_parent(row["id"], row["_subscription"])
    line["id"] = "il_" + row["id"].removeprefix("ii_")
    return line


def create(call: Call) -> Obj:
    tx, params = call.tx, call.params
    customer = customers.live(tx, params.get("customer"))  # type: ignore[arg-type]  # a missing customer answers as Stripe's 404
    line = _line(tx, params, customer)
    item = put_aside(tx, customer["id"], params.get("subscription"), line, proration=False)
    row = tx.edit("invoiceitem", item["id"])
    assign(row, params)
    if params.get("invoice"):
        invoice = tx.edit("invoice", params["invoice"], "invoice")
        if invoice["status"] != "draft":
            raise errors.invalid("Invoice items can only be added to a draft invoice.", "invoice")
        row["invoice"], row["_pending"] = invoice["id"], None
        invoice["lines"]["data"].append(take(tx, row, invoice["id"]) | {"invoice": invoice["id"]})
        from_draft(tx, invoice)
    return row


def from_draft(tx: Transaction, invoice: Obj) -> None:
    """Mark a draft whose lines changed: the sums are made anew by whoever shows or finalizes it."""
    invoice["_stale"] = True


def _line(tx: Transaction, params: Obj, customer: Obj) -> Obj:
    price, quantity = _price(tx, params), int(params.get("quantity", 1))
    currency = (price or {}).get("currency") or params.get("currency") or customer["currency"] or "usd"
    if price is not None:
        amount = amounts.half_up(amounts.of_price(price, quantity))
    elif params.get("amount") is not None:
        amount, quantity = int(params["amount"]), 1
    else:
        raise errors.invalid("One of the following params must be provided: amount, pricing, price_data.", "amount")
    period = params.get("period") or {"start": tx.now, "end": tx.now}
    extra: dict[str, Any] = (
        lines.pricing(price, quantity) if price else {"quantity": 1, "quantity_decimal": "1", "parent": None}
    )
    description = params.get("description") or (lines.describe(tx, price, quantity) if price else None)
    return lines.new(
        tx,
        amount=amount,
        currency=currency.lower(),
        description=description or "",
        start=period["start"],
        end=period["end"],
        discountable=params.get("discountable", amount > 0),
        _tax_rates=params.get("tax_rates") or None,
        **extra,
    )


def _price(tx: Transaction, params: Obj) -> Obj | None:
    identity = (params.get("pricing") or {}).get("price")
    if identity:
        return tx.need("price", identity, "pricing[price]")
    data = params.get("price_data")
    if not data:
        return None
    unit = data.get("unit_amount")
    return tx.new(
        "price",
        active=False,
        billing_scheme="per_unit",
        currency=data["currency"].lower(),
        product=data["product"],
        type="one_time",
        unit_amount=unit,
        unit_amount_decimal=str(unit) if unit is not None else data.get("unit_amount_decimal"),
    )


def retrieve(call: Call) -> Obj:
    return call.tx.need("invoiceitem", call.ids["id"])


def update(call: Call) -> Obj:
    row = call.tx.edit("invoiceitem", call.ids["id"])
    if row["invoice"]:
        raise errors.invalid("This invoice item is attached to an invoice and can no longer be changed here.")
    assign(row, call.params, "description", "amount", "discountable")
    row["_line"].update({key: row[key] for key in ("amount", "description", "discountable")}, subtotal=row["amount"])
    return row


def delete(call: Call) -> Obj:
    if call.tx.need("invoiceitem", call.ids["id"])["invoice"]:
        raise errors.invalid("This invoice item is attached to an invoice and can no longer be deleted.")
    return call.tx.remove("invoiceitem", call.ids["id"])


def list_all(call: Call) -> Page:
    params = call.params
    pending_only = params.get("pending")
    where = {name: params.get(name) for name in ("customer", "created", "invoice")}
    return paging.listing(
        call.tx,
        "invoiceitem",
        params,
        call.url,
        where=where,
        keep=lambda row: pending_only is None or (row["invoice"] is None) == pending_only,
    )
