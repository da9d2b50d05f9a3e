"""Prorations in flexible billing: time is credited from the debits that billed it, and billed again at what applies now.

A debit is one line's charge for an item's time: `{id, item, price, quantity, start, end, amount, discount, discounts,
tax_rates, line, invoice}`, kept on its subscription under `_debits`. Crediting spends it. A change with
`proration_behavior=none` makes no debit, so what it gave away is never credited, and what it took is credited later.
"""

from fractions import Fraction

from billing.sandbox import ids
from billing.sandbox.engine import amounts, catalog, lines, periods
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def itemized(subscription: Obj) -> bool:
    """Whether proration lines are gross with their discount beside them, instead of net."""
    return bool((subscription["billing_mode"]["flexible"] or {}).get("proration_discounts") == "itemized")


def price_of(tx: Transaction, item: Obj) -> Obj:
    return tx.need("price", item["price"], "price")


def period_line(tx: Transaction, subscription: Obj, item: Obj, *, share: Fraction = Fraction(1)) -> Obj:
    """The line that bills an item's present period in advance; `share` of a whole one for a first, shorter period."""
    price, quantity = price_of(tx, item), item["quantity"]
    start, end = item["current_period_start"], item["current_period_end"]
    amount = amounts.half_up(amounts.of_price(price, quantity) * share)
    line = lines.new(
        tx,
        amount=amount,
        currency=price["currency"],
        description=lines.describe(tx, price, quantity),
        start=start,
        end=end,
        parent=lines.item_parent(subscription["id"], item["id"], proration=False),
        _tax_rates=item["tax_rates"] or None,
        **lines.pricing(price, quantity),
    )
    _debit(subscription, item, line, start, end)
    return line


def trial_line(tx: Transaction, subscription: Obj, item: Obj) -> Obj:
    """The line of nothing that a trial's invoice carries."""
    price, quantity = price_of(tx, item), item["quantity"]
    name = (tx.get("product", price["product"]) or {}).get("name", "")
    return lines.new(
        tx,
        amount=0,
        currency=price["currency"],
        description=f"Trial period for {name}",
        start=item["current_period_start"],
        end=item["current_period_end"],
        parent=lines.item_parent(subscription["id"], item["id"], proration=False),
        **lines.pricing(price, quantity),
    )


def _debit(subscription: Obj, item: Obj, line: Obj, start: int, end: int) -> None:
    debit = {
        "id": ids.token(12),
        "item": item["id"],
        "price": item["price"],
        "quantity": item["quantity"],
        "start": start,
        "end": end,
        "amount": line["amount"],
        "discount": 0,
        "discounts": list(line["discounts"]),
        "line": None,
        "invoice": None,
        "invoice_item": None,
        "tax_rates": list(line["_tax_rates"] if line["_tax_rates"] is not None else subscription["default_tax_rates"] or []),
    }
    subscription["_debits"] = [*subscription["_debits"], debit]
    line["_debit"] = debit["id"]


def forget_past(subscription: Obj, now: int) -> None:
    """Drop the debits whose time is over."""
    subscription["_debits"] = [debit for debit in subscription["_debits"] if debit["end"] > now]


def credits_of(tx: Transaction, subscription: Obj, item: Obj, at: int) -> list[Obj]:
    """Credit lines for an item's unused time, one for each debit that billed it; the debits are spent."""
    spent = [debit for debit in subscription["_debits"] if debit["item"] == item["id"] and debit["end"] > at]
    subscription["_debits"] = [debit for debit in subscription["_debits"] if debit not in spent]
    return [line for line in (_credit(tx, subscription, debit, at) for debit in spent) if line is not None]


def _credit(tx: Transaction, subscription: Obj, debit: Obj, at: int) -> Obj | None:
    start = max(at, debit["start"])
    left = Fraction(debit["end"] - start, debit["end"] - debit["start"])
    gross, discount = debit["amount"], debit["discount"]
    apart = itemized(subscription)
    amount = amounts.down(-(gross if apart else gross - discount) * left)
    if amount == 0:
        return None
    price = tx.need("price", debit["price"])
    credited = {"invoice": debit["invoice"], "invoice_line_items": [debit["line"]]} if debit["line"] else None
    line = lines.new(
        tx,
        amount=amount,
        currency=price["currency"],
        start=start,
        end=debit["end"],
        discountable=False,
        description=f"Unused time on {lines.describe(tx, price, debit['quantity'])} after {periods.date(at)}",
        parent=lines.item_parent(subscription["id"], debit["item"], proration=True, credited=credited),
        _tax_rates=debit["tax_rates"],
        _net=True,
        _credits_item=debit["invoice_item"],
        discounts=list(debit["discounts"]),
        **lines.pricing(price, debit["quantity"]),
    )
    back = amounts.half_up(-discount * left) if apart else 0
    parts = amounts.shares(-back, [1] * len(debit["discounts"])) if debit["discounts"] else []
    line["discount_amounts"] = [{"amount": -part, "discount": row} for part, row in zip(parts, debit["discounts"], strict=True)]
    return line


def debit_of(tx: Transaction, subscription: Obj, item: Obj, at: int) -> Obj | None:
    """The line that bills an item's remaining time at its present price and quantity."""
    start, end = item["current_period_start"], item["current_period_end"]
    left = Fraction(end - at, end - start)
    price, quantity = price_of(tx, item), item["quantity"]
    full = amounts.of_price(price, quantity)
    apart = itemized(subscription)
    share, discounts = (Fraction(1), []) if apart else _net_share(tx, subscription, item)
    amount = amounts.down(full * share * left)
    if left <= 0:
        return None
    line = lines.new(
        tx,
        amount=amount,
        currency=price["currency"],
        start=at,
        end=end,
        discountable=apart,
        description=f"Remaining time on {lines.describe(tx, price, quantity)} after {periods.date(at)}",
        parent=lines.item_parent(subscription["id"], item["id"], proration=True),
        _tax_rates=item["tax_rates"] or None,
        _net=not apart,
        discounts=discounts,
        **lines.pricing(price, quantity),
    )
    line["discount_amounts"] = [{"amount": 0, "discount": row} for row in discounts]
    _debit(subscription, item, line, at, end)
    return line


def _net_share(tx: Transaction, subscription: Obj, item: Obj) -> tuple[Fraction, list[str]]:
    """What percentage coupons leave of a price, and the discounts that took the rest. Fixed amounts off are not prorated."""
    share, taken = Fraction(1), []
    probe = {"discountable": True, "pricing": {"price_details": {"product": price_of(tx, item)["product"]}}}
    for row in lines.live_discounts(tx, subscription["discounts"]):
        coupon = lines.coupon_of(tx, row)
        if coupon["percent_off"] is not None and lines.applies(coupon, probe):
            share *= 1 - catalog.percent(coupon) / 100
            taken.append(row["id"])
    return share, taken
