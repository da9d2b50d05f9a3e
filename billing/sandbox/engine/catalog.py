"""Products and prices."""

from fractions import Fraction
from typing import Any

from billing.sandbox import errors, ids, paging
from billing.sandbox.calls import Call
from billing.sandbox.objects import assign
from billing.sandbox.paging import Page
from billing.sandbox.state import Obj
from billing.sandbox.transactions import Transaction

PRODUCT_FIELDS = (
    "active",
    "default_price",
    "description",
    "images",
    "marketing_features",
    "name",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)


def create_product(call: Call) -> Obj:
    tx, params = call.tx, call.params
    identity = params.get("id") or ids.fresh("product")
    if tx.get("product", identity):
        raise errors.invalid("Product already exists.", "id", "resource_already_exists")
    product = tx.new("product", id=identity, active=True, type="service", updated=tx.now)
    assign(product, params, *PRODUCT_FIELDS)
    tx.add(product)
    if params.get("default_price_data"):
        price = _new_price(tx, {"product": identity, **params["default_price_data"]})
        tx.edit("product", identity)["default_price"] = price["id"]
    return tx.need("product", identity)


def retrieve_product(call: Call) -> Obj:
    return call.tx.need("product", call.ids["id"])


def update_product(call: Call) -> Obj:
    product = call.tx.edit("product", call.ids["id"])
    assign(product, call.params, *PRODUCT_FIELDS)
    product["updated"] = call.tx.now
    return product


def delete_product(call: Call) -> Obj:
    if call.tx.find("price", "product", call.ids["id"]):
        raise errors.invalid("This product cannot be deleted because it has one or more user-created prices.")
    return call.tx.remove("product", call.ids["id"])


def list_products(call: Call) -> Page:
    params, wanted = call.params, call.params.get("ids")
    where = {name: params.get(name) for name in ("active", "created", "shippable", "url", "type")}
    return paging.listing(call.tx, "product", params, call.url, where=where, keep=lambda row: not wanted or row["id"] in wanted)


def create_price(call: Call) -> Obj:
    params = dict(call.params)
    if "product_data" in params:
        data = params.pop("product_data")
        product = call.tx.new("product", active=True, type="service", updated=call.tx.now, **data)
        params["product"] = call.tx.add(product)["id"]
    if not params.get("product"):
        raise errors.invalid("You must specify either `product` or `product_data` when creating a price.", "product")
    return _new_price(call.tx, params)


def _new_price(tx: Transaction, params: Obj) -> Obj:
    tx.need("product", params["product"], "product")
    currency = params["currency"].lower()
    scheme = params.get("billing_scheme", "per_unit")
    price = tx.new(
        "price",
        active=params.get("active", True),
        billing_scheme=scheme,
        currency=currency,
        product=params["product"],
        type="recurring" if params.get("recurring") else "one_time",
        tax_behavior=params.get("tax_behavior", "unspecified"),
    )
    assign(price, params, "nickname", "transform_quantity", "tiers_mode")
    if params.get("recurring"):
        price["recurring"] = {
            "interval": params["recurring"]["interval"],
            "interval_count": params["recurring"].get("interval_count", 1),
            "meter": params["recurring"].get("meter"),
            "trial_period_days": params["recurring"].get("trial_period_days"),
            "usage_type": params["recurring"].get("usage_type", "licensed"),
        }
    if scheme == "tiered":
        price["_tiers"] = _tiers(params)
    else:
        _per_unit(price, params)
    _claim_lookup_key(tx, price, params)
    return tx.add(price)


def _per_unit(price: Obj, params: Obj) -> None:
    if params.get("tiers"):
        raise errors.invalid("You may only specify `tiers` when `billing_scheme` is `tiered`.", "tiers")
    if params.get("unit_amount") is None and params.get("unit_amount_decimal") is None:
        raise errors.invalid("Missing required param: unit_amount.", "unit_amount", "parameter_missing")
    price.update(_both(params, "unit_amount"))


def _both(params: Obj, name: str) -> Obj:
    """An amount in both its spellings; the whole-number one only where it is whole."""
    value = params.get(f"{name}_decimal") if params.get(name) is None else params[name]
    if value is None:
        return {name: None, f"{name}_decimal": None}
    exact = Fraction(str(value))
    if exact < 0:
        raise errors.invalid("Invalid non-negative integer", name, "parameter_invalid_integer")
    return {name: int(exact) if exact.denominator == 1 else None, f"{name}_decimal": str(value)}


def _tiers(params: Obj) -> list[Obj]:
    """The tiers, checked: rising bounds, the last one open."""
    given = params.get("tiers")
    if not given:
        raise errors.invalid("Missing required param: tiers.", "tiers", "parameter_missing")
    if not params.get("tiers_mode"):
        raise errors.invalid("Missing required param: tiers_mode.", "tiers_mode", "parameter_missing")
    tiers, last = [], 0
    for index, tier in enumerate(given):
        bound = None if tier["up_to"] == "inf" else int(tier["up_to"])
        if (bound is None) != (index == len(given) - 1):
            raise errors.invalid(
                "The last tier in `tiers`, and only it, must have `up_to` set to `inf`.", f"tiers[{index}][up_to]"
            )
        if bound is not None and bound <= last:
            raise errors.invalid("`up_to` must be greater than in the tier before.", f"tiers[{index}][up_to]")
        last = bound or last
        tiers.append({**_both(tier, "flat_amount"), **_both(tier, "unit_amount"), "up_to": bound})
    return tiers


def _claim_lookup_key(tx: Transaction, price: Obj, params: Obj) -> None:
    key = params.get("lookup_key")
    if not key:
        return
    holders = [row for row in tx.find("price", "lookup_key", key) if row["id"] != price["id"]]
    if holders and not params.get("transfer_lookup_key"):
        raise errors.invalid(f"A price (`{holders[0]['id']}`) already uses that lookup key.", "lookup_key")
    for holder in holders:
        tx.edit("price", holder["id"])["lookup_key"] = None
    price["lookup_key"] = key


def retrieve_price(call: Call) -> Obj:
    return call.tx.need("price", call.ids["id"])


def update_price(call: Call) -> Obj:
    price = call.tx.edit("price", call.ids["id"])
    assign(price, call.params, "active", "nickname", "tax_behavior")
    if call.params.get("lookup_key") == "":
        price["lookup_key"] = None
    _claim_lookup_key(call.tx, price, call.params)
    return price


def list_prices(call: Call) -> Page:
    params = call.params
    where: dict[str, Any] = {name: params.get(name) for name in ("active", "created", "currency", "product", "type")}
    keys, recurring = params.get("lookup_keys"), params.get("recurring") or {}
    if keys and len(keys) == 1:
        where["lookup_key"] = keys[0]

    def keep(row: Obj) -> bool:
        if keys and row["lookup_key"] not in keys:
            return False
        return all((row["recurring"] or {}).get(name) == value for name, value in recurring.items())

    return paging.listing(call.tx, "price", params, call.url, where=where, keep=keep)
