"""3-D Secure: put the bank's question, carry out the answer, lead back to where the buyer came from."""

from billing.sandbox import ids
from billing.sandbox.engine import checkout, intents
from billing.sandbox.http import Response, redirect
from billing.sandbox.pages import challenge_view
from billing.sandbox.pages import checkout as checkout_page
from billing.sandbox.pages.desk import Obj, Visit
from billing.sandbox.transactions import Transaction


def answer(visit: Visit) -> Response:
    """The question about an intent, or what the answer leads to."""
    intent, session = visit.look(lambda tx: (_intent(tx, visit.identity), checkout.of_intent(tx, visit.identity)))
    say = visit.say(session["locale"] if session else None)
    if session is None and intent["status"] != "requires_action":
        return challenge_view.answered(say, visit.identity, _back(intent))
    given = visit.entry().get("answer")
    if given not in {"complete", "fail"}:
        leads_to = [session["success_url"], session["cancel_url"]] if session else [_back(intent)]
        return challenge_view.show(say, visit.merchant, intent, leads_to)
    if session is not None:
        identity = session["id"]
        outcome = visit.act(lambda tx: _answer_session(tx, identity, succeed=given == "complete"))
        return checkout_page.onward(visit, identity, outcome)
    intent = visit.act(lambda tx: intents.authenticate(tx, visit.identity, succeed=given == "complete"))
    return redirect(_back(intent) or f"/3ds/{visit.identity}")


def _intent(tx: Transaction, identity: str) -> Obj:
    return tx.need(ids.kind_of(identity) or "payment_intent", identity)


def _answer_session(tx: Transaction, identity: str, *, succeed: bool) -> checkout.Outcome:
    outcome = checkout.authenticate(tx, identity, succeed=succeed)
    checkout_page.keep_business(tx, identity)
    return outcome


def _back(intent: Obj) -> str | None:
    """Where the buyer goes after the answer: the invoice, or the caller's return address."""
    failed = intent.get("last_payment_error") or intent.get("last_setup_error") or {}
    invoice = intent.get("_invoice")
    if invoice:
        code = failed.get("decline_code") or failed.get("code")
        return f"/i/{invoice}?failed={code}" if code else f"/i/{invoice}"
    redirected = (intent.get("next_action") or {}).get("redirect_to_url") or {}
    address = redirected.get("return_url") or intent.get("_return_url")
    return str(address) if address else None
