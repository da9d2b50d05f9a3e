"""The gateway's calls for tax rates and tax ids: what billing.gateway promises of every call holds here too."""

from typing import Any

from billing import gateway
from billing.gateway import Params, TaxId, TaxRate


def tax_rate(stripe_id: str) -> TaxRate:
    """Raises NotFound."""
    return gateway.call("tax_rates.retrieve", lambda c, o: c.v1.tax_rates.retrieve(stripe_id, {}, o))


def tax_rates(params: Params) -> list[TaxRate]:
    """One page, newest first."""
    full: Any = dict(params)
    return list(gateway.call("tax_rates.list", lambda c, o: c.v1.tax_rates.list(full, o)).data)


def create_tax_rate(params: Params, *, key: str) -> TaxRate:
    full: Any = dict(params)
    return gateway.call("tax_rates.create", lambda c, o: c.v1.tax_rates.create(full, o), key=key)


def tax_ids(customer: str) -> list[TaxId]:
    """A customer's, newest first; Stripe allows five."""
    params: Any = {"limit": 100}
    return list(gateway.call("tax_ids.list", lambda c, o: c.v1.customers.tax_ids.list(customer, params, o)).data)


def create_tax_id(customer: str, params: Params, *, key: str) -> TaxId:
    """Raises Refused for a number whose form Stripe does not take."""
    full: Any = dict(params)
    return gateway.call("tax_ids.create", lambda c, o: c.v1.customers.tax_ids.create(customer, full, o), key=key)


def delete_tax_id(customer: str, stripe_id: str, *, key: str) -> None:
    """Raises NotFound for one that is gone already."""
    gateway.call("tax_ids.delete", lambda c, o: c.v1.customers.tax_ids.delete(customer, stripe_id, {}, o), key=key)
