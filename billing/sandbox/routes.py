"""Every address of the API and its verb. The pages have their own router."""

import functools
import re
from urllib.parse import unquote

from billing.sandbox import errors
from billing.sandbox.calls import Verb
from billing.sandbox.engine import (
    catalog,
    changes,
    customers,
    deletions,
    endpoints,
    intents,
    invoice_items,
    invoices,
    payment_methods,
    previews,
    refunds,
    renewals,
    schedules,
    sessions,
    subscription_items,
    subscriptions,
    test_clocks,
)

API: dict[str, Verb] = {
    "GET /v1/products": catalog.list_products,
    "POST /v1/products": catalog.create_product,
    "GET /v1/products/{id}": catalog.retrieve_product,
    "POST /v1/products/{id}": catalog.update_product,
    "DELETE /v1/products/{id}": catalog.delete_product,
    "GET /v1/prices": catalog.list_prices,
    "POST /v1/prices": catalog.create_price,
    "GET /v1/prices/{id}": catalog.retrieve_price,
    "POST /v1/prices/{id}": catalog.update_price,
    "GET /v1/coupons": catalog.list_coupons,
    "POST /v1/coupons": catalog.create_coupon,
    "GET /v1/coupons/{id}": catalog.retrieve_coupon,
    "POST /v1/coupons/{id}": catalog.update_coupon,
    "DELETE /v1/coupons/{id}": catalog.delete_coupon,
    "GET /v1/promotion_codes": catalog.list_promotion_codes,
    "POST /v1/promotion_codes": catalog.create_promotion_code,
    "GET /v1/promotion_codes/{id}": catalog.retrieve_promotion_code,
    "POST /v1/promotion_codes/{id}": catalog.update_promotion_code,
    "GET /v1/tax_rates": catalog.list_tax_rates,
    "POST /v1/tax_rates": catalog.create_tax_rate,
    "GET /v1/tax_rates/{id}": catalog.retrieve_tax_rate,
    "POST /v1/tax_rates/{id}": catalog.update_tax_rate,
    "GET /v1/customers": customers.list_all,
    "POST /v1/customers": customers.create,
    "GET /v1/customers/{id}": customers.retrieve,
    "POST /v1/customers/{id}": customers.update,
    "DELETE /v1/customers/{id}": deletions.customer,
    "GET /v1/customers/{customer}/balance_transactions": customers.list_balance_transactions,
    "POST /v1/customers/{customer}/balance_transactions": customers.create_balance_transaction,
    "GET /v1/customers/{customer}/balance_transactions/{id}": customers.retrieve_balance_transaction,
    "GET /v1/customers/{customer}/tax_ids": customers.list_tax_ids,
    "POST /v1/customers/{customer}/tax_ids": customers.create_tax_id,
    "GET /v1/customers/{customer}/tax_ids/{id}": customers.retrieve_tax_id,
    "DELETE /v1/customers/{customer}/tax_ids/{id}": customers.delete_tax_id,
    "GET /v1/customers/{customer}/payment_methods": payment_methods.list_all,
    "GET /v1/customers/{customer}/payment_methods/{id}": payment_methods.retrieve,
    "GET /v1/payment_methods": payment_methods.list_all,
    "POST /v1/payment_methods": payment_methods.create,
    "GET /v1/payment_methods/{id}": payment_methods.retrieve,
    "POST /v1/payment_methods/{id}": payment_methods.update,
    "POST /v1/payment_methods/{id}/attach": payment_methods.attach_verb,
    "POST /v1/payment_methods/{id}/detach": payment_methods.detach,
    "GET /v1/setup_intents": intents.list_setups,
    "POST /v1/setup_intents": intents.create_setup,
    "GET /v1/setup_intents/{id}": intents.retrieve_setup,
    "POST /v1/setup_intents/{id}/confirm": intents.confirm_setup,
    "POST /v1/setup_intents/{id}/cancel": intents.cancel_setup,
    "GET /v1/payment_intents": intents.list_payments,
    "POST /v1/payment_intents": intents.create_payment,
    "GET /v1/payment_intents/{id}": intents.retrieve_payment,
    "POST /v1/payment_intents/{id}": intents.update_payment,
    "POST /v1/payment_intents/{id}/confirm": intents.confirm_payment,
    "POST /v1/payment_intents/{id}/cancel": intents.cancel_payment,
    "GET /v1/charges": intents.list_charges,
    "GET /v1/charges/{id}": intents.retrieve_charge,
    "GET /v1/refunds": refunds.list_all,
    "POST /v1/refunds": refunds.create,
    "GET /v1/refunds/{id}": refunds.retrieve,
    "POST /v1/refunds/{id}": refunds.update,
    "GET /v1/checkout/sessions": sessions.list_all,
    "POST /v1/checkout/sessions": sessions.create,
    "GET /v1/checkout/sessions/{id}": sessions.retrieve,
    "POST /v1/checkout/sessions/{id}": sessions.update,
    "POST /v1/checkout/sessions/{session}/expire": sessions.expire,
    "GET /v1/checkout/sessions/{session}/line_items": sessions.list_items,
    "GET /v1/subscriptions": subscriptions.list_all,
    "POST /v1/subscriptions": subscriptions.create,
    "GET /v1/subscriptions/{id}": subscriptions.retrieve,
    "POST /v1/subscriptions/{id}": changes.update,
    "DELETE /v1/subscriptions/{id}": renewals.cancel,
    "POST /v1/subscriptions/{id}/resume": renewals.resume,
    "GET /v1/subscription_items": subscription_items.list_all,
    "POST /v1/subscription_items": subscription_items.create,
    "GET /v1/subscription_items/{id}": subscription_items.retrieve,
    "POST /v1/subscription_items/{id}": subscription_items.update,
    "DELETE /v1/subscription_items/{id}": subscription_items.delete,
    "GET /v1/subscription_schedules": schedules.list_all,
    "POST /v1/subscription_schedules": schedules.create,
    "GET /v1/subscription_schedules/{id}": schedules.retrieve,
    "POST /v1/subscription_schedules/{id}": schedules.update,
    "POST /v1/subscription_schedules/{id}/release": schedules.release,
    "POST /v1/subscription_schedules/{id}/cancel": schedules.cancel,
    "GET /v1/invoices": invoices.list_all,
    "POST /v1/invoices": invoices.create,
    "POST /v1/invoices/create_preview": previews.create,
    "GET /v1/invoices/{id}": invoices.retrieve,
    "POST /v1/invoices/{id}": invoices.update,
    "DELETE /v1/invoices/{id}": invoices.delete,
    "POST /v1/invoices/{id}/finalize": invoices.finalize,
    "POST /v1/invoices/{id}/pay": invoices.pay,
    "POST /v1/invoices/{id}/void": invoices.void,
    "POST /v1/invoices/{id}/mark_uncollectible": invoices.mark_uncollectible,
    "POST /v1/invoices/{id}/send": invoices.send,
    "GET /v1/invoices/{invoice}/lines": invoices.list_lines,
    "GET /v1/invoice_payments": invoices.list_payments,
    "GET /v1/invoice_payments/{id}": invoices.retrieve_payment,
    "GET /v1/invoiceitems": invoice_items.list_all,
    "POST /v1/invoiceitems": invoice_items.create,
    "GET /v1/invoiceitems/{id}": invoice_items.retrieve,
    "POST /v1/invoiceitems/{id}": invoice_items.update,
    "DELETE /v1/invoiceitems/{id}": invoice_items.delete,
    "GET /v1/events": endpoints.list_events,
    "GET /v1/events/{id}": endpoints.retrieve_event,
    "GET /v1/webhook_endpoints": endpoints.list_all,
    "POST /v1/webhook_endpoints": endpoints.create,
    "GET /v1/webhook_endpoints/{id}": endpoints.retrieve,
    "POST /v1/webhook_endpoints/{id}": endpoints.update,
    "DELETE /v1/webhook_endpoints/{id}": endpoints.delete,
    "GET /v1/test_helpers/test_clocks": test_clocks.list_all,
    "POST /v1/test_helpers/test_clocks": test_clocks.create,
    "GET /v1/test_helpers/test_clocks/{test_clock}": test_clocks.retrieve,
    "DELETE /v1/test_helpers/test_clocks/{test_clock}": test_clocks.delete,
    "POST /v1/test_helpers/test_clocks/{test_clock}/advance": test_clocks.advance,
}


@functools.cache
def _compiled() -> list[tuple[str, re.Pattern[str], str]]:
    made = []
    for route in API:
        method, _, template = route.partition(" ")
        made.append((method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)), route))
    # Literal addresses before those with an id in the same place.
    return sorted(made, key=lambda entry: "(?P" in entry[1].pattern.rpartition("/")[2])


def find(method: str, path: str) -> tuple[Verb, dict[str, str]]:
    """The verb of an API call and the ids from its path. Raises Stripe's 404 for an address it doesn't have."""
    for wanted, pattern, route in _compiled():
        found = pattern.fullmatch(path) if wanted == method else None
        if found:
            return API[route], {name: unquote(value) for name, value in found.groupdict().items()}
    raise errors.StripeError(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
        status=404,
    )
