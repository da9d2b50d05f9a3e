"""A subscription's items: checked prices, changes by parameter, and their periods."""

from dataclasses import dataclass, field

from billing.sandbox import errors
from billing.sandbox.engine import amounts, discounts, periods, tax_rates
from billing.sandbox.objects import merge_metadata
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

MOST_ITEMS = 20


@dataclass
class Changes:
    """What a list of item parameters amounts to."""

    before: list[Obj] = field(default_factory=list)
    after: list[Obj] = field(default_factory=list)
    new_interval: bool = False


def recurring_price(tx: Transaction, identity: str | None, param: str) -> Obj:
    """A price that a subscription may use."""
    price = tx.need("price", identity, param)
    if not price["active"]:
        raise errors.invalid("The price specified is inactive. This field only accepts active prices.", param)
    if price["type"] != "recurring":
        raise errors.invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.", param
        )
    return price


def inline_price(tx: Transaction, data: Obj) -> Obj:
    """A price made on the spot from `price_data`."""
    tx.need("product", data["product"], "price_data[product]")
    unit, recurring = data.get("unit_amount"), data.get("recurring")
    interval = {"interval": recurring["interval"], "interval_count": recurring.get("interval_count", 1)} if recurring else {}
    return tx.add(
        tx.new(
            "price",
            active=False,
            billing_scheme="per_unit",
            currency=data["currency"].lower(),
            product=data["product"],
            tax_behavior=data.get("tax_behavior", "unspecified"),
            type="recurring" if recurring else "one_time",
            unit_amount=unit,
            unit_amount_decimal=str(unit) if unit is not None else data.get("unit_amount_decimal"),
            recurring={**interval, "meter": None, "trial_period_days": None, "usage_type": "licensed"} if recurring else None,
        )
    )


def price_id(tx: Transaction, params: Obj, index: int) -> str:
    """The price that one item's parameters name."""
    if params.get("price_data"):
        return str(inline_price(tx, params["price_data"])["id"])
    identity = params.get("price") or params.get("plan")
    if not identity:
        raise errors.invalid(f"Missing required param: items[{index}][price].", f"items[{index}][price]", "parameter_missing")
    return str(recurring_price(tx, identity, f"items[{index}][price]")["id"])


def new(tx: Transaction, subscription: Obj, params: Obj, index: int) -> Obj:
    """An item that isn't on its subscription yet. Its period is set by the caller."""
    quantity = params.get("quantity")
    item = tx.new(
        "subscription_item",
        price=price_id(tx, params, index),
        quantity=1 if quantity is None else int(quantity),
        subscription=subscription["id"],
        tax_rates=tax_rates.named(tx, params.get("tax_rates"), f"items[{index}][tax_rates]"),
        metadata=merge_metadata({}, params.get("metadata")),
    )
    _check_quantity(item["quantity"], index)
    _discount(tx, subscription, item, params, index)
    tx.rows.put("_slot", {"id": item["id"], "object": "_slot", "subscription": subscription["id"]})
    return item


def _check_quantity(quantity: int, index: int) -> None:
    if quantity < 0:
        raise errors.invalid("Invalid non-negative integer", f"items[{index}][quantity]", "parameter_invalid_integer")


def _discount(tx: Transaction, subscription: Obj, item: Obj, params: Obj, index: int) -> None:
    """Set an item's own discounts; those that are not named again are over."""
    if "discounts" not in params:
        return
    price = tx.need("price", item["price"])
    holder = discounts.Holder(
        customer=subscription["customer"],
        currency=price["currency"],
        amount=amounts.half_up(amounts.of_price(price, item["quantity"])),
        subscription=subscription["id"],
        subscription_item=item["id"],
    )
    item["discounts"] = discounts.redeem(tx, params["discounts"], holder, f"items[{index}][discounts]")


def worth(tx: Transaction, subscription: Obj) -> int:
    """What a full period of all items costs, before discounts."""
    rows = subscription["items"]["data"]
    return sum(amounts.half_up(amounts.of_price(tx.need("price", row["price"]), row["quantity"])) for row in rows)


