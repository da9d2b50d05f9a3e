"""In which currency an organization pays."""

from typing import Final

from accounts.models import Organization
from accounts.queries import rows
from billing.models import LIVE_STATUSES

# What Stripe keeps a customer's currency for: something open, or a credit.
HELD: Final = (
    "SELECT EXISTS (SELECT FROM billing_subscription WHERE organization_id = %(organization)s AND status = ANY (%(live)s)) "
    "OR EXISTS (SELECT FROM billing_invoice WHERE organization_id = %(organization)s AND status IN ('draft', 'open')) "
    "OR EXISTS (SELECT FROM billing_customer WHERE organization_id = %(organization)s AND balance_minor <> 0)"
)


def held(organization: Organization | None) -> str:
    """The currency that the organization pays in while anything in it is open; "" where it may choose. One query at most.

    A payment page that was opened and left holds none.
    """
    if organization is None or not organization.currency:
        return ""
    (answer,) = rows.fetch(HELD, {"organization": organization.pk, "live": list(LIVE_STATUSES)})
    return organization.currency if answer[0] else ""
