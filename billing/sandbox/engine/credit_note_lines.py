"""The lines of a credit note: what of an invoice's lines is taken back, with its discounts and its taxes."""

from fractions import Fraction

from billing.sandbox import errors
from billing.sandbox.engine import amounts, tax_rates, taxes
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


def read(tx: Transaction, invoice: Obj, params: Obj) -> list[Obj]:
    """The lines that the parameters ask for: an amount as a whole, or one by one."""
    if (params.get("amount") is None) == (not params.get("lines")):
        raise errors.invalid("One of `amount`, `lines`, or `shipping_cost` must be provided.", "amount")
    if params.get("amount") is not None:
        return [_new(tx, type="custom_line_item", amount=int(params["amount"]), description="Credit", quantity=1)]
    return [_line(tx, invoice, entry, f"lines[{index}]") for index, entry in enumerate(params["lines"])]


def _new(tx: Transaction, **fields: object) -> Obj:
    blank: Obj = {"discount_amounts": [], "pretax_credit_amounts": [], "tax_rates": [], "taxes": [], "metadata": {}}
    return tx.new("credit_note_line_item", **{**blank, **fields})


def _line(tx: Transaction, invoice: Obj, entry: Obj, where: str) -> Obj:
    if entry["type"] == "custom_line_item":
        return _custom(tx, entry, where)
    line = next((row for row in invoice["lines"]["data"] if row["id"] == entry.get("invoice_line_item")), None)
    if line is None:
        raise errors.missing("line_item", entry.get("invoice_line_item") or "", f"{where}[invoice_line_item]")
    share = _share(line, entry, where)
    parts = [{**part, "amount": amounts.half_up(part["amount"] * share)} for part in line["discount_amounts"]]
    taxed = [
        {**part, **{name: amounts.half_up(part[name] * share) for name in ("amount", "taxable_amount")}}
        for part in line["taxes"]
    ]
    unit = (line["pricing"] or {}).get("unit_amount_decimal")
    return _new(
        tx,
        type="invoice_line_item",
        invoice_line_item=line["id"],
        amount=amounts.half_up(line["amount"] * share),
        description=line["description"],
        discount_amount=sum(part["amount"] for part in parts),
        discount_amounts=parts,
        pretax_credit_amounts=[{**part, "type": "discount", "credit_balance_transaction": None} for part in parts],
        metadata=dict(entry.get("metadata") or {}),
        quantity=entry.get("quantity"),
        tax_rates=[part["tax_rate_details"]["tax_rate"] for part in taxed],
        taxes=taxed,
        unit_amount=int(Fraction(unit)) if unit is not None and Fraction(unit).denominator == 1 else None,
        unit_amount_decimal=unit,
    )


def _share(line: Obj, entry: Obj, where: str) -> Fraction:
    """The part of a line that is credited: by amount, by quantity, or all of it."""
    if entry.get("amount") is not None and entry.get("quantity") is not None:
        raise errors.invalid("You may only specify one of `amount` and `quantity`.", f"{where}[amount]")
    name = "amount" if entry.get("amount") is not None else "quantity"
    whole = line[name] or 0
    wanted = entry.get(name)
    if wanted is None:
        return Fraction(1)
    if whole <= 0 or not 0 < int(wanted) <= whole:
        raise errors.invalid(f"The {name} to credit must be between 1 and the line's: {whole}.", f"{where}[{name}]")
    return Fraction(int(wanted), whole)


def _custom(tx: Transaction, entry: Obj, where: str) -> Obj:
    unit = entry.get("unit_amount_decimal") if entry.get("unit_amount") is None else entry["unit_amount"]
    if unit is None:
        raise errors.invalid(f"Missing required param: {where}[unit_amount].", f"{where}[unit_amount]", "parameter_missing")
    quantity = int(entry.get("quantity") or 1)
    rates = tax_rates.named(tx, entry.get("tax_rates"), f"{where}[tax_rates]", entry.get("tax_rates") or None)
    line = _new(
        tx,
        type="custom_line_item",
        amount=amounts.half_up(Fraction(str(unit)) * quantity),
        description=entry.get("description"),
        metadata=dict(entry.get("metadata") or {}),
        quantity=quantity,
        tax_rates=rates,
        unit_amount=entry.get("unit_amount"),
        unit_amount_decimal=str(unit),
    )
    taxes.apply(tx, line, rates, "none")
    return line


def sums(note: Obj, rows: list[Obj]) -> None:
    """Sum up the lines of a note."""
    discounts: dict[str, int] = {}
    for line in rows:
        for part in line["discount_amounts"]:
            discounts[part["discount"]] = discounts.get(part["discount"], 0) + part["amount"]
    exclusive, inclusive = sum(map(taxes.exclusive, rows)), sum(map(taxes.inclusive, rows))
    subtotal, off = sum(line["amount"] for line in rows), sum(discounts.values())
    total = subtotal - off + exclusive
    note.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - inclusive,
        discount_amount=off,
        discount_amounts=[{"amount": amount, "discount": row} for row, amount in discounts.items()],
        pretax_credit_amounts=[
            {"amount": amount, "discount": row, "type": "discount", "credit_balance_transaction": None}
            for row, amount in discounts.items()
        ],
        amount=total,
        total=total,
        total_excluding_tax=total - exclusive - inclusive,
        total_taxes=taxes.totals(rows),
    )
