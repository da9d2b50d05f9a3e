"""The gateway's calls of drafts: what is still to be changed of an invoice before it is finalized."""

from typing import Any

from billing import gateway
from billing.gateway import Invoice, Params


def update_invoice(stripe_id: str, params: Params, *, key: str) -> Invoice:
    """Raises Refused once it is finalized."""
    full: Any = params
    return gateway.call("invoices.update", lambda c, o: c.v1.invoices.update(stripe_id, full, o), key=key)
