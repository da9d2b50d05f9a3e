"""Checkout sessions: made by the store, completed by a customer on the hosted page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from billing.sandbox import errors
from billing.sandbox.engine import (
    bank_accounts,
    cards,
    checkout_ends,
    checkout_sums,
    customers,
    intents,
    payment_methods,
    payments,
    subscriptions,
    tax_ids,
)
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction


@dataclass(frozen=True)
class Outcome:
    """What became of a customer's submission.

    status: complete (go to `url`), declined (`code`, `decline_code`, `message`), requires_action (challenge `intent`).
    """

    status: str
    url: str | None = None
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None
    intent: str | None = None


def details(customer: Obj | None, params: Obj) -> Obj | None:
    """A session's `customer_details`."""
    email = (customer or {}).get("email") or params.get("customer_email")
    if customer is None and not email:
        return None
    source = customer or {}
    return {
        "address": source.get("address"),
        "business_name": source.get("business_name"),
        "email": email,
        "individual_name": source.get("individual_name"),
        "name": source.get("name"),
        "phone": source.get("phone"),
        "tax_exempt": source.get("tax_exempt", "none"),
        "tax_ids": [],
    }


def session(tx: Transaction, identity: str) -> Obj:
    """The session, at its own time."""
    row = tx.need("checkout.session", identity, "session")
    tx.follow(row["customer"])
    return row


def cancel_address(row: Obj) -> str | None:
    """Where the back link leads. The session stays open."""
    return row["cancel_url"] or None


def success_address(row: Obj) -> str:
    """Where a completed session leads."""
    return str(row["success_url"] or row["return_url"] or "").replace("{CHECKOUT_SESSION_ID}", row["id"])


# The customer's submission


def submit(
    tx: Transaction,
    identity: str,
    *,
    card: Obj | None,
    name: str = "",
    email: str = "",
    tax_id: Obj | None = None,
    promotion: str = "",
    consent: bool = False,
    country: str = "",
    bank: Obj | None = None,
) -> Outcome:
    """A customer submits the form. `card`: number, exp_month, exp_year, cvc; `tax_id`: type and value; `promotion`: a code.

    `bank` in a card's place: kind with iban, or with routing_number and account_number. Without either
    the purchase goes through only where nothing is due today and the session asks for none.
    """
    row = session(tx, identity)
    if row["status"] == "complete":
        return Outcome("complete", success_address(row))
    if row["status"] != "open" or row["expires_at"] <= tx.now:
        return Outcome("declined", code="session_expired", message="This session has expired.")
    entry = {
        "card": card,
        "bank": bank,
        "name": name,
        "email": email,
        "tax_id": tax_id,
        "promotion": promotion,
        "consent": consent,
        "country": country,
    }
    return _try(tx, identity, entry, authenticated=False)


def needs_card(row: Obj) -> bool:
    """Whether the page must ask for a card: always, unless the session wants one only where something is due today."""
    return row["mode"] != "subscription" or row["payment_method_collection"] != "if_required" or bool(row["amount_total"])


def priced(tx: Transaction, identity: str, basket: checkout_sums.Basket, *, later: bool = False) -> tuple[Obj, Obj | None]:
    """The session with the sums it would have, and the first charge after its trial. Raises what is wrong with a code."""
    inner = tx.child(preview=True)
    row = inner.edit("checkout.session", identity)
    return row, checkout_sums.price(inner, row, basket, later=later)


def _try(tx: Transaction, identity: str, entry: Obj, *, authenticated: bool) -> Outcome:
    """Do the purchase on an overlay: kept when it is paid, dropped when it isn't."""
    inner = tx.child()
    try:
        row = inner.edit("checkout.session", identity)
        customer = _customer(inner, row, entry)
        method = _method(inner, row, entry)
        buy = _subscribe if row["mode"] == "subscription" else _set_up
        intent = buy(inner, row, customer, method, entry, authenticated=authenticated)
    except errors.StripeError as error:
        return Outcome("declined", code=error.code, decline_code=error.extra.get("decline_code"), message=error.message)
    if intent is not None and intent["status"] == payments.REQUIRES_ACTION:
        return _challenge(tx, identity, entry, intent)
    if intent is not None and intent["status"] not in {payments.SUCCEEDED, payments.PROCESSING}:
        failed = intent.get("last_payment_error") or intent.get("last_setup_error") or {}
        return Outcome(
            "declined", code=failed.get("code"), decline_code=failed.get("decline_code"), message=failed.get("message")
        )
    row.update(status="complete", url=None)
    inner.emit("checkout.session.completed", row)
    tx.absorb(inner)
    return Outcome("complete", success_address(row))


def _method(tx: Transaction, row: Obj, entry: Obj) -> Obj | None:
    """The card or the bank account as typed; None where none was."""
    if entry.get("bank"):
        return _bank(tx, row, entry)
    if entry["card"] is None:
        return None
    today = datetime.fromtimestamp(tx.now, UTC)
    cards.check_entry(today.year, today.month, entry["card"])
    card = cards.of_number(str(entry["card"]["number"]))
    return payment_methods.new(tx, card, entry["card"], {"name": entry["name"], "email": entry["email"]})


def _bank(tx: Transaction, row: Obj, entry: Obj) -> Obj:
    kind = entry["bank"]["kind"]
    if kind not in row["payment_method_types"]:
        raise errors.invalid(f"The payment method type {kind} is not offered here.", code="payment_method_not_available")
    typed = entry["bank"]
    account = (
        bank_accounts.of_iban(typed["iban"])
        if kind == bank_accounts.SEPA
        else bank_accounts.of_us_account(typed["routing_number"], typed["account_number"])
    )
    return payment_methods.new_bank(tx, account, {"name": entry["name"], "email": entry["email"]})


