"""Payment methods: test cards and test bank accounts, by id, token or number; attached to and detached from customers."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from billing.sandbox import errors, paging
from billing.sandbox.calls import Call
from billing.sandbox.engine import bank_accounts, cards
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj, copy
from billing.sandbox.transactions import Transaction

BILLING_DETAILS = {
    "address": {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None},
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}


def new(tx: Transaction, card: cards.Card, entry: Obj | None = None, details: Obj | None = None) -> Obj:
    """Store a payment method for a test card. `entry` is what was typed: exp_month, exp_year."""
    entry = entry or {}
    today = datetime.fromtimestamp(tx.now, UTC)
    year = int(entry.get("exp_year") or today.year + 1)
    method = tx.new("payment_method", type="card", allow_redisplay="unspecified", _number=card.number, _set_up=False)
    method["billing_details"] = copy(BILLING_DETAILS) | {key: value or None for key, value in (details or {}).items()}
    method["card"] = card_details(card, int(entry.get("exp_month") or today.month), year + (2000 if year < 100 else 0))
    return tx.add(method)


def card_details(card: cards.Card, month: int, year: int) -> Obj:
    """The `card` of a payment method."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "description": None,
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
        "funding": card.funding,
        "generated_from": None,
        "iin": None,
        "issuer": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def card_of(method: Obj) -> cards.Card:
    return cards.BY_NUMBER[method.get("_number", "4242424242424242")]


def new_bank(tx: Transaction, account: bank_accounts.Account, details: Obj | None = None) -> Obj:
    """Store a payment method for a bank account. (At Stripe an account in the US is looked at first; these are known.)"""
    method = tx.new("payment_method", type=account.kind, allow_redisplay="unspecified", _number=account.number)
    method["billing_details"] = copy(BILLING_DETAILS) | {key: value or None for key, value in (details or {}).items()}
    method["card"] = None
    shared = {"fingerprint": hashlib.sha256(account.number.encode()).hexdigest()[:16], "last4": account.last4}
    if account.kind == bank_accounts.SEPA:
        country, bank = account.number[:2], account.number[4:12]
        method[account.kind] = {"bank_code": bank, "branch_code": "", "country": country, "generated_from": None, **shared}
    else:
        method[account.kind] = {
            "account_holder_type": "company",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "financial_connections_account": None,
            "networks": {"preferred": "ach", "supported": ["ach"]},
            "routing_number": bank_accounts.ROUTING,
            "status_details": None,
            **shared,
        }
    return tx.add(method)


def bank_of(method: Obj) -> bank_accounts.Account:
    """The test account behind a payment method; one that was only typed succeeds."""
    number = str(method["_number"])
    return bank_accounts.BY_NUMBER.get(number) or bank_accounts.Account(method["type"], number, "typed")


def resolve(tx: Transaction, identity: str, param: str = "payment_method") -> Obj:
    """The payment method of an id. A test id (`pm_card_visa`) makes a new one each time."""
    if identity in cards.BY_TOKEN:
        return new(tx, cards.BY_TOKEN[identity])
    if identity in bank_accounts.BY_TOKEN:
        return new_bank(tx, bank_accounts.BY_TOKEN[identity])
    return tx.need("payment_method", identity, param)


def create(call: Call) -> Obj:
    params = call.params
    kind = params.get("type", "card")
    if kind in bank_accounts.KINDS:
        method = new_bank(call.tx, _typed_bank(kind, params), params.get("billing_details"))
        assign(method, params, "allow_redisplay")
        return method
    if kind != "card":
        raise errors.invalid("The sandbox knows payment methods of the types card, sepa_debit and us_bank_account.", "type")
    card, entry = _typed(call.tx, params.get("card") or {})
    method = new(call.tx, card, entry, params.get("billing_details"))
    assign(method, params, "allow_redisplay")
    return method


