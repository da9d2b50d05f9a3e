"""What pays a subscription: what was chosen when it was bought, else what pays for the customer.

Stripe charges a subscription's own payment method before the customer's; the page for paying a second product sets one.
"""

from copy import copy

from billing.models import Customer, Subscription
from billing.rules import debits


def of(row: Subscription) -> Customer | None:
    """The customer, with the card or account that pays this subscription in place; never to be saved. No query of its own."""
    customer: Customer | None = getattr(row.organization, "customer", None)
    own = row.own_method
    # Of what the customer pays with the customer's row knows more: that a bank has sent a newer card, for one.
    if customer is None or not own.get("method_kind") or own["payment_method_id"] == customer.payment_method_id:
        return customer
    found = copy(customer)
    for name, value in own.items():
        setattr(found, name, value)
    return found


def kind(row: Subscription) -> str:
    """As Stripe names it; "": nothing is on file."""
    found = of(row)
    return found.method_kind if found else ""


def is_debited(row: Subscription) -> bool:
    """Whether a bank answers days after each charge."""
    return kind(row) in debits.DEBITS
