"""Invoice lines: how they are made. Their discounts and taxes are worked in later (`discounts`, `taxes`)."""

from typing import Any

from billing.sandbox.engine import amounts
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

# The multiplication sign of Stripe's own descriptions.
TIMES = "\u00d7"


def new(tx: Transaction, *, amount: int, currency: str, description: str, start: int, end: int, **fields: Any) -> Obj:
    """A line that isn't on an invoice yet.

    Notes: `_tax_rates` (ids; None: the invoice's), `_exempt` (the exemption it is held to), `_discounts` (its own, by id),
    `_debit` (the debit it makes), `_net` (its discounts are worked in and stay).
    """
    line = tx.new(
        "line_item",
        amount=amount,
        subtotal=amount,
        currency=currency,
        description=description,
        discountable=True,
        discount_amounts=[],
        discounts=[],
        taxes=[],
        pretax_credit_amounts=[],
        period={"start": start, "end": end},
        _tax_rates=None,
        _discounts=[],
        _debit=None,
    )
    line.update(fields)
    return line


def pricing(price: Obj, quantity: int) -> Obj:
    """The `pricing` of a line, with its quantity."""
    unit = price.get("unit_amount_decimal")
    if unit is None and quantity:
        exact = amounts.of_price(price, quantity) / quantity
        unit = f"{float(exact):.12f}".rstrip("0").rstrip(".")
    details = {"price": price["id"], "product": price["product"]}
    return {
        "pricing": {"type": "price_details", "price_details": details, "unit_amount_decimal": unit},
        "quantity": quantity,
        "quantity_decimal": str(quantity),
    }


def unit(amount: str) -> Obj:
    """The `pricing` of a line by hand, at so much each."""
    return {"type": "price_details", "price_details": None, "unit_amount_decimal": str(amount)}


def item_parent(
    subscription: str, item: str, *, proration: bool, credited: Obj | None = None, invoice_item: str | None = None
) -> Obj:
    """The `parent` of a line that bills or credits a subscription item."""
    details = {
        "invoice_item": invoice_item,
        "proration": proration,
        "proration_details": {"credited_items": credited},
        "subscription": subscription,
        "subscription_item": item,
    }
    return {"type": "subscription_item_details", "subscription_item_details": details, "invoice_item_details": None}


def manual_parent(invoice_item: str, subscription: str | None) -> Obj:
    """The `parent` of a line that comes from an invoice item someone made."""
    details = {
        "invoice_item": invoice_item,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription,
    }
    return {"type": "invoice_item_details", "invoice_item_details": details, "subscription_item_details": None}


def describe(tx: Transaction, price: Obj, quantity: int) -> str:
    """What a line bills: quantity, product, price and interval."""
    name = (tx.get("product", price["product"]) or {}).get("name", price["product"])
    recurring = price.get("recurring")
    if not recurring:
        return f"{quantity} {TIMES} {name}"
    count = recurring["interval_count"]
    every = recurring["interval"] if count == 1 else f"{count} {recurring['interval']}s"
    if price["billing_scheme"] == "tiered":
        return f"{quantity} {TIMES} {name} ({price['tiers_mode']} pricing / {every})"
    unit = amounts.half_up(amounts.unit_amount(price))
    return f"{quantity} {TIMES} {name} (at {amounts.money(unit, price['currency'])} / {every})"