def _typed_bank(kind: str, params: Obj) -> bank_accounts.Account:
    given = params.get(kind) or {}
    wanted = ("iban",) if kind == bank_accounts.SEPA else ("routing_number", "account_number")
    for name in wanted:
        if not given.get(name):
            raise errors.invalid(f"Missing required param: {kind}[{name}].", f"{kind}[{name}]", "parameter_missing")
    if not (params.get("billing_details") or {}).get("name"):
        raise errors.invalid("Missing required param: billing_details[name].", "billing_details[name]", "parameter_missing")
    if kind == bank_accounts.SEPA:
        return bank_accounts.of_iban(given["iban"])
    return bank_accounts.of_us_account(given["routing_number"], given["account_number"])


def _typed(tx: Transaction, given: Any) -> tuple[cards.Card, Obj]:
    if given.get("token"):
        if given["token"] not in cards.BY_SOURCE:
            raise errors.missing("token", given["token"], "card[token]")
        return cards.BY_SOURCE[given["token"]], {}
    if not given.get("number"):
        raise errors.invalid("Missing required param: card[number].", "card[number]", "parameter_missing")
    today = datetime.fromtimestamp(tx.now, UTC)
    cards.check_entry(today.year, today.month, given)
    return cards.of_number(given["number"]), given


def attach(tx: Transaction, method: Obj, customer: str) -> Obj:
    """Give a payment method to a customer. Raises the card's refusal, for those that refuse already here."""
    holder = tx.need("customer", customer, "customer")
    if holder.get("deleted"):
        raise errors.missing("customer", customer, "customer")
    if method["customer"] not in {None, customer}:
        raise errors.invalid("The payment method you provided has already been attached to a customer.", "payment_method")
    if method["type"] == "card":
        _check_attaches(card_of(method))
    row = tx.edit("payment_method", method["id"])
    if row["customer"] is None:
        row["customer"] = customer
        tx.emit("payment_method.attached", row)
    return row


def _check_attaches(card: cards.Card) -> None:
    if not card.attaches and card.refusal:
        raise card.refusal.error()


def attach_verb(call: Call) -> Obj:
    call.tx.follow(call.params["customer"])
    return attach(call.tx, resolve(call.tx, call.ids["id"], "payment_method"), call.params["customer"])


def detach(call: Call) -> Obj:
    tx = call.tx
    row = tx.edit("payment_method", call.ids["id"], "payment_method")
    customer = row["customer"]
    if customer is None:
        raise errors.invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    row["customer"] = None
    holder = tx.edit("customer", customer)
    if (holder.get("invoice_settings") or {}).get("default_payment_method") == row["id"]:
        holder["invoice_settings"]["default_payment_method"] = None
    for subscription in tx.find("subscription", "customer", customer):
        if subscription["default_payment_method"] == row["id"]:
            tx.edit("subscription", subscription["id"])["default_payment_method"] = None
    tx.emit("payment_method.detached", row, {"customer": customer})
    return row


def retrieve(call: Call) -> Obj:
    method = resolve(call.tx, call.ids["id"], "payment_method")
    if call.ids.get("customer") and method["customer"] != call.ids["customer"]:
        raise errors.missing("payment_method", call.ids["id"], "payment_method")
    return method


def update(call: Call) -> Obj:
    row = call.tx.edit("payment_method", call.ids["id"], "payment_method")
    assign(row, call.params, "allow_redisplay")
    if call.params.get("billing_details"):
        row["billing_details"] = row["billing_details"] | call.params["billing_details"]
    for part in ("exp_month", "exp_year"):
        if part in (call.params.get("card") or {}):
            row["card"][part] = call.params["card"][part]
    return row


def list_all(call: Call) -> Page:
    customer = call.ids.get("customer") or call.params.get("customer")
    if customer:
        call.tx.need("customer", customer, "customer")
    where = {"customer": customer, "type": call.params.get("type")}
    return paging.listing(
        call.tx, "payment_method", call.params, call.url, where=where, keep=lambda row: row["customer"] is not None
    )