def _customer(tx: Transaction, row: Obj, entry: Obj) -> str:
    """The session's customer, made now if need be, with what the form told about it."""
    identity = row["customer"]
    if identity is None and row["mode"] == "setup":
        return ""
    address = {"country": entry["country"]} if entry["country"] else None
    if identity is None:
        email = row["customer_email"] or entry["email"]
        identity = customers.new(tx, {"email": email, "name": entry["name"] or None, "address": address or ""})["id"]
        row["customer"] = identity
    else:
        _update_customer(tx, row, entry)
    if entry["tax_id"] and (row["tax_id_collection"] or {}).get("enabled"):
        tax_ids.add(tx, identity, entry["tax_id"]["type"], entry["tax_id"]["value"])
    customer = tx.need("customer", identity)
    row["customer_details"] = details(customer, {"customer_email": entry["email"]}) or {}
    row["customer_details"]["name"] = customer["name"] or entry["name"]
    row["customer_details"]["tax_ids"] = [entry["tax_id"]] if entry["tax_id"] else []
    if (row["consent_collection"] or {}).get("terms_of_service") == "required":
        row["consent"] = {"promotions": None, "terms_of_service": "accepted" if entry["consent"] else None}
    return str(identity)


def _update_customer(tx: Transaction, row: Obj, entry: Obj) -> None:
    """Save to a known customer what the session was told to save."""
    update = row.get("_customer_update") or {}
    if update.get("name") == "auto" and entry["name"]:
        tx.edit("customer", row["customer"])["name"] = entry["name"]
    if update.get("address") == "auto" and entry["country"]:
        customers.move_to(tx, row["customer"], entry["country"])


def _subscribe(tx: Transaction, row: Obj, customer: str, method: Obj | None, entry: Obj, *, authenticated: bool) -> Obj | None:
    if method:
        payment_methods.attach(tx, method, customer)
    params = checkout_sums.wanted(tx, row, customer, entry["promotion"])
    subscription = subscriptions.new(tx, params, method=method["id"] if method else None, authenticated=authenticated)
    invoice = tx.need("invoice", subscription["latest_invoice"])
    checkout_sums.fill(tx, row, invoice, params["discounts"])
    row.update(subscription=subscription["id"], invoice=invoice["id"])
    if method is None and (needs_card(row) or invoice["amount_due"]):
        raise errors.invalid("A payment method is required to complete this session.", code="payment_method_required")
    if method:
        settings = tx.edit("customer", customer)["invoice_settings"]
        settings["default_payment_method"] = settings.get("default_payment_method") or method["id"]
    if invoice["status"] == "paid":
        row["payment_status"] = "paid" if invoice["amount_due"] else "no_payment_required"
        return None
    row["payment_status"] = "unpaid"
    return _intent_of(tx, invoice)


def _intent_of(tx: Transaction, invoice: Obj) -> Obj | None:
    rows = tx.find("payment_intent", "_invoice", invoice["id"])
    return rows[-1] if rows else None


def _set_up(tx: Transaction, row: Obj, customer: str, method: Obj | None, _: Obj, *, authenticated: bool) -> Obj:
    if method is None:
        raise errors.invalid("A payment method is required to complete this session.", code="payment_method_required")
    intent = tx.edit("setup_intent", row["setup_intent"])
    intent["customer"] = customer or None
    if not authenticated:
        return intents.set_up(tx, intent["id"], method)
    intent.update(status=payments.REQUIRES_ACTION, payment_method=method["id"])
    return intents.authenticate(tx, intent["id"], succeed=True)


# 3-D Secure within a session


def _challenge(tx: Transaction, identity: str, entry: Obj, wanted: Obj) -> Outcome:
    """Keep what was typed, and an intent for the challenge alone; the purchase is made anew once it is passed."""
    row = tx.edit("checkout.session", identity)
    checkout_ends.drop_challenge(tx, row)
    intent = wanted if wanted["object"] == "setup_intent" else None
    if intent is None:
        intent = payments.new_intent(tx, wanted["amount"], wanted["currency"], row["customer"])
        address = f"{tx.account.base_url}/3ds/{intent['id']}"
        intent.update(
            status=payments.REQUIRES_ACTION,
            next_action={"type": "redirect_to_url", "redirect_to_url": {"url": address, "return_url": row["url"]}},
        )
    row["_intent"], row["_entry"] = intent["id"], entry
    return Outcome("requires_action", url=f"{tx.account.base_url}/3ds/{intent['id']}", intent=intent["id"])


def of_intent(tx: Transaction, intent: str) -> Obj | None:
    """The session that asked for this challenge."""
    rows = tx.find("checkout.session", "_intent", intent)
    return rows[0] if rows else None


def authenticate(tx: Transaction, identity: str, *, succeed: bool) -> Outcome:
    """The customer passed or failed the challenge of a session."""
    row = session(tx, identity)
    entry = row.get("_entry")
    if row["status"] != "open" or entry is None:
        return Outcome("declined", code="session_expired", message="This session is no longer open.")
    if not succeed:
        checkout_ends.drop_challenge(tx, tx.edit("checkout.session", identity))
        refusal = cards.OUTCOMES["authentication_failed"]
        assert refusal is not None
        return Outcome("declined", code=refusal.code, message=refusal.message)
    checkout_ends.drop_challenge(tx, tx.edit("checkout.session", identity))
    return _try(tx, identity, entry, authenticated=True)
