"""Pilots at Stripe: a product for each, a one-time price for each currency, and a coupon that takes a credited fee off.

Every call may be repeated, as in offering.catalog_stripe: ids of our own, lookup keys, and keys of what is made.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from billing import gateway, gateway_promotions
from billing.rules import catalog
from billing.rules.pilots import Fee, Pilot

Key = tuple[str, str, str]  # line, pilot, currency
_NAME_LENGTH: Final = 40  # Stripe, "Create a coupon": name
_LOOKUPS_A_CALL: Final = 10  # Stripe, "List all prices": up to 10 lookup keys


@dataclass(frozen=True)
class AtStripe:
    """A fee's ids; `coupon` is empty where the fee is not credited. `is_repaired`: known, and made again."""

    product: str
    price: str
    coupon: str
    is_repaired: bool = False


@dataclass(frozen=True)
class _Wanted:
    line: str
    pilot: Pilot
    fee: Fee
    plan_product: str
    number: int

    @property
    def name(self) -> str:
        return lookup_key((self.line, self.pilot.code, self.fee.currency))

    def key(self, kind: str, params: Mapping[str, Any]) -> str:
        content = hashlib.sha256(json.dumps([self.name, params], sort_keys=True).encode()).hexdigest()[:32]
        return f"catalog:{kind}:v{self.number}:{content}"


def lookup_key(key: Key) -> str:
    line, pilot, currency = key
    return f"{settings.STRIPE_LOOKUP_PREFIX}{line}_pilot_{pilot}_{currency}"


def coupon_id(line: str, pilot: Pilot, fee: Fee) -> str:
    return f"{settings.STRIPE_LOOKUP_PREFIX}pilot_{line}_{pilot.code}_{pilot.fingerprint(fee)[:12]}"


def project(
    wanted: catalog.Catalog, known: Mapping[Key, tuple[str, str]], products: Mapping[tuple[str, str], str], *, number: int
) -> dict[Key, AtStripe]:
    """Make Stripe hold the catalog's pilots, as version `number`. `known`: (price id, fingerprint) of fees on offer;
    `products`: of the plans, by (line, plan). Raises gateway.GatewayError; what was made is found again by the next run."""
    asked = [
        _Wanted(line.code, pilot, fee, products[line.code, pilot.plan], number)
        for line in wanted.lines
        for pilot in line.pilots
        for fee in pilot.fees
    ]
    held = _held([one.name for one in asked])
    found: dict[Key, AtStripe] = {}
    made: dict[tuple[str, str], str] = {}
    for one in asked:
        pilot = one.line, one.pilot.code
        if pilot not in made:
            made[pilot] = _product(one)
        key = (*pilot, one.fee.currency)
        price, before = _price(one, made[pilot], held.get(one.name)), known.get(key)
        is_repaired = before is not None and before[1] == one.pilot.fingerprint(one.fee) and before[0] != price
        found[key] = AtStripe(made[pilot], price, _coupon(one) if one.pilot.credited else "", is_repaired)
    return found


def _held(lookup_keys: list[str]) -> dict[str, gateway.Price]:
    found = {}
    for start in range(0, len(lookup_keys), _LOOKUPS_A_CALL):
        for price in gateway.prices({"lookup_keys": lookup_keys[start : start + _LOOKUPS_A_CALL], "limit": 100}):
            if price.lookup_key:
                found[price.lookup_key] = price
    return found


def _product(wanted: _Wanted) -> str:
    pilot = wanted.pilot
    identity = f"{settings.STRIPE_LOOKUP_PREFIX}{wanted.line}_pilot_{pilot.code}"
    params = {
        "name": _text(pilot.name),
        "description": _text(pilot.pitch),
        "metadata": {"line": wanted.line, "pilot": pilot.code, "plan": pilot.plan},
    }
    try:
        there = gateway.product(identity)
    except gateway.NotFound:
        return gateway.create_product({"id": identity, **params}, key=wanted.key("pilot-product", params)).id
    if not there.active or any(getattr(there, name) != params[name] for name in ("name", "description")):
        gateway.update_product(identity, {**params, "active": True}, key=wanted.key("pilot-product-update", params))
    return identity


def _price(wanted: _Wanted, product: str, there: gateway.Price | None) -> str:
    fingerprint = wanted.pilot.fingerprint(wanted.fee)
    if there and there.unit_amount == wanted.fee.amount_minor and gateway.metadata(there, "fingerprint") == fingerprint:
        if not there.active:
            gateway.update_price(there.id, {"active": True}, key=wanted.key("pilot-price-active", {"id": there.id}))
        return there.id
    params: dict[str, Any] = {
        "product": product,
        "currency": wanted.fee.currency,
        "unit_amount": wanted.fee.amount_minor,
        "tax_behavior": "exclusive",
        "lookup_key": wanted.name,
        "transfer_lookup_key": True,
        "metadata": {"line": wanted.line, "pilot": wanted.pilot.code, "fingerprint": fingerprint},
    }
    return gateway.create_price(params, key=wanted.key("pilot-price", params)).id


def _coupon(wanted: _Wanted) -> str:
    """Takes the fee off one invoice, off the plan alone."""
    identity = coupon_id(wanted.line, wanted.pilot, wanted.fee)
    params = {
        "id": identity,
        "name": _text(wanted.pilot.name)[:_NAME_LENGTH],
        "duration": "once",
        "currency": wanted.fee.currency,
        "amount_off": wanted.fee.amount_minor,
        "applies_to": {"products": [wanted.plan_product]},
        "metadata": {"line": wanted.line, "pilot": wanted.pilot.code},
    }
    try:
        gateway_promotions.coupon(identity)
    except gateway.NotFound:
        gateway_promotions.create_coupon(params, key=wanted.key("pilot-coupon", params))
    return identity


def _text(words: Mapping[str, str]) -> str:
    return words["en"] if "en" in words else next(iter(words.values()))
