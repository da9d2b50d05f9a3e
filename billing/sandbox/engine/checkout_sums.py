"""What a Checkout session costs: its purchase made on an overlay, and the sums of the invoice that came of it."""

from dataclasses import dataclass

from billing.sandbox import errors, places
from billing.sandbox.engine import customers, previews, promotion_codes, subscriptions
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


@dataclass(frozen=True)
class Basket:
    """A session as it would be bought: with a promotion code that was typed, by a buyer in that country."""

    promotion: str = ""
    country: str = ""


def wanted(tx: Transaction, row: Obj, customer: str, promotion: str = "") -> Obj:
    """Parameters of the subscription this session sells. One-time prices ride on its first invoice."""
    params = {key: value for key, value in row["_subscription_data"].items() if key != "invoice_settings"}
    lines = [
        {"price": item["price"], "quantity": item["quantity"], "tax_rates": item["_tax_rates"]} for item in row["_line_items"]
    ]
    once = [line for line in lines if tx.need("price", line["price"])["type"] == "one_time"]
    params["items"] = [line for line in lines if line not in once]
    given = [{"promotion_code": _code(tx, promotion)}] if promotion else row["_discounts"]
    return {
        **params,
        "customer": customer,
        "discounts": given,
        "add_invoice_items": once,
        "automatic_tax": {"enabled": row["automatic_tax"]["enabled"]},
    }


def _code(tx: Transaction, promotion: str) -> str:
    found = promotion_codes.find(tx, promotion)
    if found is None:
        raise errors.invalid("This code is invalid.", "promotion_code", "promotion_code_invalid")
    return str(found["id"])


def price(tx: Transaction, row: Obj, basket: Basket, *, later: bool = False) -> Obj | None:
    """Write a session's sums into `row`. With `later`: the first charge after a trial, as an invoice.

    Raises what is wrong with its discounts, a code that was typed among them.
    """
    inner = tx.child(preview=True)
    customer = row["customer"] or customers.new(inner, {})["id"]
    if basket.country and (row["customer"] is None or row["_customer_update"].get("address") == "auto"):
        customers.move_to(inner, customer, basket.country)
    params = wanted(inner, row, customer, basket.promotion)
    if places.of(inner, inner.need("customer", customer)).country is None:
        # Nobody knows the buyer's place yet: the page asks for it, and shows the tax then.
        params["automatic_tax"] = {"enabled": False}
    subscription = subscriptions.new(inner, params)
    invoice = inner.need("invoice", subscription["latest_invoice"])
    fill(inner, row, invoice, params["discounts"])
    if row["automatic_tax"]["enabled"] and not params["automatic_tax"]["enabled"]:
        row["automatic_tax"]["status"] = "requires_location_inputs"
    return previews.upcoming(inner, subscription["id"]) if later else None


def fill(tx: Transaction, row: Obj, invoice: Obj, given: list[Obj]) -> None:
    """Take the sums of a session from its invoice."""
    row["amount_subtotal"], row["amount_total"] = invoice["subtotal"], invoice["total"]
    # The API's total is before the customer's balance; the page says what of that is due.
    row["_balance_applied"] = invoice["total"] - invoice["amount_due"]
    row["discounts"] = [{"coupon": None, "promotion_code": None} | entry for entry in given]
    discounts = [
        {"amount": part["amount"], "discount": tx.need("discount", part["discount"])}
        for part in invoice["total_discount_amounts"]
    ]
    taxes = [_tax(tx, part) for part in invoice["total_taxes"]]
    row["total_details"] = {
        "amount_discount": _sum(discounts),
        "amount_shipping": 0,
        "amount_tax": _sum(taxes),
        "_breakdown": {"discounts": discounts, "taxes": taxes},
    }
    row["automatic_tax"]["status"] = invoice["automatic_tax"]["status"]
    for item in row["_line_items"]:
        _fill_item(tx, item, [line for line in invoice["lines"]["data"] if _price_of(line) == item["price"]])


def _fill_item(tx: Transaction, item: Obj, lines: list[Obj]) -> None:
    parts = [part for line in lines for part in line["discount_amounts"]]
    taxes = [part for line in lines for part in line["taxes"]]
    on_top = _sum([part for part in taxes if part["tax_behavior"] == "exclusive"])
    item["amount_subtotal"] = _sum(lines)
    item["amount_discount"], item["amount_tax"] = _sum(parts), _sum(taxes)
    item["amount_total"] = item["amount_subtotal"] - item["amount_discount"] + on_top
    item["_discounts"] = [{"amount": part["amount"], "discount": tx.need("discount", part["discount"])} for part in parts]
    item["_taxes"] = [_tax(tx, part) for part in taxes]


def _price_of(line: Obj) -> str | None:
    return ((line["pricing"] or {}).get("price_details") or {}).get("price")


def _tax(tx: Transaction, part: Obj) -> Obj:
    # Checkout's own list of reasons has no word for a rate made by hand.
    reason = None if part["taxability_reason"] == "not_available" else part["taxability_reason"]
    rate = tx.need("tax_rate", part["tax_rate_details"]["tax_rate"])
    return {"amount": part["amount"], "rate": rate, "taxability_reason": reason, "taxable_amount": part["taxable_amount"]}


def _sum(rows: list[Obj]) -> int:
    return sum(row["amount"] for row in rows)
