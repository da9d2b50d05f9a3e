"""Promotions at Stripe: a coupon for each, under an id made of what it promises, and a promotion code for those to be typed.

One that ends has a second coupon, good for one invoice and without limits: for what is added to a period that began with it.

Every call may be repeated: a coupon is looked for before it is made, a code is found by its spelling and the mark in its
metadata. A code that is not ours is never switched off: whoever made it has to.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from billing import gateway, gateway_promotions
from billing.rules import promotions
from billing.rules.promotions import Promotion

MARK: Final = "store_promotion"
_NAME_LENGTH: Final = 40  # Stripe, "Create a coupon": name


@dataclass(frozen=True)
class AtStripe:
    """A promotion's ids; no code where it is entered in the store alone. `is_repaired`: known, and made again."""

    coupon: str
    promotion_code: str
    rest: str = ""
    is_repaired: bool = False


@dataclass(frozen=True)
class Making:
    """What a run makes: for catalog version `number`, at `at`, of plans with these products ("line/plan" to its id)."""

    number: int
    at: datetime
    products: Mapping[str, str]

    def key(self, kind: str, name: str, params: Mapping[str, Any]) -> str:
        content = hashlib.sha256(json.dumps([name, params], sort_keys=True).encode()).hexdigest()[:32]
        return f"catalog:{kind}:v{self.number}:{content}"


def project(
    wanted: Sequence[Promotion], known: Mapping[str, AtStripe], gone: Sequence[AtStripe], making: Making
) -> dict[str, AtStripe]:
    """Make Stripe hold `wanted`; codes of `gone` are switched off first. `known` are rows on offer, by fingerprint.

    One that expired before it was ever made is left out. Raises gateway.GatewayError.
    """
    for past in gone:
        _switch_off(past.promotion_code, making)
    found = {}
    for promotion in wanted:
        expires = promotions.instant(promotion.expires_at)
        before = known.get(promotion.fingerprint)
        if before is None and expires is not None and expires <= making.at:
            continue
        found[promotion.code] = _one(promotion, before, making)
    return found


def coupon_id(promotion: Promotion) -> str:
    return f"{settings.STRIPE_LOOKUP_PREFIX}{promotion.code.lower()}_{promotion.fingerprint[:12]}"


def _one(promotion: Promotion, before: AtStripe | None, making: Making) -> AtStripe:
    identity = coupon_id(promotion)
    is_made = _coupon(promotion, identity, _coupon_params(promotion, making), making)
    rest = _rest(promotion, identity, making)
    expires = promotions.instant(promotion.expires_at)
    is_over = expires is not None and expires <= making.at
    if not promotion.is_for_all_to_type or is_over:
        return AtStripe(identity, before.promotion_code if before else "", rest, before is not None and is_made)
    code, is_new = _promotion_code(promotion, identity, making)
    return AtStripe(identity, code, rest, before is not None and (is_made or is_new))


def _rest(promotion: Promotion, identity: str, making: Making) -> str:
    """The coupon of what is added later to a period that began with the promotion. One without end needs none."""
    if promotion.duration == promotions.Duration.FOREVER:
        return ""
    _coupon(promotion, f"{identity}_rest", _takes_off(promotion, making) | {"duration": promotions.Duration.ONCE}, making)
    return f"{identity}_rest"


def _coupon(promotion: Promotion, identity: str, wanted: Mapping[str, Any], making: Making) -> bool:
    """Whether it had to be made."""
    name = promotion.name.get("en", next(iter(promotion.name.values())))[:_NAME_LENGTH]
    try:
        there = gateway_promotions.coupon(identity)
    except gateway.NotFound:
        params = {"id": identity, "name": name, **wanted}
        gateway_promotions.create_coupon(params, key=making.key("coupon", identity, params))
        return True
    if there.name != name:
        gateway_promotions.update_coupon(identity, {"name": name}, key=making.key("coupon-name", identity, {"name": name}))
    return False


def _coupon_params(promotion: Promotion, making: Making) -> dict[str, Any]:
    params = _takes_off(promotion, making) | {"duration": promotion.duration}
    if promotion.months:
        params["duration_in_months"] = promotion.months
    if promotion.most_uses:
        params["max_redemptions"] = promotion.most_uses
    if expires := promotions.instant(promotion.expires_at):
        params["redeem_by"] = int(expires.timestamp())
    return params


def _takes_off(promotion: Promotion, making: Making) -> dict[str, Any]:
    """How much, of what."""
    params: dict[str, Any] = {"metadata": {MARK: promotion.code}}
    if promotion.percent_bps is not None:
        # Stripe takes a percentage as a decimal number; two places are exact.
        params["percent_off"] = float(Decimal(promotion.percent_bps) / 100)
    else:
        (currency, amount), *more = promotion.amounts
        params |= {"currency": currency, "amount_off": amount}
        if more:
            params["currency_options"] = {other: {"amount_off": minor} for other, minor in more}
    if promotion.plans:
        products = [product for plan, product in making.products.items() if promotion.covers(plan)]
        params["applies_to"] = {"products": products}
    return params


def _promotion_code(promotion: Promotion, coupon: str, making: Making) -> tuple[str, bool]:
    """The code's id, and whether it had to be made or switched on."""
    own = gateway_promotions.promotion_codes({"coupon": coupon, "limit": 100})
    if found := next((one for one in own if one.active), None):
        return found.id, False
    for one in gateway_promotions.promotion_codes({"code": promotion.code, "active": True, "limit": 100}):
        if not gateway.metadata(one, MARK):
            raise gateway.Refused(
                f"{promotion.code} is a promotion code that somebody made at Stripe ({one.id}): end it there."
            )
        _switch_off(one.id, making)
    if own:
        on = {"active": True}
        try:
            return gateway_promotions.update_promotion_code(own[0].id, on, key=making.key("code-on", own[0].id, on)).id, True
        except gateway.Refused:
            return own[0].id, False  # used up: it stays off
    limits = {"first_time_transaction": True} if promotion.first_purchase_only else {}
    params: dict[str, Any] = {
        "promotion": {"type": "coupon", "coupon": coupon},
        "code": promotion.code,
        "metadata": {MARK: promotion.code},
        **({"restrictions": limits} if limits else {}),
    }
    return gateway_promotions.create_promotion_code(params, key=making.key("code", promotion.code, params)).id, True


def _switch_off(promotion_code: str, making: Making) -> None:
    if promotion_code:
        off = {"active": False}
        try:
            gateway_promotions.update_promotion_code(promotion_code, off, key=making.key("code-off", promotion_code, off))
        except gateway.NotFound:
            return  # another account, or an emptied sandbox
