"""Checkout: show a session, take a card for it, lead on to the bank's question or back to the store."""

import re
from typing import Any
from urllib.parse import urlencode

from billing.sandbox import errors, rendering
from billing.sandbox.engine import checkout, checkout_sums
from billing.sandbox.http import Response, redirect
from billing.sandbox.pages import banks, cards, checkout_view
from billing.sandbox.pages.desk import Obj, Visit
from billing.sandbox.transactions import Transaction

EXPANDED = ("line_items.data.price.tiers", "customer")
BREAKDOWN = (
    "total_details.breakdown",
    "total_details.breakdown.discounts.discount.promotion_code",
    "total_details.breakdown.discounts.discount.source.coupon",
)
# Why a code is refused, by a part of the API's message, as keys of the word list.
REFUSALS = {
    "no longer active": "This code is no longer valid.",
    "prior transactions": "This code is for a first purchase only.",
    "another customer": "This code is for another customer.",
    "minimum amount is not reached": "The minimum amount for this code is not reached.",
    "can't be used with": "This code can't be used with this currency.",
}


def answer(visit: Visit) -> Response:
    """The page of a session, or what its form leads to."""
    session = visit.shown("checkout.session", *EXPANDED)
    if session["status"] != "open":
        return _ended(visit, session)
    entry = visit.entry()
    code = visit.query("promotion") if session["allow_promotion_codes"] else ""
    session, problem = _priced(visit, session, checkout_sums.Basket(code, entry.get("country")))
    if problem:
        entry.wrong["promotion_code"] = problem
    more = {"promotion_code": code, "applied_code": "" if problem else code}
    more["method"] = banks.chosen(session, visit.query("method"))
    entry = cards.Entry({**entry.values, **more}, entry.wrong)
    return _pay(visit, session, entry) if entry.get("action") == "pay" else _show(visit, session, entry)


def address(identity: str, *, promotion: str = "", failed: str = "") -> str:
    """The page of a session, with the code in force and what became of the last attempt."""
    query = urlencode({name: value for name, value in (("promotion", promotion), ("failed", failed)) if value})
    return f"/c/pay/{identity}?{query}" if query else f"/c/pay/{identity}"


def onward(visit: Visit, identity: str, outcome: checkout.Outcome) -> Response:
    """Where an outcome leads: to the store, to the bank's question, or back to the card."""
    if outcome.status == "complete":
        return redirect(outcome.url or address(identity))
    if outcome.status == "requires_action":
        return redirect(f"/3ds/{outcome.intent}")
    return redirect(address(identity, promotion=visit.query("promotion"), failed=outcome.decline_code or outcome.code or ""))


def _priced(visit: Visit, session: Obj, basket: checkout_sums.Basket) -> tuple[Obj, str]:
    """The session with its sums as they would be now, and what is wrong with the code in force (words, or "")."""
    if session["mode"] != "subscription":
        return session, ""
    try:
        return visit.look(lambda tx: _look(tx, session["id"], basket)), ""
    except errors.StripeError as error:
        if not basket.promotion:
            return session, ""
        plain, _ = _priced(visit, session, checkout_sums.Basket("", basket.country))
        return plain, next((words for part, words in REFUSALS.items() if part in error.message), "This code is not valid.")


def _look(tx: Transaction, identity: str, basket: checkout_sums.Basket) -> Obj:
    stored = tx.need("checkout.session", identity)
    tx.follow(stored["customer"])
    days, end = (stored["_subscription_data"].get(name) for name in ("trial_period_days", "trial_end"))
    row, first = checkout.priced(tx, identity, basket, later=bool(days or end))
    shown = rendering.render(tx, row, [path.split(".") for path in (*EXPANDED, *BREAKDOWN)])
    trial = {"ends_at": first["created"], "amount": first["total"]} if first else None
    balance = row.get("_balance_applied", 0)
    return {**shown, "trial": trial, "needs_card": checkout.needs_card(row), "balance_applied": balance}


def _show(visit: Visit, session: Obj, entry: cards.Entry, failure: tuple[str, str] | None = None) -> Response:
    say = visit.say(session["locale"])
    failed = visit.query("failed")
    if failure is None and failed and not visit.posted:
        failure = cards.advice(say, failed, failed, say("Your card was declined."))
    return checkout_view.show(say, visit.merchant, session, entry, failure, country=_country(visit, session))


