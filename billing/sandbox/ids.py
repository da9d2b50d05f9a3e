"""Ids in Stripe's style: a prefix that names the type, then letters and digits."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits

PREFIXES = {
    "product": "prod",
    "price": "price",
    "coupon": "co",
    "promotion_code": "promo",
    "discount": "di",
    "customer": "cus",
    "customer_balance_transaction": "cbtxn",
    "customer_cash_balance_transaction": "ccsbtxn",
    "tax_id": "txi",
    "tax_rate": "txr",
    "credit_note": "cn",
    "credit_note_line_item": "cnli",
    "payment_method": "pm",
    "mandate": "mandate",
    "setup_intent": "seti",
    "payment_intent": "pi",
    "charge": "ch",
    "refund": "re",
    "dispute": "du",
    "balance_transaction": "txn",
    "billing_portal.session": "bps",
    "billing_portal.configuration": "bpc",
    "checkout.session": "cs_test",
    "item": "li",
    "subscription": "sub",
    "subscription_item": "si",
    "subscription_schedule": "sub_sched",
    "invoice": "in",
    "invoice_payment": "inpay",
    "invoiceitem": "ii",
    "line_item": "il",
    "event": "evt",
    "webhook_endpoint": "we",
    "test_helpers.test_clock": "clock",
    "request": "req",
}

# Longest first, so that sub_sched_ is not read as sub_. Charges of bank accounts are called py_.
_BY_PREFIX = [*((prefix + "_", kind) for kind, prefix in PREFIXES.items()), ("py_", "charge")]
KINDS = sorted(_BY_PREFIX, key=lambda pair: -len(pair[0]))


def token(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def fresh(kind: str) -> str:
    """A new id for an object of this type."""
    length = 58 if kind == "checkout.session" else 14 if kind in {"customer", "product"} else 24
    return f"{PREFIXES[kind]}_{token(length)}"


def kind_of(identity: str) -> str | None:
    """The type an id belongs to, by its prefix."""
    for prefix, kind in KINDS:
        if identity.startswith(prefix):
            return kind
    return None
