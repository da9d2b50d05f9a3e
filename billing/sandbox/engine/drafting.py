"""Invoices as drafts: lines gathered, discounts and taxes worked in, sums made."""

from collections import defaultdict

from billing.sandbox import places
from billing.sandbox.engine import automatic_tax, balances, discounts, invoice_items, taxes
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
        row = tx.edit("subscription", subscription["id"])
        row["latest_invoice"] = invoice["id"]
        discounts.consume(tx, row, rows)
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
        discounts=discounts.of_invoice(tx, customer, subscription),
        default_tax_rates=list(source.get("default_tax_rates") or []),
        _subscription=source.get("id"),
    )
    _copy_customer(tx, invoice, customer)
    _set_automatic_tax(invoice, source.get("automatic_tax"))
    defaults = (source.get("invoice_settings") or {}) | {}
    own = customer.get("invoice_settings") or {}
    invoice["custom_fields"] = defaults.get("custom_fields") or own.get("custom_fields")
    invoice["footer"] = defaults.get("footer") or own.get("footer")
    invoice["description"] = defaults.get("description")
    if subscription:
        details = {"metadata": dict(source["metadata"]), "subscription": source["id"], "subscription_proration_date": None}
        invoice["parent"] = {"type": "subscription_details", "subscription_details": details, "quote_details": None}
        invoice["default_payment_method"] = source.get("default_payment_method")
        settings = source["payment_settings"] or {}
        for name in ("payment_method_types", "payment_method_options"):
            invoice["payment_settings"][name] = settings.get(name)
    if method == "send_invoice":
        invoice["_days_until_due"] = source.get("days_until_due") or 30
    return invoice


def _copy_customer(tx: Transaction, invoice: Obj, customer: Obj) -> None:
    """What an invoice says of its customer follows the customer until it is finalized."""
    for name in CUSTOMER_FIELDS:
        invoice[f"customer_{name}"] = customer.get(name)
    tax_ids = tx.find("tax_id", "customer", customer["id"])
    invoice["customer_tax_ids"] = [{"type": row["type"], "value": row["value"]} for row in tax_ids]


def _set_automatic_tax(invoice: Obj, wanted: Obj | None) -> None:
    made = automatic_tax.setting(wanted)
    invoice["automatic_tax"] = {**made, "provider": "stripe" if made["enabled"] else None, "status": None}


def set_automatic_tax(tx: Transaction, invoice: Obj, wanted: Obj | None) -> None:
    """Switch a draft's automatic tax on or off."""
    _set_automatic_tax(invoice, wanted)
    compute(tx, invoice)


def _remember_debits(tx: Transaction, subscription: str, rows: list[Obj], invoice: str) -> None:
    """Tell each debit of the subscription which line billed it, and what discounts and taxes it had there."""
    billed = {line["_debit"]: line for line in rows if line["_debit"]}
    if not billed:
        return
    for debit in tx.edit("subscription", subscription)["_debits"]:
        line = billed.get(debit["id"])
        if line is None:
            continue
        debit.update(
            line=line["id"],
            invoice=invoice,
            parts=[[part["discount"], part["amount"]] for part in line["discount_amounts"]],
            tax_rates=[part["tax_rate_details"]["tax_rate"] for part in line["taxes"]],
            exempt=line["_exempt"],
        )


def compute(tx: Transaction, invoice: Obj) -> None:
    """Make discounts, taxes and sums anew from the lines and from the customer as it is."""
    rows = invoice["lines"]["data"]
    customer = tx.need("customer", invoice["customer"])
    if not customer.get("deleted"):
        _copy_customer(tx, invoice, customer)
    plain = [line for line in rows if not line.get("_net")]
    discounts.apply(tx, plain, invoice["discounts"], invoice["created"])
    _tax(tx, invoice, customer, rows)
    _sums(tx, invoice, rows)
    balance(invoice, balances.of(tx, invoice["customer"], invoice["currency"]))
    invoice.pop("_stale", None)


def _tax(tx: Transaction, invoice: Obj, customer: Obj, rows: list[Obj]) -> None:
    exempt, place = invoice["customer_tax_exempt"] or "none", None
    if invoice["automatic_tax"]["enabled"]:
        place = places.of(tx, customer, tx.get("payment_method", invoice["default_payment_method"]))
        invoice["automatic_tax"]["status"] = places.status(place)
        exempt = place.exempt
    for line in rows:
        rates = line["_tax_rates"]
        if rates is None:
            rates = automatic_tax.rates_of(tx, line, place) if place else invoice["default_tax_rates"]
        taxes.apply(tx, line, rates, line.get("_held_exempt") or exempt)


def _sums(tx: Transaction, invoice: Obj, rows: list[Obj]) -> None:
    taken: dict[str, int] = defaultdict(int)
    for line in rows:
        line["pretax_credit_amounts"] = [_pretax(part["discount"], part["amount"]) for part in line["discount_amounts"]]
        for part in line["discount_amounts"]:
            taken[part["discount"]] += part["amount"]
    own = sum(line.get("_own_discount", 0) for line in rows)
    exclusive, inclusive = sum(map(taxes.exclusive, rows)), sum(map(taxes.inclusive, rows))
    # An item's own discounts are in the subtotal already; those of the whole invoice come after it.
    invoice["subtotal"] = sum(line["amount"] for line in rows) - own
    invoice["total"] = invoice["subtotal"] + own - sum(taken.values()) + exclusive
    invoice["subtotal_excluding_tax"] = invoice["subtotal"] - sum(
        taxes.within(tx, line, line["amount"] - line.get("_own_discount", 0)) for line in rows
    )
    invoice["total_excluding_tax"] = invoice["total"] - exclusive - inclusive
    invoice["total_discount_amounts"] = [{"amount": amount, "discount": row} for row, amount in taken.items()]
    invoice["total_pretax_credit_amounts"] = [_pretax(row, amount) for row, amount in taken.items()]
    invoice["total_taxes"] = taxes.totals(rows)


def _pretax(discount: str, amount: int) -> Obj:
    return {"amount": amount, "discount": discount, "type": "discount", "credit_balance_transaction": None}


def balance(invoice: Obj, credit: int) -> None:
    """Set the amount due from the total and a balance (negative: credit) as it would be applied now."""
    invoice["starting_balance"] = credit
    invoice["amount_due"] = max(0, invoice["total"] + credit)
    invoice["amount_remaining"] = invoice["amount_due"] - invoice["amount_paid"]
