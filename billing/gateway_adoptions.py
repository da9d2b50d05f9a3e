"""The gateway's call for contracts that move in: a subscription without Checkout. As billing.gateway promises of every call."""

from typing import Any

from billing import gateway
from billing.gateway import Params, Subscription


def create_subscription(params: Params, *, key: str) -> Subscription:
    """Raises Refused, for example where the first charge would be in the past."""
    full: Any = {**params, "expand": ["latest_invoice", "latest_invoice.payments", "discounts.source.coupon"]}
    return gateway.call("subscriptions.create", lambda c, o: c.v1.subscriptions.create(full, o), key=key)
