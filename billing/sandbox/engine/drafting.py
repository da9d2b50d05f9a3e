"""Invoices as drafts: lines gathered, discounts and taxes worked in, sums made."""

from collections import defaultdict

from billing.sandbox.engine import customers, invoice_items, lines
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

FINALIZED_AFTER_SECONDS = 3600
CUSTOMER_FIELDS = ("address", "email", "name", "phone", "shipping", "tax_exempt")


def draft(
    tx: Transaction,
    customer: Obj,
    subscription: Obj | None,
    rows: list[Obj],
    *,
    reason: str,
    currency: str,
    with_pending: bool = True,
    **fields: object,
) -> Obj:
    """Store a draft invoice of these lines and of what is pending."""
    invoice = _blank(tx, customer, subscription, reason, currency)
    invoice.update(fields)
    if with_pending:
        waiting = invoice_items.pending(tx, customer["id"], subscription["id"] if subscription else None, currency)
        rows = [*(invoice_items.take(tx, item, invoice["id"]) for item in waiting), *rows]
    for line in rows:
        line["invoice"] = invoice["id"]
        line["subscription"] = subscription["id"] if subscription else None
    invoice["lines"] = {
        "object": "list",
        "data": rows,
        "has_more": False,
        "total_count": len(rows),
        "url": f"/v1/invoices/{invoice['id']}/lines",
    }
    compute(tx, invoice)
    if subscription:
        _remember_debits(tx, subscription["id"], rows, invoice["id"])
        tx.edit("subscription", subscription["id"])["latest_invoice"] = invoice["id"]
    tx.add(invoice)
    return invoice


def _blank(tx: Transaction, customer: Obj, subscription: Obj | None, reason: str, currency: str) -> Obj:
    settings, source = tx.account.settings, subscription or {}
    method = source.get("collection_method", "charge_automatically")
    invoice = tx.new(
        "invoice",
        account_country=settings["country"],
        account_name=settings["name"],
        auto_advance=True,
        billing_reason=reason,
        collection_method=method,
        currency=currency,
        customer=customer["id"],
        status="draft",
        period_start=tx.now,
        period_end=tx.now,
        issuer={"type": "self", "account": None},
        test_clock=customer.get("test_clock"),
        total_taxes=[],
        total_discount_amounts=[],
        total_pretax_credit_amounts=[],
        discounts=list(source.get("discounts") or []),
        default_tax_rates=list(source.get("default_tax_rates") or []),
        _subscription=source.get("id"),
    )
    for name in CUSTOMER_FIELDS:
        invoice[f"customer_{name}"] = customer.get(name)
    tax_ids = tx.find("tax_id", "customer", customer["id"])
    invoice["customer_tax_ids"] = [{"type": row["type"], "value": row["value"]} for row in tax_ids]
    defaults = (source.get("invoice_settings") or {}) | {}
    own = customer.get("invoice_settings") or {}
    invoice["custom_fields"] = defaults.get("custom_fields") or own.get("custom_fields")
    invoice["footer"] = defaults.get("footer") or own.get("footer")
    invoice["description"] = defaults.get("description")
    if subscription:
        details = {"metadata": dict(source["metadata"]), "subscription": source["id"], "subscription_proration_date": None}
        invoice["parent"] = {"type": "subscription_details", "subscription_details": details, "quote_details": None}
        invoice["default_payment_method"] = source.get("default_payment_method")
    if method == "send_invoice":
        invoice["_days_until_due"] = source.get("days_until_due") or 30
    return invoice


def _remember_debits(tx: Transaction, subscription: str, rows: list[Obj], invoice: str) -> None:
    """Tell each debit of the subscription which line billed it and what discount it had there."""
    billed = {line["_debit"]: line for line in rows if line["_debit"]}
    if not billed:
        return
    for debit in tx.edit("subscription", subscription)["_debits"]:
        line = billed.get(debit["id"])
        if line is not None:
            debit.update(line=line["id"], invoice=invoice, discount=lines.discounted(line), discounts=list(line["discounts"]))


def compute(tx: Transaction, invoice: Obj) -> None:
    """Make discounts, taxes and sums anew from the lines."""
    rows = invoice["lines"]["data"]
    discounts = lines.live_discounts(tx, invoice["discounts"])
    plain = [line for line in rows if not line.get("_net")]
    for line in plain:
        line["discounts"], line["discount_amounts"] = [], []
    lines.discount(tx, plain, discounts)
    for line in rows:
        lines.tax(tx, line, invoice["default_tax_rates"], invoice["customer_tax_exempt"] or "none")
    _sums(invoice, rows)
    balance(invoice, customers.balance(tx, invoice["customer"], invoice["currency"]))
    invoice.pop("_stale", None)


def _sums(invoice: Obj, rows: list[Obj]) -> None:
    discounts: dict[str, int] = defaultdict(int)
    taxes: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in rows:
        for part in line["discount_amounts"]:
            discounts[part["discount"]] += part["amount"]
        for part in line["taxes"]:
            entry = taxes[(part["tax_rate_details"]["tax_rate"], part["tax_behavior"], part["taxability_reason"])]
            entry[0] += part["amount"]
            entry[1] += part["taxable_amount"]
    exclusive = sum(amount for (_, behavior, _), (amount, _) in taxes.items() if behavior == "exclusive")
    inclusive = sum(amount for (_, behavior, _), (amount, _) in taxes.items() if behavior == "inclusive")
    invoice["subtotal"] = sum(line["amount"] for line in rows)
    invoice["total"] = invoice["subtotal"] - sum(discounts.values()) + exclusive
    invoice["subtotal_excluding_tax"] = invoice["subtotal"] - inclusive
    invoice["total_excluding_tax"] = invoice["total"] - exclusive - inclusive
    invoice["total_discount_amounts"] = [{"amount": amount, "discount": row} for row, amount in discounts.items()]
    invoice["total_pretax_credit_amounts"] = [
        {"amount": amount, "discount": row, "type": "discount", "credit_balance_transaction": None}
        for row, amount in discounts.items()
    ]
    invoice["total_taxes"] = [
        {
            "amount": amount,
            "tax_behavior": behavior,
            "tax_rate_details": {"tax_rate": rate},
            "taxability_reason": reason,
            "taxable_amount": taxable,
            "type": "tax_rate_details",
        }
        for (rate, behavior, reason), (amount, taxable) in taxes.items()
    ]


def balance(invoice: Obj, credit: int) -> None:
    """Set the amount due from the total and a balance (negative: credit) as it would be applied now."""
    invoice["starting_balance"] = credit
    invoice["amount_due"] = max(0, invoice["total"] + credit)
    invoice["amount_remaining"] = invoice["amount_due"] - invoice["amount_paid"]
