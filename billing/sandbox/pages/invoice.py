"""The hosted invoice: show it, take a card for it, hand it out as PDF."""

from billing.sandbox import errors
from billing.sandbox.engine import invoices, transfers
from billing.sandbox.http import Response, redirect
from billing.sandbox.pages import cards, invoice_view, pdf
from billing.sandbox.pages.desk import Obj, Visit

EXPANDED = (
    "customer",
    "total_discount_amounts.discount.promotion_code",
    "total_discount_amounts.discount.source.coupon",
    "total_taxes.tax_rate_details.tax_rate",
)


def answer(visit: Visit) -> Response:
    """The page of an invoice, or what its form leads to."""
    invoice = _invoice(visit)
    if visit.posted and not invoice_view.payable(invoice):
        # A second press of the button: the page says how the first one ended.
        return redirect(f"/i/{visit.identity}")
    entry = visit.entry()
    if entry.get("action") == "transfer" and transfers.takes(invoice):
        customer, amount = _customer(invoice), invoice["amount_remaining"]
        visit.act(lambda tx: transfers.arrive(tx, customer, amount, invoice["currency"]))
        return redirect(f"/i/{visit.identity}")
    return _pay(visit, invoice, entry) if entry.get("action") == "pay" else _show(visit, invoice, entry)


def document(visit: Visit) -> Response:
    """The invoice as PDF."""
    invoice = _invoice(visit)
    headers = {
        "Content-Type": "application/pdf",
        "Content-Disposition": f'inline; filename="{invoice["number"] or invoice["id"]}.pdf"',
        "Cache-Control": "no-store",
    }
    return Response(200, pdf.render(visit.say(*_locales(invoice)), visit.merchant, invoice), headers)


def _invoice(visit: Visit) -> Obj:
    """As the API shows it, and whether a bank is at work on its payment."""
    stored = visit.look(lambda tx: tx.need("invoice", visit.identity))
    return {**visit.shown("invoice", *EXPANDED), "is_processing": bool(stored.get("_processing"))}


def _customer(invoice: Obj) -> str:
    customer = invoice["customer"]
    return str(customer["id"] if isinstance(customer, dict) else customer)


def _locales(invoice: Obj) -> list[str]:
    customer = invoice["customer"] if isinstance(invoice["customer"], dict) else {}
    return list(customer.get("preferred_locales") or [])


def _show(visit: Visit, invoice: Obj, entry: cards.Entry, error: Obj | None = None) -> Response:
    say = visit.say(*_locales(invoice))
    code = visit.query("failed")
    if error is None and code and not visit.posted and invoice_view.payable(invoice):
        error = {"code": code, "decline_code": code, "message": say("Your card was declined.")}
    failure = cards.advice(say, error["code"], error["decline_code"], error["message"]) if error else None
    country = (invoice["customer_address"] or {}).get("country") or visit.account.settings["country"]
    return invoice_view.show(say, visit.merchant, invoice, entry, failure, country=country)


def _pay(visit: Visit, invoice: Obj, entry: cards.Entry) -> Response:
    card = cards.read(entry)
    if card is None:
        return _show(visit, invoice, entry)
    try:
        intent = visit.act(lambda tx: invoices.pay_hosted(tx, visit.identity, card.entry()))
    except errors.CardError as error:
        refusal = {"code": error.code, "decline_code": error.decline_code, "message": error.message}
        return _show(visit, invoice, entry, refusal)
    except errors.InvalidRequestError:
        # Someone else paid or voided it meanwhile: the page says which.
        return redirect(f"/i/{visit.identity}")
    if intent["status"] == "requires_action":
        return redirect(f"/3ds/{intent['id']}")
    if intent["status"] == "requires_payment_method":
        return _show(visit, _invoice(visit), entry, intent["last_payment_error"])
    return redirect(f"/i/{visit.identity}")
