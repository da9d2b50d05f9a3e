"""The customer portal: what pays, another card, and the invoices."""

from billing.sandbox import errors
from billing.sandbox.engine import portal
from billing.sandbox.http import Response, redirect
from billing.sandbox.pages import amounts, banks, cards, invoice_view, layout
from billing.sandbox.pages.desk import Obj, Visit
from billing.sandbox.pages.markup import Child, Html, tag
from billing.sandbox.pages.words import Say


def answer(visit: Visit) -> Response:
    """The page of a session, or what its form leads to."""
    session = visit.look(lambda tx: tx.need("billing_portal.session", visit.identity))
    say = visit.say(session["locale"])
    if not visit.look(lambda tx: portal.is_open(tx, session)):
        words = tag("p", say("Go back and open it anew."))
        title = say("This page has run out")
        return layout.page(say, title, tag("div", tag("h1", title), words, class_="stack"), status=410)
    entry = visit.entry()
    if entry.get("action") != "pay":
        return _show(visit, say, session, entry)
    card = cards.read(entry)
    if card is None:
        return _show(visit, say, session, entry)
    try:
        visit.act(lambda tx: portal.use_card(tx, session["customer"], card.entry()))
    except errors.CardError as error:
        failure = cards.advice(say, error.code, error.extra.get("decline_code"), error.message)
        return _show(visit, say, session, entry, failure)
    return redirect(f"/p/session/{visit.identity}")


def _show(visit: Visit, say: Say, session: Obj, entry: cards.Entry, failure: tuple[str, str] | None = None) -> Response:
    features = visit.look(lambda tx: tx.need("billing_portal.configuration", session["configuration"])["features"])
    customer = visit.look(lambda tx: tx.need("customer", session["customer"]))
    back = session["return_url"]
    title = say("Billing of {name}", name=customer["name"] or customer["email"] or "")
    body: list[Child] = [
        tag("p", tag("a", "← ", say("Back to {name}", name=visit.merchant), href=back)) if back else None,
        tag("h1", title),
        _pays(visit, say, customer),
    ]
    if features["payment_method_update"]["enabled"]:
        body.append(_form(visit, say, entry, failure))
    if features["invoice_history"]["enabled"]:
        body.append(_invoices(visit, say, customer["id"]))
    status = 402 if failure else 400 if entry.wrong else 200
    return layout.page(say, title, tag("div", *body, class_="stack"), reference=session["id"], status=status)


def _pays(visit: Visit, say: Say, customer: Obj) -> Html:
    identity = (customer["invoice_settings"] or {}).get("default_payment_method")
    method = visit.look(lambda tx: tx.get("payment_method", identity))
    if method is None:
        return tag("p", say("Nothing pays yet."), class_="soft")
    held = method[method["type"]]
    name = str(held.get("brand", "")).title() or say(banks.NAMES[method["type"]])
    return tag("p", tag("strong", f"{name} ···· {held['last4']}"))


def _form(visit: Visit, say: Say, entry: cards.Entry, failure: tuple[str, str] | None) -> Html:
    problem = layout.notice("bad", failure[0], tag("p", failure[1])) if failure else None
    form = tag(
        "form",
        tag("h2", say("Pay with another card")),
        cards.fields(say, entry, visit.account.settings["country"], problem),
        tag("button", say("Save the card"), name="action", value="pay", class_="primary wide"),
        id=cards.FORM,
        method="post",
        action=f"/p/session/{visit.identity}",
        novalidate=True,
        class_="panel stack",
    )
    return tag("div", form, cards.help_block(say), class_="stack")


def _invoices(visit: Visit, say: Say, customer: str) -> Html:
    found = visit.look(lambda tx: [row for row in tx.find("invoice", "customer", customer) if row["status"] != "draft"])
    rows = [
        tag(
            "tr",
            tag("td", amounts.day(row["created"], say.language)),
            tag("td", tag("a", row["number"] or row["id"], href=row["hosted_invoice_url"])),
            tag("td", say(invoice_view.STATUS[row["status"]])),
            tag("td", amounts.money(row["total"], row["currency"], say.language), class_="figure"),
        )
        for row in reversed(found)
    ]
    nothing = tag("p", say("No invoices yet."), class_="soft")
    return tag("section", tag("h2", say("Invoices")), tag("table", tag("tbody", *rows)) if rows else nothing, class_="stack")
