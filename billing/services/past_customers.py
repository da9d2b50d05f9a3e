"""Customers that live on a test clock: how a demo or a benchmark gets a company with a past."""

from datetime import datetime

from accounts.models import Organization
from billing import gateway, sandbox_control
from billing.models import Customer
from billing.services import mirror_customers


def make(organization: Organization, *, test_clock: str, email: str, at: datetime) -> Customer:
    """Make the organization's customer on a test clock, before its first Checkout. Raises NotASandbox with Stripe itself."""
    if not sandbox_control.is_there():
        raise sandbox_control.NotASandbox("Customers with a past are made in the sandbox only.")
    params = {
        "name": organization.name,
        "email": email,
        "address": {"country": organization.country},
        "preferred_locales": [organization.locale],
        "metadata": {"organization": organization.public_id},
        "test_clock": test_clock,
    }
    made = gateway.create_customer(params, key=f"customer:{organization.public_id}:past:{test_clock}")
    return mirror_customers.ensure(organization, made.id, at)
