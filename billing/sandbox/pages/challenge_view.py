"""The 3-D Secure page: the bank's question, with a button for each answer."""

from typing import Any

from billing.sandbox.http import Response
from billing.sandbox.pages import amounts, layout
from billing.sandbox.pages.markup import tag
from billing.sandbox.pages.words import Say

Obj = dict[str, Any]


def show(say: Say, merchant: str, intent: Obj, leads_to: list[str | None]) -> Response:
    """The question about an intent that waits for an answer."""
    title = say("Confirm with your bank")
    charge = intent["object"] == "payment_intent"
    amount = amounts.money(intent["amount"], intent["currency"], say.language) if charge else say("Nothing is charged")
    facts = [(say("Merchant"), merchant), (say("Amount"), amount)]
    return layout.page(
        say,
        title,
        tag(
            "form",
            tag("h1", title),
            tag("p", say("In real life your bank asks here, in its app or by a code, whether it is you who pays.")),
            tag("dl", *(tag(kind, words) for pair in facts for kind, words in zip(("dt", "dd"), pair, strict=True))),
            tag("button", say("Complete authentication"), name="answer", value="complete", class_="primary wide"),
            tag("button", say("Fail authentication"), name="answer", value="fail", class_="wide"),
            method="post",
            class_="panel stack",
        ),
        reference=intent["id"],
        leads_to=leads_to,
    )


def answered(say: Say, reference: str, onward: str | None) -> Response:
    """The question was answered before, or is no longer asked."""
    title = say("This question has been answered")
    button = tag("a", say("Back"), href=onward, class_="button wide") if onward else None
    words = tag("p", say("Nothing is left to confirm. You can close this page."))
    return layout.page(say, title, tag("div", tag("h1", title), words, button, class_="stack"), reference=reference)
