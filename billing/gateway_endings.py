"""The gateway's calls of ending and pausing: what becomes of open invoices, and subscriptions that rest."""

from typing import Any

from billing import gateway
from billing.gateway import Invoice, Params, Subscription


def open_invoices(subscription: str) -> list[Invoice]:
    """Those of a subscription that are open: 100 at most, far more than Stripe lets one have."""
    params: Any = {"subscription": subscription, "status": "open", "limit": 100}
    return gateway.invoices(params)[0]


def write_off(stripe_id: str, *, key: str) -> Invoice:
    """Mark an open invoice as uncollectible: it stays on the books as a loss, and nobody tries to collect it any more."""
    params: Any = {}
    name = "invoices.mark_uncollectible"
    return gateway.call(name, lambda c, o: c.v1.invoices.mark_uncollectible(stripe_id, params, o), key=key)


def pause_subscription(stripe_id: str, params: Params, *, key: str) -> Subscription:
    """At once. Raises Refused under a schedule."""
    full: Any = {**params, "expand": ["latest_invoice", "latest_invoice.payments", "discounts.source.coupon"]}
    return gateway.call("subscriptions.pause", lambda c, o: c.v1.subscriptions.pause(stripe_id, full, o), key=key)
