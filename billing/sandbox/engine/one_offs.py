"""`add_invoice_items`: one-off lines that ride on a subscription's next invoice."""

from billing.sandbox import errors
from billing.sandbox.engine import amounts, invoice_items, items, lines, tax_rates
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def put_aside(tx: Transaction, subscription: Obj, given: list[Obj]) -> None:
    """Store them as pending invoice items."""
    for index, entry in enumerate(given):
        _one(tx, subscription, entry, f"add_invoice_items[{index}]")


def _one(tx: Transaction, subscription: Obj, entry: Obj, where: str) -> None:
    price, quantity = price_of(tx, entry, where), int(entry.get("quantity", 1))
    if price["currency"] != subscription["currency"]:
        raise errors.invalid(f"The price's currency must be the subscription's: {subscription['currency']}.", f"{where}[price]")
    amount = amounts.half_up(amounts.of_price(price, quantity))
    start, end = period(tx, subscription, entry.get("period") or {})
    line = lines.new(
        tx,
        amount=amount,
        currency=price["currency"],
        description=lines.describe(tx, price, quantity),
        start=start,
        end=end,
        discountable=entry.get("discountable", amount > 0),
        metadata=dict(entry.get("metadata") or {}),
        _tax_rates=tax_rates.named(tx, entry.get("tax_rates"), f"{where}[tax_rates]") or None,
        **lines.pricing(price, quantity),
    )
    item = invoice_items.put_aside(tx, subscription["customer"], subscription["id"], line, proration=False)
    if entry.get("discounts"):
        invoice_items.discount(tx, tx.edit("invoiceitem", item["id"]), entry["discounts"], f"{where}[discounts]")


def price_of(tx: Transaction, entry: Obj, where: str) -> Obj:
    """The one-time price that an entry names, or makes on the spot."""
    if entry.get("price_data"):
        return items.inline_price(tx, entry["price_data"])
    price = tx.need("price", entry.get("price"), f"{where}[price]")
    if price["type"] != "one_time":
        raise errors.invalid("The price specified is recurring; this field only accepts prices with `type=one_time`.", where)
    return price


def period(tx: Transaction, subscription: Obj, given: Obj) -> tuple[int, int]:
    """The time an entry is for: now, unless it names instants or an end of the subscription's period."""
    ends = [item["current_period_end"] for item in subscription["items"]["data"]]
    starts = [item["current_period_start"] for item in subscription["items"]["data"]]
    start, end = given.get("start") or {}, given.get("end") or {}
    first = {"timestamp": start.get("timestamp"), "max_item_period_start": max(starts)}.get(start.get("type", ""))
    last = {"timestamp": end.get("timestamp"), "min_item_period_end": min(ends)}.get(end.get("type", ""))
    return int(first or tx.now), int(last or first or tx.now)
