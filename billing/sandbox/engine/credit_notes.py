"""Credit notes: what is taken back of a final invoice, before it is paid (less is due) or after (refund, credit, outside)."""

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import balances, credit_note_lines, refunds, settling
from billing.sandbox.objects import assign, sublist
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

FINAL = {"open", "paid", "uncollectible"}


def create(call: Call) -> Obj:
    return issue(call.tx, call.params)


def preview(call: Call) -> Obj:
    """What a note would be; nothing of it stays."""
    call.view = call.tx.child(preview=True)
    return issue(call.view, call.params)


def preview_lines(call: Call) -> Page:
    rows = preview(call)["lines"]["data"]
    wanted = {name: call.params.get(name) for name in ("limit", "starting_after", "ending_before")}
    return paging.cut(call.view or call.tx, rows, "line_item", wanted, call.url, test=bool)


def issue(tx: Transaction, params: Obj) -> Obj:
    """Issue a note and let it take effect."""
    invoice = tx.edit("invoice", params["invoice"], "invoice")
    tx.follow(invoice["customer"])
    if invoice["status"] not in FINAL:
        raise errors.invalid(
            f"Credit notes can only be issued for finalized invoices; this one is {invoice['status']}.", "invoice"
        )
    note = _blank(tx, invoice, params)
    rows = credit_note_lines.read(tx, invoice, params)
    note["lines"] = sublist(f"/v1/credit_notes/{note['id']}/lines", rows)
    credit_note_lines.sums(note, rows)
    linked = [_linked(tx, invoice, entry, f"refunds[{index}]") for index, entry in enumerate(params.get("refunds") or [])]
    note["refunds"] = linked
    _check_total(tx, invoice, note)
    note["pre_payment_amount"] = min(note["total"], invoice["amount_remaining"]) if invoice["status"] != "paid" else 0
    note["post_payment_amount"] = note["total"] - note["pre_payment_amount"]
    kinds = {(True, False): "pre_payment", (False, True): "post_payment", (True, True): "mixed"}
    note["type"] = kinds[bool(note["pre_payment_amount"]), bool(note["post_payment_amount"])]
    _give_back(tx, invoice, note, params)
    if note["pre_payment_amount"]:
        _owe_less(tx, invoice, note["pre_payment_amount"])
    invoice["pre_payment_credit_notes_amount"] += note["pre_payment_amount"]
    invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]
    return tx.add(note)


def _blank(tx: Transaction, invoice: Obj, params: Obj) -> Obj:
    number = len(tx.find("credit_note", "invoice", invoice["id"])) + 1
    note = tx.new(
        "credit_note",
        currency=invoice["currency"],
        customer=invoice["customer"],
        invoice=invoice["id"],
        number=f"{invoice['number']}-CN-{number:02d}",
        status="issued",
        effective_at=tx.now,
        refunds=[],
        metadata={},
    )
    note["pdf"] = f"{tx.account.base_url}/credit_notes/{note['id']}/pdf"
    assign(note, params, "memo", "reason", "effective_at")
    return note


def _check_total(tx: Transaction, invoice: Obj, note: Obj) -> None:
    """All notes together, and refunds made without one, can't take back more than was billed."""
    notes = [row for row in tx.find("credit_note", "invoice", invoice["id"]) if row["status"] == "issued"]
    linked = sum(part["amount_refunded"] for row in [*notes, note] for part in row["refunds"])
    total = note["total"]
    charge = charge_of(tx, invoice)
    left = invoice["total"] - sum(row["total"] for row in notes) - ((charge["amount_refunded"] - linked) if charge else 0)
    if total <= 0:
        raise errors.invalid("The amount of a credit note must be greater than 0.", "amount")
    if total > left:
        raise errors.invalid(f"The credit note's total ({total}) is greater than what is left to credit ({left}).", "amount")


def charge_of(tx: Transaction, invoice: Obj) -> Obj | None:
    """The charge that paid an invoice."""
    intent = settling.intent_of(tx, invoice)
    charge = tx.get("charge", (intent or {}).get("latest_charge"))
    return charge if charge and charge["paid"] else None


