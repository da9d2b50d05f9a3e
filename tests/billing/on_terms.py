"""Buying and paying on invoice, for tests."""

import itertools

from billing import gateway
from billing.services.selling import invoiced
from billing.services.tax import tax_details
from config import clock, pulse
from tests import factories

ADDRESS = {"line1": "1 Acme Street", "city": "Springfield", "postal_code": "10000", "purchase_order": "PO-7"}
_keys = itertools.count(1)


def buy(shop, *, details=ADDRESS, **wanted):
    """From the cart to a subscription that is paid on invoice, everything heard of."""
    factories.rule("billing.payment_days", 30)
    tax_details.save(shop.organization, details, origin=shop.origin, at=clock.now())
    cart, at = shop.cart(**wanted), clock.now()
    offered = invoiced.offer(cart, shop.organization, at)
    attempt = invoiced.start(
        cart=cart, organization=shop.organization, expected_minor=offered.total_minor, origin=shop.origin, at=at
    )
    assert attempt.state == "applied", (attempt.state, attempt.message)
    shop.settle()
    return attempt.subscription


def transfer(row, amount_minor):
    """A bank transfer of the customer's arrives at Stripe."""
    params = {"amount": amount_minor, "currency": row.currency}
    customer = row.organization.customer.stripe_id
    gateway.call(
        "fund",
        lambda c, o: c.v1.test_helpers.customers.fund_cash_balance(customer, params, o),
        key=f"transfer-{next(_keys)}",
    )


def without_events(shop):
    """Everything that is due, but for what Stripe says by itself."""
    pulse.drain_all(only={name: lane for name, lane in pulse.lanes().items() if name != "poller"})