def interval(tx: Transaction, item: Obj) -> tuple[str, int]:
    recurring = tx.need("price", item["price"])["recurring"]
    return recurring["interval"], recurring["interval_count"]


def set_period(tx: Transaction, subscription: Obj, item: Obj, start: int) -> None:
    """Give an item the period that begins at `start`."""
    step, count = interval(tx, item)
    item["current_period_start"] = start
    item["current_period_end"] = periods.end_of(subscription["billing_cycle_anchor"], step, count, start)


def change(tx: Transaction, subscription: Obj, given: list[Obj]) -> Changes:
    """Apply item parameters to a subscription's items; what they were and are now, for those that changed."""
    rows: list[Obj] = subscription["items"]["data"]
    changes = Changes()
    intervals = {interval(tx, item) for item in rows}
    for index, params in enumerate(given):
        if params.get("id"):
            _change_one(tx, subscription, params, index, changes)
        else:
            _add_one(tx, subscription, params, index, changes)
    rows = subscription["items"]["data"]
    check(tx, subscription, rows)
    changes.new_interval = bool(changes.after) and not intervals & {interval(tx, item) for item in rows}
    subscription["items"]["total_count"] = len(rows)
    return changes


def _change_one(tx: Transaction, subscription: Obj, params: Obj, index: int, changes: Changes) -> None:
    rows = subscription["items"]["data"]
    item = next((row for row in rows if row["id"] == params["id"]), None)
    if item is None:
        raise errors.missing("subscription_item", params["id"], f"items[{index}][id]")
    was = dict(item)
    if params.get("deleted"):
        subscription["items"]["data"] = [row for row in rows if row is not item]
        tx.rows.remove("_slot", item["id"])
        changes.before.append(was)
        return
    if params.get("price") or params.get("price_data"):
        item["price"] = item["price"] if params.get("price") == item["price"] else price_id(tx, params, index)
    if params.get("quantity") is not None:
        _check_quantity(int(params["quantity"]), index)
        item["quantity"] = int(params["quantity"])
    if "tax_rates" in params:
        item["tax_rates"] = tax_rates.named(tx, params["tax_rates"], f"items[{index}][tax_rates]", item["tax_rates"])
    if "metadata" in params:
        item["metadata"] = merge_metadata(item["metadata"], params["metadata"])
    _discount(tx, subscription, item, params, index)
    if (was["price"], was["quantity"]) != (item["price"], item["quantity"]):
        changes.before.append(was)
        changes.after.append(item)


def _add_one(tx: Transaction, subscription: Obj, params: Obj, index: int, changes: Changes) -> None:
    item = new(tx, subscription, params, index)
    if any(row["price"] == item["price"] for row in subscription["items"]["data"]):
        raise errors.invalid(
            f"Cannot add multiple subscription items with the same plan: {item['price']}", f"items[{index}][price]"
        )
    same = [row for row in subscription["items"]["data"] if interval(tx, row) == interval(tx, item)]
    if same:
        item.update(current_period_start=same[0]["current_period_start"], current_period_end=same[0]["current_period_end"])
    else:
        # Of another interval: its periods are counted from the same anchor, and the rest of the present one is billed.
        start, end = periods.around(subscription["billing_cycle_anchor"], *interval(tx, item), tx.now)
        item.update(current_period_start=start, current_period_end=end)
    subscription["items"]["data"].append(item)
    changes.after.append(item)


def check(tx: Transaction, subscription: Obj, rows: list[Obj]) -> None:
    if not rows:
        raise errors.invalid("A subscription must have at least one active plan.", "items")
    if len(rows) > MOST_ITEMS:
        raise errors.invalid(f"Subscriptions can't have more than {MOST_ITEMS} items.", "items")
    for item in rows:
        currency = tx.need("price", item["price"])["currency"]
        if currency != subscription["currency"]:
            raise errors.invalid(
                f"The price specified supports currencies of `{currency}`. This doesn't match the expected currency: "
                f"`{subscription['currency']}`.",
                "items[0][price]",
            )
