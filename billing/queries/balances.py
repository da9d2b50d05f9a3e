"""What a customer's balance does to a charge: credit is used up to it, a debt is collected with it."""

from accounts.models import Organization
from billing.models import Customer
from billing.rules import balances as rules


def applied_minor(organization: Organization | None, total_minor: int, currency: str) -> int:
    """How much of `total_minor` is paid by credit (below 0: a debt that is added). No query if the customer is at hand."""
    customer: Customer | None = getattr(organization, "customer", None)
    if customer is None or customer.balance_currency not in ("", currency):
        return 0
    return -rules.applied_minor(customer.balance_minor, total_minor)
