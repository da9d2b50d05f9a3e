"""Bulk import: finished objects in Stripe's own shape, stored as they are and without events. A company's seeded history.

Missing fields come from the skeleton, and the sandbox's own notes (what a period was billed, balances, who pays for what)
are worked out from the shape, so that an imported subscription renews, is prorated and is paid as if it had been lived.
Import prices and payment methods before, or together with, what refers to them.
"""

from collections.abc import Callable

from billing.sandbox import ids, objects
from billing.sandbox.accounts import Account
from billing.sandbox.engine import cards, discounts, payment_methods, proration
from billing.sandbox.state import Changes, Obj
from billing.sandbox.transactions import Transaction


def load(account: Account, rows: list[Obj]) -> int:
    """Store the objects; how many there were. The caller holds the account's lock."""
    tx = account.begin()
    whole = [_whole(account, row) for row in rows]
    for row in whole:
        tx.rows.put(row["object"], row)
    for row in whole:
        finish = FINISHERS.get(row["object"])
        if finish:
            finish(tx, row)
    changes: Changes = tx.rows.changes
    account.write(changes)
    return len(rows)


def _whole(account: Account, row: Obj) -> Obj:
    return objects.new(row["object"], int(row.get("created") or account.time()), **row)


def _price(_: Transaction, row: Obj) -> None:
    row["_tiers"], row["tiers"] = row.get("_tiers") or row["tiers"], None
    row["billing_scheme"] = "tiered" if row["_tiers"] else "per_unit"
    if row["unit_amount"] is not None and row["unit_amount_decimal"] is None:
        row["unit_amount_decimal"] = str(row["unit_amount"])


def _customer(_: Transaction, row: Obj) -> None:
    row["balance"] = row["balance"] or 0
    row.setdefault("_balances", {row["currency"]: row["balance"]} if row["currency"] and row["balance"] else {})
    row["delinquent"] = bool(row["delinquent"])
    row["preferred_locales"] = row["preferred_locales"] or []
    row["tax_exempt"] = row["tax_exempt"] or "none"
    row["invoice_prefix"] = row["invoice_prefix"] or ids.token(8).upper()
    row["next_invoice_sequence"] = row["next_invoice_sequence"] or 1
    settings = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}
    row["invoice_settings"] = {**settings, **(row["invoice_settings"] or {})}
    row["discount"] = row["discount"]["id"] if isinstance(row["discount"], dict) else row["discount"]


def _payment_method(_: Transaction, row: Obj) -> None:
    given = row["card"] or {}
    known = [number for number in cards.BY_NUMBER if number.endswith(given.get("last4", "4242"))]
    card = cards.BY_NUMBER[known[0] if known else "4242424242424242"]
    row.setdefault("_number", card.number)
    row.setdefault("_set_up", True)
    row["card"] = {**payment_methods.card_details(card, 12, 2035), **given}
    row["billing_details"] = {
        **payment_methods.BILLING_DETAILS,
        **{name: value for name, value in row["billing_details"].items() if value},
    }
    row["type"] = row["type"] or "card"


def _subscription(tx: Transaction, row: Obj) -> None:
    given = row["items"]["data"] if isinstance(row["items"], dict) else row["items"]
    rows = [_item(row, entry) for entry in given]
    address = f"/v1/subscription_items?subscription={row['id']}"
    row["items"] = objects.sublist(address, rows)
    row["status"] = row["status"] or "active"
    row["collection_method"] = row["collection_method"] or "charge_automatically"
    row["cancel_at_period_end"] = bool(row["cancel_at_period_end"])
    row["start_date"] = row["start_date"] or row["created"]
    row["billing_cycle_anchor"] = row["billing_cycle_anchor"] or rows[0]["current_period_start"]
    row["currency"] = row["currency"] or tx.need("price", rows[0]["price"])["currency"]
    flexible = {"type": "flexible", "flexible": {"proration_discounts": "included"}, "updated_at": None}
    row["billing_mode"] = row["billing_mode"] if row["billing_mode"]["type"] else flexible
    row["default_tax_rates"] = row["default_tax_rates"] or []
    details = {"comment": None, "feedback": None, "feedback_option": None, "reason": None}
    row["cancellation_details"] = {**details, **(row["cancellation_details"] or {})}
    end = {"missing_payment_method": "create_invoice", "billing_cycle_anchor": None}
    row["trial_settings"] = row["trial_settings"] or {"end_behavior": end}
    row["invoice_settings"]["issuer"] = {"type": "self", "account": None}
    _billed(tx, row)


