"""Tax on the payment page: ids are asked for there, rates are on its lines, and a new customer brings what we know.

Collecting ids of a known customer asks for `customer_update[name]=auto`, by which Checkout replaces the company's name by
the cardholder's. So they are asked for there only where one could matter and none is known: where tax is added, of who has
not told the store theirs. Then the name is ours again once the page is paid: `tax.apply` puts it back
(tax_standings.after_checkout), so an invoice made out later has it; the first one may carry what was typed there.

The country that decides on the catalog's rates is asked before, on the cart; the one typed with a card is the card's and
decides on nothing (docs/decisions/where-a-buyer-is-taxed.md). Stripe Tax goes by the one on its page, for the first charge too.
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
    held = list(TaxId.objects.filter(organization=organization, removed_at=None).exclude(state="refused"))
    ids = [row for row in held if row.stripe_id is None]
    payload["new_customer"] |= tax_standings.customer_params(organization, details) if details else {}
    if ids:
        payload["new_customer"]["tax_id_data"] = [{"type": row.type, "value": row.value} for row in ids[:ALLOWED]]
    mode = queries.settings().mode
    if mode is tax.Mode.NONE:
        return
    standing = tax_standings.settle(organization, at)
    payload["new_customer"] |= tax_standings.exemption(standing)
    session = payload["session"]
    if not held and (mode is tax.Mode.STRIPE or (standing is not None and standing.rate is not None)):
        session["tax_id_collection"] = {"enabled": True}
        session["customer_update"] = {**session["customer_update"], "name": "auto"}
    if mode is tax.Mode.STRIPE:
        session["automatic_tax"] = {"enabled": True}
        return
    # The first charge has the rate of the country that the store was told, so the ones after it have it too.
    del session["customer_update"]["address"]
    if not session["customer_update"]:
        del session["customer_update"]
    if rates := _rates(standing):
        session["subscription_data"]["default_tax_rates"] = rates


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
