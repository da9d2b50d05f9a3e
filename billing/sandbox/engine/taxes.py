"""Taxes of invoice lines: each line and each rate rounded by itself, to the nearest unit."""

from fractions import Fraction

from billing.sandbox.engine import amounts, coupons, discounts
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

REASONS = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


def apply(tx: Transaction, line: Obj, rates: list[str], exempt: str) -> None:
    """Work out a line's taxes. `exempt`: the customer's none, exempt or reverse, when the line was billed.

    Whoever is exempt pays an inclusive price in full: the price stays, the tax within it is nothing.
    """
    rows = [tx.need("tax_rate", identity, "tax_rates") for identity in rates]
    base = Fraction(line["amount"] - discounts.total(line))
    net = base / (1 + _within(rows) / 100) if exempt == "none" else base
    line["taxes"] = [_tax(rate, net, exempt) for rate in rows]
    line["_exempt"] = exempt


def _within(rates: list[Obj]) -> Fraction:
    return sum((coupons.percent(rate) for rate in rates if rate["inclusive"]), Fraction(0))


def _tax(rate: Obj, net: Fraction, exempt: str) -> Obj:
    amount = amounts.half_up(net * coupons.percent(rate) / 100) if exempt == "none" else 0
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        # Stripe Tax knows why it taxes; of a rate made by hand nobody said.
        "taxability_reason": REASONS.get(exempt) or rate.get("_reason") or "not_available",
        "taxable_amount": amounts.half_up(net),
        "type": "tax_rate_details",
    }


def within(tx: Transaction, line: Obj, amount: int) -> int:
    """The inclusive tax in an amount of this line."""
    if line.get("_exempt", "none") != "none":
        return 0
    rates = [tx.need("tax_rate", part["tax_rate_details"]["tax_rate"]) for part in line["taxes"]]
    share = _within(rates)
    net = Fraction(amount) / (1 + share / 100)
    return sum(amounts.half_up(net * coupons.percent(rate) / 100) for rate in rates if rate["inclusive"])


def exclusive(line: Obj) -> int:
    """The tax on top of a line."""
    return sum(part["amount"] for part in line["taxes"] if part["tax_behavior"] == "exclusive")


def inclusive(line: Obj) -> int:
    """The tax within a line."""
    return sum(part["amount"] for part in line["taxes"] if part["tax_behavior"] == "inclusive")


def totals(rows: list[Obj]) -> list[Obj]:
    """The taxes of several lines, summed by rate and reason, as an invoice or a credit note shows them."""
    sums: dict[tuple[str, str, str], Obj] = {}
    for line in rows:
        for part in line["taxes"]:
            key = (part["tax_rate_details"]["tax_rate"], part["tax_behavior"], part["taxability_reason"])
            entry = sums.setdefault(key, {**part, "amount": 0, "taxable_amount": 0})
            entry["amount"] += part["amount"]
            entry["taxable_amount"] += part["taxable_amount"]
    return list(sums.values())