def _country(visit: Visit, session: Obj) -> str:
    customer = session["customer"] if isinstance(session["customer"], dict) else {}
    return str((customer.get("address") or {}).get("country") or visit.account.settings["country"])


def _ended(visit: Visit, session: Obj) -> Response:
    """A session that is over. A second press of the button on a complete one goes where the first went."""
    done = session["status"] == "complete"
    link = checkout.success_address(session) if done else checkout.cancel_address(session)
    if visit.posted and done and link:
        return redirect(link)
    return checkout_view.ended(visit.say(session["locale"]), visit.merchant, session, link or None)


def _pay(visit: Visit, session: Obj, entry: cards.Entry) -> Response:
    needs_card = session.get("needs_card", True)
    kind = entry.get("method")
    card = cards.read(entry) if needs_card and kind == banks.CARD else None
    bank = banks.read(entry, kind) if needs_card and kind != banks.CARD else None
    email = checkout_view.known_email(session) or entry.get("email")
    _check_contact(session, entry, email)
    if (card is None and bank is None and needs_card) or entry.wrong:
        return _show(visit, session, entry)
    if session["automatic_tax"]["enabled"] and entry.get("total") != str(session["amount_total"]):
        say = visit.say(session["locale"])
        changed = "Tax was added for the country you chose. Look at the total again before you pay."
        return _show(visit, session, entry, (say("The total has changed"), say(changed)))
    tax_kind = entry.get("tax_id_type")
    business = {"business_name": entry.get("business_name")} if entry.get("business_name") else {}
    outcome = visit.act(
        lambda tx: _submit(
            tx,
            visit.identity,
            business,
            card=card.entry() if card else None,
            name=entry.get("card_name"),
            email=email,
            country=entry.get("country"),
            tax_id={"type": tax_kind, "value": entry.get("tax_id")} if tax_kind else None,
            bank=bank,
            promotion=entry.get("applied_code"),
            consent=bool(entry.get("consent")),
        )
    )
    if outcome.status != "declined":
        return onward(visit, visit.identity, outcome)
    if outcome.code == "session_expired":
        return _ended(visit, {**session, "status": "expired"})
    say = visit.say(session["locale"])
    return _show(visit, session, entry, cards.advice(say, outcome.code, outcome.decline_code, outcome.message or ""))


def _submit(tx: Transaction, identity: str, business: Obj, **entry: Any) -> checkout.Outcome:
    if business:
        tx.edit("checkout.session", identity)["_business"] = business
    outcome = checkout.submit(tx, identity, **entry)
    keep_business(tx, identity)
    return outcome


def keep_business(tx: Transaction, identity: str) -> None:
    """Write the business name that was typed to the customer, once the session is complete."""
    row = tx.need("checkout.session", identity)
    business = row.get("_business")
    if not business or row["status"] != "complete" or not row["customer"]:
        return
    tx.edit("customer", row["customer"]).update(business)
    row = tx.edit("checkout.session", identity)
    row["customer_details"] = {**(row["customer_details"] or {}), **business}
    del row["_business"]


def _check_contact(session: Obj, entry: cards.Entry, email: str) -> None:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        entry.wrong["email"] = "Type an e-mail address, for example name@acme.example."
    if not re.fullmatch(r"[A-Z]{2}", entry.get("country")):
        entry.wrong["country"] = "Choose a country."
    if checkout_view.asks_consent(session) and not entry.get("consent"):
        entry.wrong["consent"] = "Agree to the terms to go on."
    collection = session["tax_id_collection"] or {}
    if not collection.get("enabled"):
        return
    if not (entry.get("tax_id_type") or entry.get("tax_id")):
        if collection["required"] == "if_supported":
            entry.wrong["tax_id"] = "Choose the kind of your tax id and type it."
        return
    if entry.get("tax_id_type") not in checkout_view.tax_id_types() or not entry.get("tax_id"):
        entry.wrong["tax_id"] = "Type the tax id, or choose no tax id."
    if not entry.get("business_name"):
        entry.wrong["business_name"] = "Type the business name."
