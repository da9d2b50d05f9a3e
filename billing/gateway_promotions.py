"""The gateway's calls for coupons and promotion codes: what billing.gateway promises of every call holds here too."""

from typing import Any

from billing import gateway
from billing.gateway import Coupon, Params, PromotionCode


def coupon(stripe_id: str) -> Coupon:
    """Raises NotFound."""
    return gateway.call("coupons.retrieve", lambda c, o: c.v1.coupons.retrieve(stripe_id, {}, o))


def create_coupon(params: Params, *, key: str) -> Coupon:
    full: Any = dict(params)
    return gateway.call("coupons.create", lambda c, o: c.v1.coupons.create(full, o), key=key)


def update_coupon(stripe_id: str, params: Params, *, key: str) -> Coupon:
    """Its name; what a coupon takes off never changes."""
    full: Any = dict(params)
    return gateway.call("coupons.update", lambda c, o: c.v1.coupons.update(stripe_id, full, o), key=key)


def delete_customer_discount(customer: str, *, key: str) -> None:
    """Take off what is on the customer itself. Raises NotFound when nothing is."""
    gateway.call("customers.delete_discount", lambda c, o: c.v1.customers.delete_discount(customer, {}, o), key=key)


def promotion_codes(params: Params) -> list[PromotionCode]:
    """One page, newest first."""
    full: Any = dict(params)
    return list(gateway.call("promotion_codes.list", lambda c, o: c.v1.promotion_codes.list(full, o)).data)


def create_promotion_code(params: Params, *, key: str) -> PromotionCode:
    full: Any = dict(params)
    return gateway.call("promotion_codes.create", lambda c, o: c.v1.promotion_codes.create(full, o), key=key)


def update_promotion_code(stripe_id: str, params: Params, *, key: str) -> PromotionCode:
    """Switch it on or off. Raises Refused for one that is used up."""
    full: Any = dict(params)
    return gateway.call("promotion_codes.update", lambda c, o: c.v1.promotion_codes.update(stripe_id, full, o), key=key)
