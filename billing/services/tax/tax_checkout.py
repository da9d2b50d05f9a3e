"""Tax on the payment page: ids are asked for there, rates are on its lines, and a new customer brings what we know.

Collecting ids of a known customer asks for `customer_update[name]=auto`, by which Checkout replaces the company's name by
the cardholder's. The name is ours: `tax.apply` puts it back once the page is paid (tax_standings.after_checkout), so an
invoice made out later has it; the first one, made while the page is paid, may carry what was typed there.
"""

from datetime import datetime
from typing import Any

from accounts.models import Organization
from billing.models import BillingDetails, TaxId
from billing.queries import tax as queries
from billing.rules import tax
from billing.services.books import tax_standings

ALLOWED = 5  # tax ids of a customer at Stripe


def fill(payload: dict[str, Any], organization: Organization, at: datetime) -> None:
    """Complete the payload of a session about to be opened. Call inside its transaction."""
    details = BillingDetails.objects.filter(organization=organization).first()
    ids = list(TaxId.objects.filter(organization=organization, removed_at=None, stripe_id=None).exclude(state="refused"))
    payload["new_customer"] |= tax_standings.customer_params(organization, details) if details else {}
    if ids:
        payload["new_customer"]["tax_id_data"] = [{"type": row.type, "value": row.value} for row in ids[:ALLOWED]]
    mode = queries.settings().mode
    if mode is tax.Mode.NONE:
        return
    standing = tax_standings.settle(organization, at)
    payload["new_customer"] |= tax_standings.exemption(standing)
    session = payload["session"]
    session["tax_id_collection"] = {"enabled": True}
    session["customer_update"] = {**session["customer_update"], "name": "auto"}
    if mode is tax.Mode.STRIPE:
        session["automatic_tax"] = {"enabled": True}
    elif standing is not None and standing.rate is not None:
        session["subscription_data"]["default_tax_rates"] = [standing.rate.stripe_id]


def tell_what_changed(organization: Organization, *, since: datetime, at: datetime) -> None:
    """Tell Stripe what of the billing details changed while their customer was being made. Inside the caller's transaction."""
    if BillingDetails.objects.filter(organization=organization, updated_at__gt=since).exists():
        tax_standings.settle(organization, at, again=True)
