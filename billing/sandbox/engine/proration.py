"""Prorations in flexible billing: time is credited from the debits that billed it, and billed again at what applies now.

A debit is one line's charge for an item's time: `{id, item, price, quantity, start, end, amount, parts, taken, tax_rates,
exempt, line, invoice, invoice_item}`, kept on its subscription under `_debits`. `amount` is before the discounts in `parts`
(discount and amount), and after those in `taken` (ids), which a net line has in it. Crediting spends the debit, in proportion
to the time that is left, at the tax it was billed with: what is given back is what was paid. A change with
`proration_behavior=none` makes no debit: what it gave away is never credited, and what it took is credited later.

A debit is discounted as its period would be, in proportion to its time: fixed amounts too.
"""

from fractions import Fraction

from billing.sandbox import ids
from billing.sandbox.engine import amounts, discounts, lines, periods
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

# Discounts are weighed against each other to a millionth of a minor unit.
FINE = 1_000_000


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
        _discounts=list(item["discounts"]),
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
        "parts": [[part["discount"], part["amount"]] for part in line["discount_amounts"]],
        "taken": list(line["discounts"]),
        "line": None,
        "invoice": None,
        "invoice_item": None,
        "tax_rates": line["_tax_rates"],
        "exempt": line.get("_held_exempt"),
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
    gross = amounts.down(-debit["amount"] * left)
    parts = _parts(debit)
    net = amounts.down(-(debit["amount"] - sum(parts.values())) * left)
    apart = itemized(subscription)
    if (gross if apart else net) == 0:
        return None
    price = tx.need("price", debit["price"])
    credited = {"invoice": debit["invoice"], "invoice_line_items": [debit["line"]]} if debit["line"] else None
    line = lines.new(
        tx,
        amount=gross if apart else net,
        currency=price["currency"],
        start=start,
        end=debit["end"],
        discountable=False,
        description=f"Unused time on {lines.describe(tx, price, debit['quantity'])} after {periods.date(at)}",
        parent=lines.item_parent(subscription["id"], debit["item"], proration=True, credited=credited),
        _tax_rates=debit["tax_rates"],
        _held_exempt=debit.get("exempt"),
        _net=True,
        _credits_item=debit["invoice_item"],
        **lines.pricing(price, debit["quantity"]),
    )
    named = list(dict.fromkeys([*parts, *debit.get("taken", [])]))
    _discounted(line, named, [parts.get(identity, 0) for identity in named], gross - net if apart else 0)
    return line


def _parts(debit: Obj) -> dict[str, int]:
    """What each discount took off a debit. Accounts saved before discounts were kept apart have their sum alone."""
    if "parts" in debit or not debit.get("discounts"):
        return dict(debit.get("parts", []))
    return {debit["discounts"][0]: debit["discount"]}


def _discounted(line: Obj, identities: list[str], weights: list[int], off: int) -> None:
    """Name the discounts of a line, with `off` shared out among them; 0 where the line is net."""
    parts = amounts.shares(abs(off), weights)
    line["discounts"] = identities
    line["discount_amounts"] = [
        {"amount": part if off > 0 else -part, "discount": row} for part, row in zip(parts, identities, strict=True)
    ]


def debit_of(tx: Transaction, subscription: Obj, item: Obj, at: int) -> Obj | None:
    """The line that bills an item's remaining time at its present price, quantity and discounts."""
    start, end = item["current_period_start"], item["current_period_end"]
    left = Fraction(end - at, end - start)
    if left <= 0:
        return None
    price, quantity = price_of(tx, item), item["quantity"]
    full, parts = amounts.of_price(price, quantity), discounts.of_item(tx, subscription, item)
    off = sum((part for _, part in parts), Fraction(0))
    gross, net = amounts.down(full * left), amounts.down((full - off) * left)
    apart = itemized(subscription)
    line = lines.new(
        tx,
        amount=gross if apart else net,
        currency=price["currency"],
        start=at,
        end=end,
        discountable=apart,
        description=f"Remaining time on {lines.describe(tx, price, quantity)} after {periods.date(at)}",
        parent=lines.item_parent(subscription["id"], item["id"], proration=True),
        _tax_rates=item["tax_rates"] or _pinned(subscription),
        _net=True,
        **lines.pricing(price, quantity),
    )
    weights = [int(part * FINE) for _, part in parts]
    _discounted(line, [identity for identity, _ in parts], weights, gross - net if apart else 0)
    _debit(subscription, item, line, at, end)
    return line


def _pinned(subscription: Obj) -> list[str] | None:
    """A proration keeps the rates of its day, should it wait for an invoice. Automatic tax asks anew."""
    return None if subscription["automatic_tax"]["enabled"] else list(subscription["default_tax_rates"] or [])
