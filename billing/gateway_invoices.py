"""The gateway's calls of invoices that are sent, and of drafts: what billing.gateway promises of every call holds here too."""

from typing import Any, Final

from billing import gateway
from billing.gateway import Invoice, Params, Subscription

_EXPAND: Final = ["latest_invoice", "latest_invoice.payments", "discounts.source.coupon"]


def update_invoice(stripe_id: str, params: Params, *, key: str) -> Invoice:
    """Raises Refused once it is finalized."""
    full: Any = params
    return gateway.call("invoices.update", lambda c, o: c.v1.invoices.update(stripe_id, full, o), key=key)


def create_subscription(params: Params, *, key: str) -> Subscription:
    """One that is paid on invoice: Checkout's sessions know no `collection_method`. Its first invoice is finalized at once."""
    full: Any = {**params, "expand": _EXPAND}
    return gateway.call("subscriptions.create", lambda c, o: c.v1.subscriptions.create(full, o), key=key)


def subscriptions_of(customer: str) -> list[Subscription]:
    """A customer's, newest first, in every status."""
    params: Any = {"customer": customer, "status": "all", "limit": 100, "expand": [f"data.{name}" for name in _EXPAND]}
    return list(gateway.call("subscriptions.list", lambda c, o: c.v1.subscriptions.list(params, o)).data)


def funding_instructions(customer: str, params: Params) -> dict[str, Any]:
    """The account that a customer transfers money to; always the same one. Raises Refused where there are no transfers."""
    full: Any = params
    ask = "funding_instructions.create"
    found = gateway.call(ask, lambda c, o: c.v1.customers.funding_instructions.create(customer, full, o))
    told: dict[str, Any] = found.bank_transfer.to_dict()
    return told


def create_invoice(params: Params, *, key: str) -> Invoice:
    """A draft."""
    full: Any = params
    return gateway.call("invoices.create", lambda c, o: c.v1.invoices.create(full, o), key=key)


def add_item(params: Params, *, key: str) -> None:
    """A line of a draft."""
    full: Any = params
    gateway.call("invoice_items.create", lambda c, o: c.v1.invoice_items.create(full, o), key=key)


def finalize_invoice(stripe_id: str, *, key: str) -> Invoice:
    params: Any = {"auto_advance": False}
    return gateway.call("invoices.finalize", lambda c, o: c.v1.invoices.finalize_invoice(stripe_id, params, o), key=key)


def delete_draft(stripe_id: str, *, key: str) -> None:
    gateway.call("invoices.delete", lambda c, o: c.v1.invoices.delete(stripe_id, {}, o), key=key)
