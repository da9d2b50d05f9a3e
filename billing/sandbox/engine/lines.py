"""Invoice lines: their making, their discounts, their taxes."""

from fractions import Fraction
from typing import Any

from billing.sandbox.engine import amounts, catalog
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

# The multiplication sign of Stripe's own descriptions.
TIMES = "\u00d7"


def new(tx: Transaction, *, amount: int, currency: str, description: str, start: int, end: int, **fields: Any) -> Obj:
    """A line that isn't on an invoice yet. Notes: `_tax_rates` (ids), `_debit` (the debit it makes), `_net` (a net amount)."""
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


# Discounts


def live_discounts(tx: Transaction, identities: list[str]) -> list[Obj]:
    """The discounts of these ids that still apply."""
    rows = [tx.need("discount", identity) for identity in identities]
    return [row for row in rows if row["end"] is None or row["end"] > tx.now]


def coupon_of(tx: Transaction, discount: Obj) -> Obj:
    row = tx.get("coupon", discount["source"]["coupon"])
    return row or discount["_coupon"]


def applies(coupon: Obj, line: Obj) -> bool:
    products = (coupon.get("_applies_to") or {}).get("products")
    product = ((line["pricing"] or {}).get("price_details") or {}).get("product")
    return bool(line["discountable"]) and (not products or product in products)


def discount(tx: Transaction, rows: list[Obj], discounts: list[Obj]) -> None:
    """Work the discounts into the lines, one after the other, each on what the ones before it left."""
    for row in discounts:
        coupon = coupon_of(tx, row)
        chosen = [line for line in rows if applies(coupon, line) and line["amount"] > 0]
        left = [line["amount"] - discounted(line) for line in chosen]
        if coupon["percent_off"] is not None:
            share = catalog.percent(coupon) / 100
            parts = [amounts.half_up(share * amount) for amount in left]
        else:
            parts = amounts.shares(min(int(coupon["amount_off"]), sum(left)), left)
        for line, part in zip(chosen, parts, strict=True):
            line["discounts"] = [*line["discounts"], row["id"]]
            line["discount_amounts"] = [*line["discount_amounts"], {"amount": part, "discount": row["id"]}]


def discounted(line: Obj) -> int:
    """The sum of a line's discounts."""
    return sum(part["amount"] for part in line["discount_amounts"])


# Taxes


def tax(tx: Transaction, line: Obj, default_rates: list[str], exempt: str) -> None:
    """Work out a line's taxes, each rounded to the nearest unit."""
    rates = line["_tax_rates"] if line["_tax_rates"] is not None else default_rates
    base = line["amount"] - discounted(line)
    rows = [tx.need("tax_rate", identity, "tax_rates") for identity in rates]
    within = sum((catalog.percent(rate) for rate in rows if rate["inclusive"]), Fraction(0))
    line["taxes"] = [_one_tax(rate, base, within, exempt) for rate in rows]


def _one_tax(rate: Obj, base: int, within: Fraction, exempt: str) -> Obj:
    net = Fraction(base) / (1 + within / 100)
    amount = amounts.half_up(net * catalog.percent(rate) / 100)
    reason = {"exempt": "customer_exempt", "reverse": "reverse_charge"}.get(exempt, "standard_rated")
    return {
        "amount": 0 if exempt != "none" else amount,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": reason,
        "taxable_amount": amounts.half_up(net),
        "type": "tax_rate_details",
    }