def _give_back(tx: Transaction, invoice: Obj, note: Obj, params: Obj) -> None:
    """Share out what was paid already: to the card, to the balance, outside; together exactly the amount."""
    refund, credit, outside = (int(params.get(name) or 0) for name in ("refund_amount", "credit_amount", "out_of_band_amount"))
    given = refund + credit + outside + sum(part["amount_refunded"] for part in note["refunds"])
    if given != note["post_payment_amount"]:
        raise errors.invalid(
            f"The sum of `credit_amount`, `refund_amount`, `out_of_band_amount` and `refunds` ({given}) must equal the credit "
            f"note's post-payment amount ({note['post_payment_amount']}).",
            "credit_amount",
        )
    if refund:
        charge = charge_of(tx, invoice)
        if charge is None:
            raise errors.invalid("This invoice was not paid by a charge that can be refunded.", "refund_amount")
        note["refunds"] = [*note["refunds"], _part(refunds.refund(tx, charge["id"], refund), refund)]
    note["out_of_band_amount"] = outside or None
    if credit:
        notes = {"credit_note": note["id"], "invoice": invoice["id"]}
        moved = balances.move(tx, invoice["customer"], -credit, invoice["currency"], "credit_note", **notes)
        note["customer_balance_transaction"] = moved["id"]


def _part(refund: Obj, amount: int) -> Obj:
    return {"refund": refund["id"], "amount_refunded": amount, "type": "refund", "payment_record_refund": None}


def _linked(tx: Transaction, invoice: Obj, entry: Obj, where: str) -> Obj:
    """A refund that was made already."""
    refund = tx.need("refund", entry.get("refund"), f"{where}[refund]")
    charge = charge_of(tx, invoice)
    amount = int(entry.get("amount_refunded") or refund["amount"])
    if charge is None or refund["charge"] != charge["id"] or amount > refund["amount"]:
        raise errors.invalid("The refund must be one of this invoice's payment, and no greater than it.", f"{where}[refund]")
    return _part(refund, amount)


def _owe_less(tx: Transaction, invoice: Obj, amount: int) -> None:
    """Take an amount off what an invoice still asks for (less than nothing: put it back). Nothing left is paid."""
    invoice["amount_due"] -= amount
    invoice["amount_remaining"] -= amount
    if invoice["amount_remaining"] == 0:
        settling.abandon(tx, invoice, "void_invoice")
        settling.mark_paid(tx, invoice)
        return
    intent = settling.intent_of(tx, invoice)
    if intent is not None:
        tx.edit("payment_intent", intent["id"])["amount"] = invoice["amount_remaining"]
    for row in tx.find("invoice_payment", "invoice", invoice["id"]):
        if row["status"] == "open":
            tx.edit("invoice_payment", row["id"])["amount_requested"] = invoice["amount_remaining"]


def void(call: Call) -> Obj:
    """Take a note back. What was refunded or credited stays, so only notes on invoices that are still open can go."""
    tx, note = call.tx, call.tx.edit("credit_note", call.ids["id"])
    invoice = tx.edit("invoice", note["invoice"])
    tx.follow(invoice["customer"])
    if note["status"] == "void":
        raise errors.invalid("This credit note is already void.")
    if note["type"] != "pre_payment" or invoice["status"] not in {"open", "uncollectible"}:
        raise errors.invalid("You can only void credit notes of invoices that are still open.")
    _owe_less(tx, invoice, -note["pre_payment_amount"])
    invoice["pre_payment_credit_notes_amount"] -= note["pre_payment_amount"]
    note.update(status="void", voided_at=tx.now)
    tx.emit("credit_note.voided", note)
    return note


def retrieve(call: Call) -> Obj:
    return call.tx.need("credit_note", call.ids["id"])


def update(call: Call) -> Obj:
    note = call.tx.edit("credit_note", call.ids["id"])
    assign(note, call.params, "memo")
    return note


def list_all(call: Call) -> Page:
    where = {name: call.params.get(name) for name in ("customer", "created", "invoice")}
    return paging.listing(call.tx, "credit_note", call.params, call.url, where=where)


def list_lines(call: Call) -> Page:
    rows = call.tx.need("credit_note", call.ids["credit_note"])["lines"]["data"]
    return paging.cut(call.tx, rows, "line_item", call.params, call.url, test=bool)
