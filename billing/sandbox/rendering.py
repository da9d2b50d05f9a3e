"""From a stored object to the API's answer: private notes stripped, always-embedded references filled in, `expand[]` obeyed."""

from collections.abc import Callable
from typing import Any

from billing.sandbox import contract, errors, ids, objects, offers, places
from billing.sandbox.state import Obj, copy
from billing.sandbox.transactions import Transaction

Path = list[str]
MAXIMUM_DEPTH = 4

# Fields that hold ids in the store and whole objects in every answer: by object, and wherever they stand.
EMBEDDED: dict[str, dict[str, str]] = {
    "subscription_item": {"price": "price"},
    "item": {"price": "price"},
    "customer": {"discount": "discount"},
}
EMBEDDED_ANYWHERE = {"tax_rates": "tax_rate", "default_tax_rates": "tax_rate"}

# Fields that depend on the instant of reading.
MOMENTARY: dict[str, tuple[str, Callable[[Transaction, Obj], bool]]] = {
    "coupon": ("valid", offers.coupon),
    "promotion_code": ("active", offers.promotion_code),
}

Filler = Callable[[Transaction, Obj], Any]


def _payments(tx: Transaction, invoice: Obj) -> Obj:
    rows = [render(tx, row) for row in tx.find("invoice_payment", "invoice", invoice["id"])]
    return objects.sublist(f"/v1/invoices/{invoice['id']}/payments", rows)


def _secret(tx: Transaction, invoice: Obj) -> Obj | None:
    for intent in reversed(tx.find("payment_intent", "_invoice", invoice["id"])):
        if invoice["status"] == "open" and intent["status"] != "canceled":
            return {"client_secret": intent["client_secret"], "type": "payment_intent"}
    return None


def _subscriptions(tx: Transaction, customer: Obj) -> Obj:
    rows = [row for row in tx.find("subscription", "customer", customer["id"]) if row["status"] != "canceled"]
    return objects.sublist(f"/v1/customers/{customer['id']}/subscriptions", [render(tx, row) for row in rows])


def _tax_ids(tx: Transaction, customer: Obj) -> Obj:
    rows = [render(tx, row) for row in tx.find("tax_id", "customer", customer["id"])]
    return objects.sublist(f"/v1/customers/{customer['id']}/tax_ids", rows)


def _refunds(tx: Transaction, charge: Obj) -> Obj:
    rows = [render(tx, row) for row in reversed(tx.find("refund", "charge", charge["id"]))]
    return objects.sublist(f"/v1/charges/{charge['id']}/refunds", rows)


def _line_items(tx: Transaction, session: Obj) -> Obj:
    rows = [render(tx, row) for row in session.get("_line_items", [])]
    return objects.sublist(f"/v1/checkout/sessions/{session['id']}/line_items", rows)


# Fields that Stripe leaves out unless the caller asks for them: None here until expanded.
ON_REQUEST: dict[str, dict[str, Filler]] = {
    "invoice": {"payments": _payments, "confirmation_secret": _secret},
    "customer": {
        "subscriptions": _subscriptions,
        "tax_ids": _tax_ids,
        "tax": places.shown,
        "invoice_credit_balance": lambda _, customer: dict(customer["_balances"]),
        "sources": lambda _, customer: objects.sublist(f"/v1/customers/{customer['id']}/sources", []),
    },
    "charge": {"refunds": _refunds},
    "checkout.session": {"line_items": _line_items},
    "price": {
        "tiers": lambda _, price: price.get("_tiers"),
        "currency_options": lambda _, price: price.get("_currency_options"),
    },
    "item": {
        "discounts": lambda tx, item: _plain(tx, item.get("_discounts", [])),
        "taxes": lambda tx, item: _plain(tx, item.get("_taxes", [])),
    },
    "coupon": {
        "applies_to": lambda _, coupon: coupon.get("_applies_to"),
        "currency_options": lambda _, coupon: coupon.get("_currency_options"),
    },
}


def render(tx: Transaction, row: Obj, expand: list[Path] | None = None) -> Obj:
    """The object as the API shows it, with the paths of `expand` followed."""
    # An event keeps its object as it was shown then.
    shown: Obj = copy(row) if row.get("object") == "event" else _plain(tx, row)
    for path in expand or []:
        _expand(tx, shown, row, path, ".".join(path))
    return shown