def _item(row: Obj, entry: Obj) -> Obj:
    item = objects.new("subscription_item", int(entry.get("created") or row["created"]), **{"subscription": row["id"], **entry})
    item["price"] = entry["price"]["id"] if isinstance(entry["price"], dict) else entry["price"]
    item["tax_rates"] = item["tax_rates"] or []
    item["quantity"] = 1 if item["quantity"] is None else item["quantity"]
    return item


def _billed(tx: Transaction, row: Obj) -> None:
    """Note each item's present period as billed at its price and quantity."""
    for item in row["items"]["data"]:
        tx.rows.put("_slot", {"id": item["id"], "object": "_slot", "subscription": row["id"]})
    if "_debits" in row:
        return
    row["_debits"] = []
    if row["status"] == "trialing":
        return
    customer = tx.get("customer", row["customer"]) or {}
    lines = [proration.period_line(tx, row, item) for item in row["items"]["data"]]
    discounts.apply(tx, lines, discounts.of_invoice(tx, customer, row), row["items"]["data"][0]["current_period_start"])
    for item, line, debit in zip(row["items"]["data"], lines, row["_debits"], strict=True):
        debit["parts"] = [[part["discount"], part["amount"]] for part in line["discount_amounts"]]
        debit["tax_rates"] = list(item["tax_rates"] or row["default_tax_rates"])
        debit["exempt"] = customer.get("tax_exempt") or "none"


def _coupon(_: Transaction, row: Obj) -> None:
    row["_applies_to"], row["applies_to"] = row.get("_applies_to") or row["applies_to"], None
    row["_currency_options"], row["currency_options"] = row.get("_currency_options") or row["currency_options"], None
    row["duration"] = row["duration"] or "forever"


def _discount(tx: Transaction, row: Obj) -> None:
    """A discount of a customer is noted at the customer, of a subscription at the subscription."""
    row.setdefault("_coupon", dict(tx.get("coupon", row["source"]["coupon"]) or {}))
    kind = "subscription" if row["subscription"] else "customer"
    if tx.get(kind, row[kind]) and row["end"] and not row["invoice"]:
        holder = tx.rows.edit(kind, row[kind])
        holder["_discount_ends"] = min(row["end"], holder.get("_discount_ends") or row["end"])


def _invoice(tx: Transaction, row: Obj) -> None:
    details = (row["parent"] or {}).get("subscription_details") or {}
    row.setdefault("_subscription", details.get("subscription"))
    lines = row["lines"]["data"] if isinstance(row["lines"], dict) else row["lines"]
    whole = [
        objects.new("line_item", row["created"], **{"invoice": row["id"], "_tax_rates": None, "_debit": None, **line})
        for line in lines
    ]
    row["lines"] = objects.sublist(f"/v1/invoices/{row['id']}/lines", whole)
    row["hosted_invoice_url"] = row["hosted_invoice_url"] or f"{tx.account.base_url}/i/{row['id']}"
    row["invoice_pdf"] = row["invoice_pdf"] or f"{tx.account.base_url}/i/{row['id']}/pdf"
    row["issuer"] = {"type": "self", "account": None}
    row["collection_method"] = row["collection_method"] or "charge_automatically"
    row["period_start"] = row["created"] if row["period_start"] is None else row["period_start"]
    row["period_end"] = row["created"] if row["period_end"] is None else row["period_end"]


def _invoice_payment(_: Transaction, row: Obj) -> None:
    row.setdefault("_payment_intent", row["payment"]["payment_intent"])


FINISHERS: dict[str, Callable[[Transaction, Obj], None]] = {
    "price": _price,
    "coupon": _coupon,
    "discount": _discount,
    "customer": _customer,
    "payment_method": _payment_method,
    "subscription": _subscription,
    "invoice": _invoice,
    "invoice_payment": _invoice_payment,
}
