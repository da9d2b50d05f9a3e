"""The document of what a customer allowed their bank account to be debited for: Stripe keeps it, so it is asked for afresh."""

from accounts.models import Organization
from billing import gateway, gateway_debits
from billing.models import Customer
from billing.rules import debits


class NoDocument(Exception):
    """No bank account pays, or its kind has no document (ACH: what was allowed is said where it was allowed)."""


def url(organization: Organization) -> str:
    """Where the mandate can be seen, for the customer's eyes alone. Two Stripe calls.

    Raises NoDocument, and the gateway's errors when Stripe does not answer.
    """
    customer = Customer.objects.filter(organization=organization, method_kind__in=debits.DEBITS).first()
    if customer is None:
        raise NoDocument
    try:
        found = gateway_debits.mandate_of(customer.stripe_id, customer.payment_method_id)
    except gateway.Refused as refusal:
        raise NoDocument from refusal
    details = getattr(found.payment_method_details, customer.method_kind, None) if found else None
    address = str(getattr(details, "url", "") or "")
    if not address:
        raise NoDocument
    return address
