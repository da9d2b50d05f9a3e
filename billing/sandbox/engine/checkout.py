"""Checkout sessions: made by the store, completed by a customer on the hosted page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import amounts, cards, customers, intents, items, payment_methods, payments, subscriptions
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

SHORTEST_SECONDS, LONGEST_SECONDS = 30 * 60, 24 * 3600
KEPT = (
    "cancel_url", "client_reference_id", "customer_email", "customer_creation", "locale", "success_url", "return_url", "submit_type",
    "billing_address_collection", "allow_promotion_codes", "consent_collection", "payment_method_collection", "integration_identifier",
)  # fmt: skip


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


def create(call: Call) -> Obj:
    tx, params = call.tx, call.params
    _check(params)
    customer = customers.live(tx, params["customer"]) if params.get("customer") else None
    row = tx.new(
        "checkout.session", mode=params["mode"], ui_mode=params.get("ui_mode", "hosted_page"), status="open", metadata={},
        payment_method_types=["card"], customer=params.get("customer"), expires_at=_expiry(tx, params), custom_fields=[],
        payment_status="no_payment_required" if params["mode"] == "setup" else "unpaid", origin_context=None,
        _clock=(customer or {}).get("test_clock"), _line_items=[], _subscription_data=params.get("subscription_data") or {},
        _setup_intent_data=params.get("setup_intent_data") or {}, _discounts=params.get("discounts") or [],
    )  # fmt: skip
    assign(row, params, *KEPT)
    row["url"] = f"{tx.account.base_url}/c/pay/{row['id']}"
    row["tax_id_collection"] = {"required": "never", **(params.get("tax_id_collection") or {"enabled": False})}
    row["phone_number_collection"] = params.get("phone_number_collection") or {"enabled": False}
    row["payment_method_collection"] = params.get("payment_method_collection") or "always"
    row["custom_text"].update(params.get("custom_text") or {})
    row["customer_details"] = _details(customer, params)
    if params["mode"] == "subscription":
        _fill_items(tx, row, params)
    elif params["mode"] == "setup":
        row["currency"] = params.get("currency")
        row["setup_intent"] = intents.new_setup(
            tx, params.get("customer"), metadata=row["_setup_intent_data"].get("metadata") or {}
        )["id"]
    return tx.add(row)


def _check(params: Obj) -> None:
    if params.get("mode") not in {"subscription", "setup"}:
        raise errors.invalid("The sandbox's Checkout has the modes subscription and setup.", "mode")
    if params.get("customer") and params.get("customer_email"):
        raise errors.invalid("You may only specify one of these parameters: customer, customer_email.", "customer")
    if params.get("customer_creation") and params["mode"] != "payment":
        raise errors.invalid("`customer_creation` can only be used in `payment` mode.", "customer_creation")
    if params.get("ui_mode", "hosted_page") == "hosted_page" and not params.get("success_url"):
        raise errors.invalid("Missing required param: success_url.", "success_url", "parameter_missing")
    if params["mode"] == "subscription" and not params.get("line_items"):
        raise errors.invalid("Missing required param: line_items.", "line_items", "parameter_missing")


def _expiry(tx: Transaction, params: Obj) -> int:
    wanted = int(params.get("expires_at") or tx.now + LONGEST_SECONDS)
    if not tx.now + SHORTEST_SECONDS - 60 <= wanted <= tx.now + LONGEST_SECONDS + 60:
        raise errors.invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.", "expires_at"
        )
    return wanted


def _details(customer: Obj | None, params: Obj) -> Obj | None:
    email = (customer or {}).get("email") or params.get("customer_email")
    if customer is None and not email:
        return None
    source = customer or {}
    return {
        "address": source.get("address"), "business_name": source.get("business_name"), "email": email,
        "individual_name": source.get("individual_name"), "name": source.get("name"), "phone": source.get("phone"),
        "tax_exempt": source.get("tax_exempt", "none"), "tax_ids": [],
    }  # fmt: skip


def _fill_items(tx: Transaction, row: Obj, params: Obj) -> None:
    for index, entry in enumerate(params["line_items"]):
        price = items.recurring_price(tx, items.price_id(tx, entry, index), f"line_items[{index}][price]")
        quantity = int(entry.get("quantity", 1))
        amount = amounts.half_up(amounts.of_price(price, quantity))
        item = tx.new(
            "item", price=price["id"], quantity=quantity, currency=price["currency"], amount_subtotal=amount, amount_total=amount,
            description=(tx.get("product", price["product"]) or {}).get("name"), adjustable_quantity=None,
        )  # fmt: skip
        row["_line_items"].append(item)
        row["currency"] = price["currency"]
    trial = row["_subscription_data"].get("trial_period_days") or row["_subscription_data"].get("trial_end")
    invoice = _trial_run(tx, row)
    row["amount_subtotal"] = 0 if trial else invoice["subtotal"]
    row["amount_total"] = 0 if trial else invoice["total"]
    discount = sum(part["amount"] for part in invoice["total_discount_amounts"])
    taxes = sum(part["amount"] for part in invoice["total_taxes"])
    row["total_details"] = {"amount_discount": discount, "amount_shipping": 0, "amount_tax": taxes}


def _trial_run(tx: Transaction, row: Obj) -> Obj:
    """The first invoice this session would lead to, on an overlay that is dropped."""
    inner = tx.child(preview=True)
    customer = row["customer"] or customers.new(inner, {})["id"]
    subscription = subscriptions.new(inner, _wanted(row, customer))
    return inner.need("invoice", subscription["latest_invoice"])


def _wanted(row: Obj, customer: str) -> Obj:
    wanted = {key: value for key, value in row["_subscription_data"].items() if key not in {"invoice_settings"}}
    wanted["items"] = [{"price": item["price"], "quantity": item["quantity"]} for item in row["_line_items"]]
    return {**wanted, "customer": customer, "discounts": row["_discounts"]}


def session(tx: Transaction, identity: str) -> Obj:
    """The session, at its own time."""
    row = tx.need("checkout.session", identity, "session")
    tx.follow(row["customer"])
    return row


def retrieve(call: Call) -> Obj:
    return call.tx.need("checkout.session", call.ids["id"], "session")


def update(call: Call) -> Obj:
    row = call.tx.edit("checkout.session", call.ids["id"], "session")
    assign(row, call.params)
    return row


def list_all(call: Call) -> Page:
    params = call.params
    where = {name: params.get(name) for name in ("customer", "created", "payment_intent", "status", "subscription")}
    email = (params.get("customer_details") or {}).get("email")
    return paging.listing(
        call.tx, "checkout.session", params, call.url, where=where,
        keep=lambda row: not email or (row["customer_details"] or {}).get("email") == email,
    )  # fmt: skip


def list_items(call: Call) -> Page:
    rows = call.tx.need("checkout.session", call.ids["session"], "session")["_line_items"]
    return paging.cut(call.tx, rows, lambda _: True, "line_item", call.params, call.url)


# Ending without a purchase


def expire_verb(call: Call) -> Obj:
    row = session(call.tx, call.ids["session"])
    if row["status"] != "open":
        raise errors.invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of {row["status"]}.',
        )
    return expire(call.tx, row["id"])


def expire(tx: Transaction, identity: str) -> Obj:
    """Close an open session."""
    row = tx.edit("checkout.session", identity)
    row.update(status="expired", url=None)
    _drop_challenge(tx, row)
    tx.emit("checkout.session.expired", row)
    return row


def expire_due(tx: Transaction, identity: str) -> None:
    expire(tx, identity)


def cancel_address(row: Obj) -> str | None:
    """Where the back link leads. The session stays open."""
    return row["cancel_url"] or None


def success_address(row: Obj) -> str:
    """Where a completed session leads."""
    return str(row["success_url"] or row["return_url"] or "").replace("{CHECKOUT_SESSION_ID}", row["id"])


# The customer's submission


def submit(
    tx: Transaction, identity: str, *, card: Obj, name: str = "", email: str = "", tax_id: Obj | None = None, promotion: str = "",
    consent: bool = False, country: str = "",
) -> Outcome:  # fmt: skip
    """A customer submits the card form. `card`: number, exp_month, exp_year, cvc; `tax_id`: type and value; `promotion`: a code."""
    row = session(tx, identity)
    if row["status"] == "complete":
        return Outcome("complete", success_address(row))
    if row["status"] != "open" or row["expires_at"] <= tx.now:
        return Outcome("declined", code="session_expired", message="This session has expired.")
    entry = {
        "card": card,
        "name": name,
        "email": email,
        "tax_id": tax_id,
        "promotion": promotion,
        "consent": consent,
        "country": country,
    }
    return _try(tx, identity, entry, authenticated=False)


def _try(tx: Transaction, identity: str, entry: Obj, *, authenticated: bool) -> Outcome:
    """Do the purchase on an overlay: kept when it is paid, dropped when it isn't."""
    inner = tx.child()
    try:
        today = datetime.fromtimestamp(tx.now, UTC)
        cards.check_entry(today.year, today.month, entry["card"])
        card = cards.of_number(str(entry["card"]["number"]))
        row = inner.edit("checkout.session", identity)
        customer = _customer(inner, row, entry)
        method = payment_methods.new(inner, card, entry["card"], {"name": entry["name"], "email": entry["email"]})
        buy = _subscribe if row["mode"] == "subscription" else _set_up
        intent = buy(inner, row, customer, method, entry, authenticated=authenticated)
    except errors.StripeError as error:
        return Outcome("declined", code=error.code, decline_code=error.extra.get("decline_code"), message=error.message)
    if intent is not None and intent["status"] == payments.REQUIRES_ACTION:
        return _challenge(tx, identity, entry, intent)
    if intent is not None and intent["status"] != payments.SUCCEEDED:
        failed = intent.get("last_payment_error") or intent.get("last_setup_error") or {}
        return Outcome(
            "declined", code=failed.get("code"), decline_code=failed.get("decline_code"), message=failed.get("message")
        )
    row.update(status="complete", url=None)
    inner.emit("checkout.session.completed", row)
    tx.absorb(inner)
    return Outcome("complete", success_address(row))


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
    if entry["tax_id"] and (row["tax_id_collection"] or {}).get("enabled"):
        customers.add_tax_id(tx, identity, entry["tax_id"]["type"], entry["tax_id"]["value"])
    customer = tx.need("customer", identity)
    row["customer_details"] = _details(customer, {"customer_email": entry["email"]}) or {}
    row["customer_details"]["name"] = customer["name"] or entry["name"]
    row["customer_details"]["tax_ids"] = [entry["tax_id"]] if entry["tax_id"] else []
    if (row["consent_collection"] or {}).get("terms_of_service") == "required":
        row["consent"] = {"promotions": None, "terms_of_service": "accepted" if entry["consent"] else None}
    return str(identity)


