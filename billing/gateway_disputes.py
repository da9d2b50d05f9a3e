"""The gateway's calls for disputed charges, and for how hard Stripe tries what is open meanwhile."""

from dataclasses import dataclass
from typing import Any

from billing import gateway, gateway_refunds
from billing.gateway import Dispute, Invoice, Params


@dataclass(frozen=True, kw_only=True)
class Disputed:
    """A dispute with what it is about: whose customer, and the invoices that the charge paid."""

    dispute: Dispute
    customer: str
    invoices: tuple[str, ...]


def dispute(stripe_id: str) -> Disputed:
    """Three calls: the dispute, its charge, and what the charge paid."""
    found = gateway.call("disputes.retrieve", lambda c, o: c.v1.disputes.retrieve(stripe_id, {}, o))
    charge, invoices = gateway_refunds.refunded(found.charge if isinstance(found.charge, str) else str(found.charge.id))
    customer = charge.customer if isinstance(charge.customer, str) else str(getattr(charge.customer, "id", "") or "")
    return Disputed(dispute=found, customer=customer, invoices=tuple(invoices))


def bare(stripe_id: str) -> Dispute:
    return gateway.call("disputes.retrieve", lambda c, o: c.v1.disputes.retrieve(stripe_id, {}, o))


def answer(stripe_id: str, params: Params, *, key: str) -> Dispute:
    """Send evidence; with `submit` to the bank, once and for all. Raises Refused when it is too late."""
    full: Any = dict(params)
    return gateway.call("disputes.update", lambda c, o: c.v1.disputes.update(stripe_id, full, o), key=key)


def accept(stripe_id: str, *, key: str) -> Dispute:
    """Give in: the money stays with the customer. Raises Refused when it is over already."""
    return gateway.call("disputes.close", lambda c, o: c.v1.disputes.close(stripe_id, {}, o), key=key)


def collect_by_itself(invoice: str, *, wanted: bool, key: str) -> Invoice:
    """Whether Stripe tries an open invoice again by itself."""
    params: Any = {"auto_advance": wanted}
    return gateway.call("invoices.auto_advance", lambda c, o: c.v1.invoices.update(invoice, params, o), key=key)
