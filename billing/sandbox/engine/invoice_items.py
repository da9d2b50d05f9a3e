"""Invoice items: amounts that wait for the next invoice. Prorations wait here too."""

from typing import Any

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import amounts, discounts, items, lines, tax_rates
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
        net_amount=line["amount"] - discounts.total(line),
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
    return new(call.tx, call.params)


def new(tx: Transaction, params: Obj) -> Obj:
    """Store an item that someone wants billed: on a draft, or with the next invoice."""
    customer = tx.live_customer(params.get("customer") or _owner(tx, params.get("invoice")))
    if (
        params.get("subscription")
        and tx.need("subscription", params["subscription"], "subscription")["customer"] != customer["id"]
    ):
        raise errors.invalid("The subscription belongs to another customer.", "subscription")
    item = put_aside(tx, customer["id"], params.get("subscription"), _line(tx, params, customer), proration=False)
    row = tx.edit("invoiceitem", item["id"])
    assign(row, params)
    row["_line"]["metadata"] = dict(row["metadata"] or {})
    if params.get("discounts"):
        discount(tx, row, params["discounts"], "discounts")
    if params.get("invoice"):
        invoice = tx.edit("invoice", params["invoice"], "invoice")
        if invoice["status"] != "draft":
            raise errors.invalid("Invoice items can only be added to a draft invoice.", "invoice")
        row["invoice"], row["_pending"] = invoice["id"], None
        invoice["lines"]["data"].append(take(tx, row, invoice["id"]) | {"invoice": invoice["id"]})
        from_draft(tx, invoice)
    return row


def _owner(tx: Transaction, invoice: str | None) -> str:
    return str(tx.need("invoice", invoice, "invoice")["customer"]) if invoice else ""


def discount(tx: Transaction, row: Obj, given: list[Obj] | str, param: str) -> None:
    """Set an item's own discounts."""
    holder = discounts.Holder(customer=row["customer"], currency=row["currency"], amount=row["amount"], invoice_item=row["id"])
    row["discounts"] = discounts.redeem(tx, given, holder, param)
    row["_line"]["_discounts"] = list(row["discounts"])


def from_draft(tx: Transaction, invoice: Obj) -> None:
    """Mark a draft whose lines changed: the sums are made anew by whoever shows or finalizes it."""
    invoice["_stale"] = True
    invoice["lines"]["total_count"] = len(invoice["lines"]["data"])


def _line(tx: Transaction, params: Obj, customer: Obj) -> Obj:
    price, quantity = _price(tx, params), int(params.get("quantity", 1))
    currency = (price or {}).get("currency") or params.get("currency") or customer["currency"] or "usd"
    amount = _amount(params, price, quantity)
    period = params.get("period") or {"start": tx.now, "end": tx.now}
    if period["end"] < period["start"]:
        raise errors.invalid("The end of a period can't be before its start.", "period[end]")
    extra: dict[str, Any] = {"quantity": quantity, "quantity_decimal": str(quantity), "parent": None}
    if price:
        extra = lines.pricing(price, quantity)
    elif params.get("unit_amount_decimal") is not None:
        extra["pricing"] = lines.unit(params["unit_amount_decimal"])
    description = params.get("description") or (lines.describe(tx, price, quantity) if price else None)
    return lines.new(
        tx,
        amount=amount,
        currency=currency.lower(),
        description=description or "",
        start=period["start"],
        end=period["end"],
        discountable=params.get("discountable", amount > 0),
        _tax_rates=tax_rates.named(tx, params.get("tax_rates"), "tax_rates") or None,
        _tax_behavior=params.get("tax_behavior"),
        **extra,
    )


def _amount(params: Obj, price: Obj | None, quantity: int) -> int:
    if price is not None:
        return amounts.half_up(amounts.of_price(price, quantity))
    if params.get("unit_amount_decimal") is not None:
        return amounts.half_up(amounts.decimal(params["unit_amount_decimal"]) * quantity)
    if params.get("amount") is None:
        raise errors.invalid("One of the following params must be provided: amount, pricing, price_data.", "amount")
    return int(params["amount"])


def _price(tx: Transaction, params: Obj) -> Obj | None:
    identity = (params.get("pricing") or {}).get("price") or params.get("price")
    if identity:
        price = tx.need("price", identity, "pricing[price]")
        if price["type"] != "one_time":
            raise errors.invalid("The price specified is recurring; invoice items take one-time prices.", "pricing[price]")
        return price
    return items.inline_price(tx, params["price_data"]) if params.get("price_data") else None


def retrieve(call: Call) -> Obj:
    return call.tx.need("invoiceitem", call.ids["id"])


def update(call: Call) -> Obj:
    return change(call.tx, call.ids["id"], call.params)


def change(tx: Transaction, identity: str, params: Obj) -> Obj:
    """Change an item that waits, or is on a draft."""
    row = tx.edit("invoiceitem", identity)
    invoice = _draft_of(tx, row)
    assign(row, params, "description", "amount", "discountable")
    line = row["_line"]
    line.update({key: row[key] for key in ("amount", "description", "discountable")}, subtotal=row["amount"])
    line["metadata"] = dict(row["metadata"] or {})
    row["net_amount"] = row["amount"]
    if params.get("period"):
        row["period"] = line["period"] = dict(params["period"])
    if "tax_rates" in params:
        row["tax_rates"] = tax_rates.named(tx, params["tax_rates"], "tax_rates", row["tax_rates"])
        line["_tax_rates"] = row["tax_rates"] or None
    if "discounts" in params:
        discount(tx, row, params["discounts"], "discounts")
    if invoice is not None:
        fresh = take(tx, row, invoice["id"]) | {"invoice": invoice["id"]}
        rows = invoice["lines"]["data"]
        invoice["lines"]["data"] = [fresh if line["id"] == fresh["id"] else line for line in rows]
        from_draft(tx, invoice)
    return row


def _draft_of(tx: Transaction, row: Obj) -> Obj | None:
    """The draft an item is on. Raises for one on a final invoice."""
    if not row["invoice"]:
        return None
    invoice = tx.edit("invoice", row["invoice"])
    if invoice["status"] != "draft":
        raise errors.invalid("This invoice item is on a finalized invoice and can no longer be changed.")
    return invoice


def delete(call: Call) -> Obj:
    row = call.tx.need("invoiceitem", call.ids["id"])
    invoice = _draft_of(call.tx, row)
    if invoice is not None:
        gone = "il_" + row["id"].removeprefix("ii_")
        invoice["lines"]["data"] = [line for line in invoice["lines"]["data"] if line["id"] != gone]
        from_draft(call.tx, invoice)
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
