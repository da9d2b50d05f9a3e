"""The catalog at Stripe: a product for each plan and add-on, a price for each interval and currency, found by its lookup key.

Every call may be repeated: products have ids of our own, prices are looked for before they are made, and what is made carries
an idempotency key of its content and the version being made. So a crash between two calls costs a rerun and nothing else.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from billing import gateway
from billing.rules import catalog, pricing

Key = tuple[str, str, str, str]  # line, plan (or addon_place's), interval, currency
_LOOKUPS_A_CALL = 10  # Stripe, "List all prices": up to 10 lookup keys


@dataclass(frozen=True)
class Known:
    """A price on sale that the database has: what it charges, and as which price of Stripe's."""

    stripe_price_id: str
    fingerprint: str


@dataclass(frozen=True)
class Projection:
    """The ids at Stripe of everything in the catalog, and which known prices had to be made again."""

    products: Mapping[tuple[str, str], str]
    prices: Mapping[Key, str]
    repaired: tuple[Key, ...]


def lookup_key(key: Key) -> str:
    return settings.STRIPE_LOOKUP_PREFIX + "_".join(key)


def project(wanted: catalog.Catalog, known: Mapping[Key, Known], *, number: int) -> Projection:
    """Make Stripe hold what `wanted` says, as catalog version `number`.

    Raises gateway.GatewayError; whatever was made by then is found again by the next run.
    """
    sold = list(_sold(wanted))
    _product(_held_price(), number)
    products = {one.place: _product(one, number) for one in sold}
    keys = {(*one.place, price.interval, price.currency): price for one in sold for price in one.prices}
    held = _held([lookup_key(key) for key in keys])
    ids: dict[Key, str] = {}
    repaired = []
    for key, price in keys.items():
        ids[key] = _price(_Wanted(key, price, products[key[:2]], number), held.get(lookup_key(key)), known.get(key))
        before = known.get(key)
        if before and before.fingerprint == price.fingerprint and before.stripe_price_id != ids[key]:
            repaired.append(key)
    return Projection(products, ids, tuple(repaired))


@dataclass(frozen=True)
class _Sold:
    """A plan or an add-on as a product: what Stripe shall say of it."""

    place: tuple[str, str]
    name: str
    pitch: catalog.Text
    unit: str
    prices: tuple[catalog.Price, ...]

    @property
    def identity(self) -> str:
        return settings.STRIPE_LOOKUP_PREFIX + "_".join(self.place).replace(":", "_")


def addon_place(line: str, code: str) -> tuple[str, str]:
    """The first half of an add-on's keys; no plan's code has a colon."""
    return line, f"addon:{code}"


def _sold(wanted: catalog.Catalog) -> Iterator[_Sold]:
    for line in wanted.lines:
        for plan in line.plans:
            yield _Sold((line.code, plan.code), plan.name, plan.pitch, "seat", plan.prices)
        for addon in line.addons:
            unit = "seat" if addon.kind == catalog.AddonKind.PER_SEAT else "unit"
            yield _Sold(addon_place(line.code, addon.code), _in_english(addon.name), addon.pitch, unit, addon.prices)


def held_product() -> str:
    """The product of the line that keeps a price as it was agreed (billing.services.changes.held_prices)."""
    return _held_price().identity


def _held_price() -> _Sold:
    about = {"en": "What a price grew by between its preview and its confirmation."}
    return _Sold(("price", "as_agreed"), "Price as agreed", about, "unit", ())


def _in_english(text: catalog.Text) -> str:
    return text["en"] if "en" in text else next(iter(text.values()))


def _product(sold: _Sold, number: int) -> str:
    identity, (line, code) = sold.identity, sold.place
    wanted = {
        "name": sold.name,
        "description": _in_english(sold.pitch),
        "unit_label": sold.unit,
        "metadata": {"line": line, "plan": code},
    }
    try:
        there = gateway.product(identity)
    except gateway.NotFound:
        return gateway.create_product({"id": identity, **wanted}, key=_idempotency("product", identity, wanted, number)).id
    differs = any(getattr(there, name) != wanted[name] for name in ("name", "description", "unit_label"))
    if differs or not there.active:
        gateway.update_product(
            identity, {**wanted, "active": True}, key=_idempotency("product-update", identity, wanted, number)
        )
    return identity


def _held(lookup_keys: Sequence[str]) -> dict[str, gateway.Price]:
    """The prices that hold these lookup keys now."""
    found = {}
    for batch in _batches(lookup_keys):
        for price in gateway.prices({"lookup_keys": batch, "limit": 100}):
            if price.lookup_key:
                found[price.lookup_key] = price
    return found


def _batches(items: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _LOOKUPS_A_CALL):
        yield list(items[start : start + _LOOKUPS_A_CALL])


@dataclass(frozen=True)
class _Wanted:
    """A price that Stripe shall hold, as part of catalog version `number`."""

    key: Key
    price: catalog.Price
    product: str
    number: int

    @property
    def name(self) -> str:
        return lookup_key(self.key)

    def idempotency(self, kind: str, params: Mapping[str, Any]) -> str:
        return _idempotency(kind, self.name, params, self.number)


def _price(wanted: _Wanted, there: gateway.Price | None, known: Known | None) -> str:
    fingerprint = wanted.price.fingerprint
    if there and _fingerprint(there) == fingerprint:
        if not there.active:
            gateway.update_price(there.id, {"active": True}, key=wanted.idempotency("price-active", {"id": there.id}))
        return there.id
    if known and known.fingerprint == fingerprint:
        # A run that died after making another price took the lookup key away; the price on sale takes it back.
        take = {"lookup_key": wanted.name, "transfer_lookup_key": True, "active": True}
        try:
            return gateway.update_price(known.stripe_price_id, take, key=wanted.idempotency("price-take", take)).id
        except gateway.NotFound:
            pass  # another Stripe account, or an emptied sandbox: it is made again below
    params = _price_params(wanted)
    return gateway.create_price(params, key=wanted.idempotency("price", params)).id


def _fingerprint(price: gateway.Price) -> str:
    metadata = price.metadata
    return str(metadata["fingerprint"]) if metadata and "fingerprint" in metadata else ""


def _price_params(wanted: _Wanted) -> dict[str, Any]:
    line, plan, interval, currency = wanted.key
    price = wanted.price
    params: dict[str, Any] = {
        "product": wanted.product,
        "currency": currency,
        "recurring": {"interval": interval},
        "tax_behavior": "exclusive",
        "lookup_key": wanted.name,
        "transfer_lookup_key": True,
        "metadata": {"line": line, "plan": plan, "interval": interval, "fingerprint": price.fingerprint},
    }
    if price.scheme == pricing.Scheme.PER_UNIT:
        return {**params, "unit_amount": price.tiers[0].unit_minor}
    tiers = [{"up_to": tier.up_to or "inf", "unit_amount": tier.unit_minor} for tier in price.tiers]
    return {**params, "billing_scheme": "tiered", "tiers_mode": price.scheme, "tiers": tiers}


def _idempotency(kind: str, name: str, params: Mapping[str, Any], number: int) -> str:
    content = hashlib.sha256(json.dumps([name, params], sort_keys=True).encode()).hexdigest()[:32]
    return f"catalog:{kind}:v{number}:{content}"