def _plain(tx: Transaction, value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(tx, item) if isinstance(item, dict | list) else item for item in value]
    embedded = EMBEDDED_ANYWHERE | EMBEDDED.get(value.get("object", ""), {})
    shown: Obj = {}
    for key, item in value.items():
        if key.startswith("_"):
            continue
        if item and key in embedded:
            shown[key] = _embed(tx, embedded[key], item)
        else:
            shown[key] = _plain(tx, item) if isinstance(item, dict | list) else item
    for name in contract.ON_EXPANSION.get(value.get("object", ""), ()):
        # Only what nobody asked for is left out: an event or an embedded list may carry it already.
        if shown.get(name) is None:
            shown.pop(name, None)
    momentary = MOMENTARY.get(value.get("object", ""))
    if momentary and not value.get("deleted"):
        shown[momentary[0]] = momentary[1](tx, value)
    if value.get("object") == "subscription_item" and "price" in value:
        shown["plan"] = _plan(shown["price"])
    return shown


def _embed(tx: Transaction, kind: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_embed(tx, kind, item) for item in value]
    if isinstance(value, dict):
        return _plain(tx, value)
    found = tx.get(kind, value)
    return _plain(tx, found) if found else value


def _plan(price: Obj) -> Obj:
    """The old-style plan that Stripe still shows beside a price."""
    recurring = price.get("recurring") or {}
    plan = objects.new("plan", price["created"], id=price["id"])
    same = (
        "active",
        "billing_scheme",
        "currency",
        "livemode",
        "metadata",
        "nickname",
        "product",
        "tiers_mode",
    )
    plan.update({key: price.get(key) for key in same})
    plan.update(
        amount=price.get("unit_amount"),
        amount_decimal=price.get("unit_amount_decimal"),
        interval=recurring.get("interval"),
        interval_count=recurring.get("interval_count"),
        trial_period_days=recurring.get("trial_period_days"),
        usage_type=recurring.get("usage_type"),
        meter=recurring.get("meter"),
        transform_usage=price.get("transform_quantity"),
    )
    return plan


def paths(expand: list[str] | None) -> list[Path]:
    """The `expand` parameter as paths. Raises Stripe's refusal of more than four levels."""
    found = [entry.split(".") for entry in expand or []]
    for path in found:
        if len([part for part in path if part != "data"]) > MAXIMUM_DEPTH:
            raise errors.invalid(
                f"You cannot expand more than {MAXIMUM_DEPTH} levels of a property. Property: {'.'.join(path)}", "expand"
            )
    return found


def _expand(tx: Transaction, shown: Obj, row: Obj | None, path: Path, whole: str) -> None:
    field, rest = path[0], path[1:]
    filler = ON_REQUEST.get(shown.get("object", ""), {}).get(field)
    if filler and shown.get(field) is None:
        source = row or tx.get(shown["object"], shown["id"])
        shown[field] = filler(tx, source) if source else None
    elif field not in shown and f"_{field}" in (row or {}):
        # A hash's own field that is left out unless asked for: kept beside it as a note.
        shown[field] = _plain(tx, (row or {})[f"_{field}"])
    elif field not in shown and field not in contract.ON_EXPANSION.get(shown.get("object", ""), ()):
        raise errors.invalid(f"This property cannot be expanded ({whole}).", "expand")
    value = shown.get(field)
    if isinstance(value, list):
        shown[field] = [_expanded(tx, item, rest, whole) for item in value]
    elif value is not None:
        shown[field] = _expanded(tx, value, rest, whole, (row or {}).get(field))


def _expanded(tx: Transaction, value: Any, rest: Path, whole: str, source: Any = None) -> Any:
    row: Obj | None = source if isinstance(source, dict) else None
    if isinstance(value, str):
        # A coupon's id is what its maker chose.
        kind = ids.kind_of(value) or ("coupon" if ".coupon." in f".{whole}." else None)
        row = tx.get(kind, value) if kind else None
        if row is None:
            raise errors.invalid(f"This property cannot be expanded ({whole}).", "expand")
        value = _plain(tx, row)
    if rest:
        if not isinstance(value, dict):
            raise errors.invalid(f"This property cannot be expanded ({whole}).", "expand")
        _expand(tx, value, row, rest, whole)
    return value
