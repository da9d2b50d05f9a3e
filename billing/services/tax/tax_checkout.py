"""Tax on the payment page: rates are on its lines, and a new customer brings what we know: name, address, ids.

Ids are asked for on the cart, never on Stripe's page: collecting them there of a known customer demands
`customer_update[name]=auto`, by which Checkout puts the cardholder's name in place of the company's, on the first invoice too.

The country that decides on the catalog's rates is asked before, on the cart; the one typed with a card is the card's and
decides on nothing (docs/decisions/where-a-buyer-is-taxed.md). Stripe Tax goes by the company's address where the store was
told a whole one, else by the one on its page, for the first charge too.
"""

from datetime import datetime
from typing import Any

from accounts.models import Organization
from billing.models import BillingDetails, CheckoutAttempt, StripeCommand, TaxId, TaxStanding
from billing.queries import tax as queries
from billing.rules import tax
from billing.services.books import tax_standings

ALLOWED = 5  # tax ids of a customer at Stripe


def fill(payload: dict[str, Any], organization: Organization, at: datetime) -> None:
    """Complete the payload of a session about to be opened. Call inside its transaction."""
    details = BillingDetails.objects.filter(organization=organization).first()
    ids = TaxId.objects.filter(organization=organization, removed_at=None, stripe_id=None).exclude(state="refused")
    payload["new_customer"] |= tax_standings.customer_params(organization, details) if details else {}
    if ids:
        payload["new_customer"]["tax_id_data"] = [{"type": row.type, "value": row.value} for row in ids[:ALLOWED]]
    mode = queries.settings().mode
    if mode is tax.Mode.NONE:
        return
    standing = tax_standings.settle(organization, at)
    payload["new_customer"] |= tax_standings.exemption(standing)
    session = payload["session"]
    if mode is tax.Mode.RATES or _is_whole(details):
        # The first charge is taxed by what the store was told, so the ones after it are, too.
        del session["customer_update"]
    if mode is tax.Mode.STRIPE:
        session["automatic_tax"] = {"enabled": True}
        return
    if rates := _rates(standing):
        session["subscription_data"]["default_tax_rates"] = rates


def _is_whole(details: BillingDetails | None) -> bool:
    """Whether an address is one that Stripe Tax can go by anywhere."""
    return details is not None and all((details.line1, details.city, details.postal_code, details.country))


def is_as_opened(attempt: CheckoutAttempt) -> bool:
    """Whether an open page asks for the tax of now: whoever goes back and says another country gets another page."""
    opened = StripeCommand.objects.filter(kind="checkout.open", payload__attempt=attempt.pk).values_list("payload", flat=True)
    said = opened.last()
    if said is None or queries.settings().mode is not tax.Mode.RATES:
        return True
    standing = TaxStanding.objects.filter(organization=attempt.organization_id).select_related("rate").first()
    rates: list[str] = said["session"]["subscription_data"].get("default_tax_rates", [])
    return rates == _rates(standing)


def _rates(standing: TaxStanding | None) -> list[str]:
    return [standing.rate.stripe_id] if standing is not None and standing.rate is not None else []


def tell_what_changed(organization: Organization, *, since: datetime, at: datetime) -> None:
    """Tell Stripe what of the billing details changed while their customer was being made. Inside the caller's transaction."""
    if BillingDetails.objects.filter(organization=organization, updated_at__gt=since).exists():
        tax_standings.settle(organization, at, again=True)
