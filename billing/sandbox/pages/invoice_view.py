"""The hosted invoice: what was billed, what of it is paid, and the form that pays the rest."""

from dataclasses import dataclass
from typing import Any

from billing.sandbox.engine import transfers
from billing.sandbox.http import Response
from billing.sandbox.pages import amounts, cards, layout, prices, reductions
from billing.sandbox.pages.markup import Child, Html, tag
from billing.sandbox.pages.words import Say

Obj = dict[str, Any]

STATUS = {"draft": "Draft", "open": "Open", "paid": "Paid", "void": "Void", "uncollectible": "Uncollectible"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice as it reads: description, period, quantity, unit price and amount."""

    description: str
    period: str
    quantity: str
    unit: str
    amount: str


def show(
    say: Say, merchant: str, invoice: Obj, entry: cards.Entry, failure: tuple[str, str] | None, *, country: str
) -> Response:
    """The invoice. ``failure`` is what went wrong with the card and what to do."""
    status = 402 if failure else 400 if entry.wrong else 200
    form = _pay(say, invoice, entry, failure, country) if payable(invoice) else None
    return layout.page(
        say,
        title(say, invoice),
        tag(
            "div",
            _document(say, merchant, invoice),
            tag("div", _state(say, invoice), _transfer(say, merchant, invoice), form, class_="stack"),
            class_="split",
        ),
        reference=invoice["id"],
        wide=True,
        status=status,
    )


def payable(invoice: Obj) -> bool:
    """Whether money is owed that a card can pay: not while a bank is at work on it."""
    return bool(invoice["status"] == "open" and invoice["amount_remaining"] > 0 and not invoice.get("is_processing"))


def title(say: Say, invoice: Obj) -> str:
    return say("Invoice {number}", number=invoice["number"]) if invoice["number"] else say("Draft invoice")


def account(merchant: str, invoice: Obj) -> list[tuple[str, str]]:
    """Where it may be paid to by bank transfer, as (label, value) pairs; none where it may not."""
    customer = invoice["customer"]
    if not payable(invoice) or not transfers.takes(invoice) or not isinstance(customer, dict):
        return []
    settings = (invoice["payment_settings"]["payment_method_options"] or {}).get("customer_balance") or {}
    country = ((settings.get("bank_transfer") or {}).get("eu_bank_transfer") or {}).get("country") or "US"
    told = transfers.address(customer, invoice["currency"], country, merchant)
    names = {
        "account_holder_name": "Account holder",
        "iban": "IBAN",
        "bic": "BIC",
        "account_number": "Account number",
        "routing_number": "Routing number",
        "sort_code": "Sort code",
    }
    return [(label, told[told["type"]][name]) for name, label in names.items() if told[told["type"]].get(name)]


def _transfer(say: Say, merchant: str, invoice: Obj) -> Child:
    found = account(merchant, invoice)
    if not found:
        return None
    pairs = (tag(kind, words) for label, value in found for kind, words in (("dt", say(label)), ("dd", value)))
    button = tag("button", say("Let the transfer arrive"), name="action", value="transfer", class_="wide")
    return tag(
        "div",
        tag("h2", say("Pay by bank transfer")),
        tag("dl", *pairs),
        tag("form", button, method="post", action=f"/i/{invoice['id']}"),
        class_="panel stack",
    )


def _money(say: Say, invoice: Obj, amount: int) -> str:
    return amounts.money(amount, invoice["currency"], say.language)


def _document(say: Say, merchant: str, invoice: Obj) -> Html:
    status = tag("span", say(STATUS[invoice["status"]]), class_=f"status {invoice['status']}")
    pdf = invoice["invoice_pdf"]
    return tag(
        "section",
        tag("div", tag("h1", title(say, invoice)), status, class_="row"),
        tag(
            "dl",
            *(
                tag(kind, words)
                for pair in facts(say, merchant, invoice)
                for kind, words in zip(("dt", "dd"), pair, strict=True)
            ),
        ),
        tag("p", invoice["description"]) if invoice["description"] else None,
        _lines(say, invoice),
        prices.totals(*sums(say, invoice)),
        tag("p", invoice["footer"], class_="soft") if invoice["footer"] else None,
        tag("p", tag("a", say("Download as PDF"), href=pdf)) if pdf else None,
        class_="stack",
    )


def facts(say: Say, merchant: str, invoice: Obj) -> list[tuple[str, str]]:
    """Who to whom, the dates, and the custom fields, as (label, value) pairs."""
    customer = [
        each for each in (invoice["customer_name"], *_address(invoice["customer_address"]), invoice["customer_email"]) if each
    ]
    issued = (invoice["status_transitions"] or {}).get("finalized_at") or invoice["created"]
    found = [(say("From"), merchant), (say("To"), ", ".join(customer)), (say("Issued"), amounts.day(issued, say.language))]
    if invoice["due_date"]:
        found.append((say("Due"), amounts.day(invoice["due_date"], say.language)))
    found += [(say("Tax id"), each["value"]) for each in invoice["customer_tax_ids"] or [] if each["value"]]
    return found + [(each["name"], each["value"]) for each in invoice["custom_fields"] or []]


def _address(address: Obj | None) -> list[str]:
    names = ("line1", "line2", "postal_code", "city", "state", "country")
    return [address[name] for name in names if address.get(name)] if address else []


def lines(say: Say, invoice: Obj) -> list[Line]:
    """The lines of an invoice in words."""
    return [_line(say, invoice, line) for line in invoice["lines"]["data"]]


def _line(say: Say, invoice: Obj, line: Obj) -> Line:
    period, pricing = line["period"], line.get("pricing") or {}
    within = period and period["start"] != period["end"]
    start_and_end = {name: amounts.day(period[name], say.language, "medium") for name in ("start", "end")} if within else {}
    unit, quantity = pricing.get("unit_amount_decimal"), line["quantity"]
    return Line(
        description=line["description"] or "",
        period=say("{start} to {end}", **start_and_end) if within else "",
        quantity=str(quantity) if quantity is not None else "",
        unit=amounts.money(amounts.exact(unit), line["currency"], say.language) if unit is not None else "",
        amount=_money(say, invoice, line["amount"]),
    )


def _lines(say: Say, invoice: Obj) -> Html:
    head = tag(
        "tr",
        tag("th", say("Description"), scope="col"),
        tag("th", say("Quantity"), scope="col", class_="figure"),
        tag("th", say("Unit price"), scope="col", class_="figure"),
        tag("th", say("Amount"), scope="col", class_="figure"),
    )
    rows = [
        tag(
            "tr",
            tag("td", line.description, tag("div", line.period, class_="soft") if line.period else None),
            tag("td", line.quantity, class_="figure"),
            tag("td", line.unit, class_="figure"),
            tag("td", line.amount, class_="figure"),
        )
        for line in lines(say, invoice)
    ]
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="items")


def sums(say: Say, invoice: Obj) -> tuple[list[tuple[str, str]], tuple[str, str]]:
    """From the subtotal down to what is left to pay, as :func:`prices.totals` takes them."""
    off = reductions.discounts(say, invoice["total_discount_amounts"] or [])
    on_top, within = reductions.taxes(say, invoice["total_taxes"] or [])
    label, applied = _from_balance(invoice)
    credited, paid = invoice["pre_payment_credit_notes_amount"], invoice["amount_paid"]
    # Discounts of single items are among the rows, so the sum begins before them; the API's own subtotal is after them.
    gross = invoice["total"] - sum(amount for _, amount in (*off, *on_top))
    found = [
        (say("Subtotal"), gross, True),
        *((words, amount, True) for words, amount in (*off, *on_top)),
        (say("Total"), invoice["total"], bool(off or on_top or within or applied or paid or credited)),
        *((words, amount, True) for words, amount in within),
        (say("Credited"), -credited, bool(credited)),
        (say(label), -applied, bool(applied)),
        (say("Amount paid"), -paid, bool(paid)),
    ]
    rows = [(words, _money(say, invoice, amount)) for words, amount, shown in found if shown]
    return rows, (say("Amount due"), _money(say, invoice, owed(invoice)))


def _from_balance(invoice: Obj) -> tuple[str, int]:
    """What the customer's balance took over of the total, and in which words. A balance below zero is the customer's credit."""
    applied = 0
    if invoice["status"] != "draft":
        applied = int(invoice["total"] - invoice["pre_payment_credit_notes_amount"] - invoice["amount_due"])
    if invoice["total"] < 0:
        return "Kept as credit for later invoices", applied
    if applied < 0:
        return "Owed from earlier invoices", applied
    return ("Paid from the credit" if invoice["starting_balance"] < 0 else "Too small to charge, carried over"), applied


def owed(invoice: Obj) -> int:
    """What is left to pay, in minor units: nothing of a void invoice."""
    return 0 if invoice["status"] in {"void", "paid"} else int(invoice["amount_remaining"])


def _state(say: Say, invoice: Obj) -> Child:
    at = invoice["status_transitions"] or {}
    if invoice["status"] == "paid":
        day = amounts.day(at.get("paid_at") or invoice["created"], say.language)
        return layout.notice("good", say("Paid"), tag("p", say("Paid on {date}. Thank you.", date=day)))
    if invoice["status"] == "void":
        day = amounts.day(at.get("voided_at") or invoice["created"], say.language)
        return layout.notice(
            "plain", say("Void"), tag("p", say("This invoice was voided on {date}. Nothing is owed.", date=day))
        )
    if invoice["status"] == "draft":
        words = tag("p", say("This invoice is a draft. It can be paid once it is finalized."))
        return layout.notice("plain", say("Draft"), words)
    if invoice.get("is_processing"):
        words = tag(
            "p", say("A bank is collecting {amount}. That takes some working days.", amount=_money(say, invoice, owed(invoice)))
        )
        return layout.notice("plain", say("Being collected"), words)
    if not payable(invoice):
        return layout.notice("plain", say(STATUS[invoice["status"]]), tag("p", say("Nothing is owed on this invoice.")))
    due = (
        tag("p", say("Due by {date}", date=amounts.day(invoice["due_date"], say.language)), class_="soft")
        if invoice["due_date"]
        else None
    )
    return tag("div", tag("p", _money(say, invoice, owed(invoice)), class_="amount"), due)


def _pay(say: Say, invoice: Obj, entry: cards.Entry, failure: tuple[str, str] | None, country: str) -> Html:
    problem = layout.notice("bad", failure[0], tag("p", failure[1])) if failure else None
    if entry.wrong:
        problem = layout.notice(
            "bad", say("Something does not fit yet."), tag("p", say("Nothing was charged. Correct it and try again."))
        )
    button = say("Pay {amount}", amount=_money(say, invoice, owed(invoice)))
    form = tag(
        "form",
        tag("h2", say("Pay this invoice")),
        cards.fields(say, entry, country, problem),
        tag("button", button, name="action", value="pay", class_="primary wide"),
        id=cards.FORM,
        method="post",
        action=f"/i/{invoice['id']}",
        novalidate=True,
        class_="panel stack",
    )
    return tag("div", form, cards.help_block(say), class_="stack")
