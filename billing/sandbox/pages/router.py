"""From an address to its page."""

import re
from collections.abc import Callable

from billing.sandbox import ids
from billing.sandbox.http import Request, Response
from billing.sandbox.pages import (
    challenge,
    challenge_view,
    checkout,
    credit_note,
    invoice,
    layout,
    mandate,
    portal,
    receipt,
    words,
)
from billing.sandbox.pages.desk import Visit
from billing.sandbox.pages.markup import tag
from billing.sandbox.tenants import Tenants

_ADDRESS = re.compile(r"/(?P<page>c/pay|p/session|3ds|i|receipts|credit_notes|mandates)/(?P<identity>\w{1,255})(?P<pdf>/pdf)?")

# The page at an address, by what its id names.
_PAGES: dict[tuple[str, str | None], Callable[[Visit], Response]] = {
    ("c/pay", "checkout.session"): checkout.answer,
    ("3ds", "payment_intent"): challenge.answer,
    ("3ds", "setup_intent"): challenge.answer,
    ("i", "invoice"): invoice.answer,
    ("i/pdf", "invoice"): invoice.document,
    ("receipts", "charge"): receipt.answer,
    ("mandates", "mandate"): mandate.answer,
    ("p/session", "billing_portal.session"): portal.answer,
    ("credit_notes/pdf", "credit_note"): credit_note.document,
}


def respond(sandbox: Tenants, request: Request) -> Response:
    """The page at an address; addresses without one answer 404 in words."""
    if request.path == layout.STYLESHEET:
        return layout.css()
    found = _ADDRESS.fullmatch(request.path)
    if found is None:
        return _nothing(request)
    kind = ids.kind_of(found["identity"])
    page = _PAGES.get((found["page"] + (found["pdf"] or ""), kind))
    account = sandbox.owner(kind, found["identity"]) if kind and page else None
    if page is not None and account is not None:
        return page(Visit(account, request, found["identity"]))
    # The intent behind a session's question is dropped with the answer; whoever comes back to it hears so.
    return challenge_view.answered(_say(request), found["identity"], None) if page is challenge.answer else _nothing(request)


def _say(request: Request) -> words.Say:
    return words.choose(None, request.headers.get("accept-language", ""))


def _nothing(request: Request) -> Response:
    say = _say(request)
    title = say("Nothing here")
    text = tag("p", say("No page has this address. It may have been cut off when it was copied."))
    return layout.page(say, title, tag("div", tag("h1", title), text, class_="stack"), status=404)
