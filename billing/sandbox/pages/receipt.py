"""The receipt of a charge: amount, card or bank account, day."""

from billing.sandbox.http import Response
from billing.sandbox.pages import amounts, banks, layout
from billing.sandbox.pages.desk import Visit
from billing.sandbox.pages.markup import tag


def answer(visit: Visit) -> Response:
    """The receipt's page."""
    charge = visit.shown("charge")
    say = visit.say()
    details = charge["payment_method_details"] or {"type": "card"}
    paid_by = details.get(details["type"]) or {}
    name = str(paid_by.get("brand", "")).title() or say(banks.NAMES[details["type"]])
    facts = [
        (say("Merchant"), visit.merchant),
        (say("Amount"), amounts.money(charge["amount"], charge["currency"], say.language)),
        (say("Paid on"), amounts.day(charge["created"], say.language)),
        (say("Paid by"), f"{name} ···· {paid_by.get('last4', '')}"),
    ]
    if charge["amount_refunded"]:
        facts.append((say("Refunded"), amounts.money(charge["amount_refunded"], charge["currency"], say.language)))
    title = say("Receipt")
    listing = tag("dl", *(tag(kind, words) for pair in facts for kind, words in zip(("dt", "dd"), pair, strict=True)))
    return layout.page(say, title, tag("div", tag("h1", title), listing, class_="panel stack"), reference=charge["id"])
