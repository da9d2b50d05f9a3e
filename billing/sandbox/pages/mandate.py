"""What a customer signed: whose account may be debited by whom, and by which reference."""

from billing.sandbox.http import Response
from billing.sandbox.pages import amounts, banks, layout
from billing.sandbox.pages.desk import Visit
from billing.sandbox.pages.markup import tag


def answer(visit: Visit) -> Response:
    """The mandate's page."""
    mandate = visit.shown("mandate", "payment_method")
    say, details = visit.say(), mandate["payment_method_details"]
    kind, method = details["type"], mandate["payment_method"]
    facts = [
        (say("Creditor"), visit.merchant),
        (say("Account"), f"···· {method[kind]['last4']}"),
        (say("Holder"), method["billing_details"]["name"] or ""),
        (say("Reference"), details[kind].get("reference") or mandate["id"]),
        (say("Allowed on"), amounts.day(mandate["customer_acceptance"]["accepted_at"], say.language)),
        (say("In force"), say("yes") if mandate["status"] == "active" else say("no")),
    ]
    listing = tag("dl", *(tag(name, words) for pair in facts for name, words in zip(("dt", "dd"), pair, strict=True)))
    title = say("Mandate")
    terms = tag("p", say(banks.MANDATES[kind], name=visit.merchant), class_="soft")
    return layout.page(say, title, tag("div", tag("h1", title), listing, terms, class_="panel stack"), reference=mandate["id"])