def _subscribe(tx: Transaction, row: Obj, customer: str, method: Obj, entry: Obj, *, authenticated: bool) -> Obj | None:
    payment_methods.attach(tx, method, customer)
    wanted = _wanted(row, customer)
    if entry["promotion"]:
        wanted["discounts"] = [{"promotion_code": _promotion(tx, entry["promotion"])}]
    subscription = subscriptions.new(tx, wanted, method=method["id"], authenticated=authenticated)
    invoice = tx.need("invoice", subscription["latest_invoice"])
    row.update(
        subscription=subscription["id"], invoice=invoice["id"], amount_subtotal=invoice["subtotal"], amount_total=invoice["total"],
        payment_status="paid" if invoice["amount_paid"] or not invoice["total"] else "unpaid",
    )  # fmt: skip
    settings = tx.edit("customer", customer)["invoice_settings"]
    if not settings.get("default_payment_method"):
        settings["default_payment_method"] = method["id"]
    if invoice["status"] == "paid":
        row["payment_status"] = "paid" if invoice["amount_due"] else "no_payment_required"
        return None
    return _intent_of(tx, invoice)


def _intent_of(tx: Transaction, invoice: Obj) -> Obj | None:
    rows = tx.find("payment_intent", "_invoice", invoice["id"])
    return rows[-1] if rows else None


def _promotion(tx: Transaction, code: str) -> str:
    for promotion in tx.rows.newest_first("promotion_code"):
        if promotion["code"].lower() == code.lower() and promotion["active"]:
            return str(promotion["id"])
    raise errors.invalid("This code is invalid.", "promotion_code", "promotion_code_invalid")


def _set_up(tx: Transaction, row: Obj, customer: str, method: Obj, entry: Obj, *, authenticated: bool) -> Obj:
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
    _drop_challenge(tx, row)
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


def _drop_challenge(tx: Transaction, row: Obj) -> None:
    old = tx.get("payment_intent", row.get("_intent"))
    if old and old["status"] == payments.REQUIRES_ACTION:
        tx.rows.remove("payment_intent", old["id"])
        tx.baselines.pop(("payment_intent", old["id"]), None)
    row["_intent"] = row["_entry"] = None


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
        _drop_challenge(tx, tx.edit("checkout.session", identity))
        refusal = cards.OUTCOMES["authentication_failed"]
        assert refusal is not None
        return Outcome("declined", code=refusal.code, message=refusal.message)
    _drop_challenge(tx, tx.edit("checkout.session", identity))
    return _try(tx, identity, entry, authenticated=True)
