"""The one module that speaks to Stripe.

Every function makes one API call, with a bounded time (10 s in all, retries included), under the shared rate limit, and never
inside a database transaction: a slow call there would hold rows locked. Writes take an idempotency key; the same key makes a
retry safe, so lost connections, 409, 429 and 5xx are tried again here, and what still has no answer is `Unreachable`: the
effect may or may not have taken place, and the command that asked will ask again.

Source: docs.stripe.com/api/errors, /api/idempotent_requests, and stripe.md's facts.
"""

import random
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar

import stripe
import structlog
from django.conf import settings
from django.db import connection

from billing import throttle

# Types for those who read what comes back; only this module imports stripe.
Subscription = stripe.Subscription
SubscriptionSchedule = stripe.SubscriptionSchedule
Invoice = stripe.Invoice
Customer = stripe.Customer
PaymentMethod = stripe.PaymentMethod
Session = stripe.checkout.Session
Product = stripe.Product
Price = stripe.Price
PaymentIntent = stripe.PaymentIntent
Refund = stripe.Refund
Dispute = stripe.Dispute
Charge = stripe.Charge
CreditNote = stripe.CreditNote
BalanceTransaction = stripe.CustomerBalanceTransaction
InvoiceLine = stripe.InvoiceLineItem
WebhookEndpoint = stripe.WebhookEndpoint
Coupon = stripe.Coupon
PromotionCode = stripe.PromotionCode
Discount = stripe.Discount
Account = stripe.Account
TaxSettings = stripe.tax.Settings
TaxRate = stripe.TaxRate
TaxId = stripe.TaxId
PortalConfiguration = stripe.billing_portal.Configuration
API_VERSION: Final[str] = stripe.api_version

CALL_SECONDS = 10.0
CONNECT_SECONDS = 2.0
ATTEMPTS = 3

T = TypeVar("T")
Params = Mapping[str, Any]
log = structlog.get_logger(__name__)


class GatewayError(Exception):
    """A call to Stripe did not bring what was asked."""

    def __init__(self, message: str, *, code: str = "", param: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.param, self.stripe_request_id = message, code, param, request_id


class Declined(GatewayError):
    """The bank or card said no (402). An outcome, not a fault: paying again is a new attempt."""

    decline_code: str = ""


class Refused(GatewayError):
    """Stripe understood and will not do it (400, 401, 403): asking again the same way cannot help."""


class NotFound(Refused):
    """No such object (404)."""


class Unreachable(GatewayError):
    """No answer, or none that says what happened. The effect may have taken place."""


class ReplayedFailure(Unreachable):
    """Stripe replays a saved 5xx for this key: asking again brings the same answer, so read back what is."""


class InsideTransactionError(RuntimeError):
    """A call to Stripe was made inside a database transaction."""


# --- Calling ----------------------------------------------------------------------------------------------------------


@cache
def _client() -> stripe.StripeClient:
    addresses: Any = {"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else None
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, CALL_SECONDS)),
        base_addresses=addresses,
        max_network_retries=0,
    )


@cache
def _throttle() -> throttle.Throttle:
    return throttle.from_settings()


def forget_client() -> None:
    """Drop the cached client, after its settings changed (tests)."""
    _client.cache_clear()
    _throttle.cache_clear()


def call(name: str, ask: Callable[[stripe.StripeClient, Any], T], *, key: str | None = None) -> T:
    _refuse_inside_transaction(name)
    options: dict[str, Any] = {"idempotency_key": key} if key else {}
    deadline = time.monotonic() + CALL_SECONDS
    for attempt in range(1, ATTEMPTS + 1):
        if not _throttle().wait(deadline - time.monotonic()):
            raise Unreachable(f"{name}: no room under Stripe's rate limit", code="rate_limit")
        try:
            return ask(_client(), options)
        except stripe.StripeError as error:
            failure = _translate(name, error)
            retriable = isinstance(failure, Unreachable) and not isinstance(failure, ReplayedFailure)
            pause = random.uniform(0.5, 1.0) * 0.25 * 2 ** (attempt - 1)  # noqa: S311 - spreads retries, guards nothing
            if not retriable or attempt == ATTEMPTS or time.monotonic() + pause > deadline:
                log.info("stripe_call_failed", call=name, kind=type(failure).__name__, code=failure.code, attempt=attempt)
                raise failure from error
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _refuse_inside_transaction(name: str) -> None:
    # Blocks that the test runner opened around a whole test are marked by Django and do not count.
    if any(not block._from_testcase for block in connection.atomic_blocks):  # type: ignore[attr-defined] # noqa: SLF001
        raise InsideTransactionError(f"{name} was called inside a transaction; call Stripe between two of them.")


def _translate(name: str, error: stripe.StripeError) -> GatewayError:
    status = error.http_status or 0
    code = error.code or ""
    details = {"code": code, "param": getattr(error, "param", None) or "", "request_id": error.request_id or ""}
    message = error.user_message or str(error)
    if isinstance(error, stripe.CardError):
        declined = Declined(message, **details)
        declined.decline_code = getattr(error.error, "decline_code", None) or code
        return declined
    if status >= 500 and (error.headers or {}).get("idempotent-replayed") == "true":
        return ReplayedFailure(f"{name}: {message}", **details)
    if status == 0 or status >= 500 or status in (409, 429):
        return Unreachable(f"{name}: {message}", **details)
    if status == 404 or code == "resource_missing":
        return NotFound(message, **details)
    return Refused(message, **details)


def _plain(params: Params) -> Any:
    """For stripe-python's typed dictionaries; the sandbox's contract holds that they fit, for every request of the suite."""
    return dict(params)


def metadata(answer: Any, name: str) -> str:
    """One metadata value of an object, empty if it is not there (Stripe's objects are no dictionaries)."""
    values = getattr(answer, "metadata", None)
    return values[name] if values is not None and name in values else ""


# --- Customers and cards ----------------------------------------------------------------------------------------------


def create_customer(params: Params, *, key: str) -> Customer:
    return call("customers.create", lambda c, o: c.v1.customers.create(_plain(params), o), key=key)


def customer(stripe_id: str) -> Customer:
    """With its default card and its tax ids expanded."""
    params: Any = {"expand": ["invoice_settings.default_payment_method", "tax_ids"]}
    return call("customers.retrieve", lambda c, o: c.v1.customers.retrieve(stripe_id, params, o))


def customers(params: Params) -> tuple[list[Customer], bool]:
    """One page, newest first, with default cards and tax ids expanded, and whether there are more."""
    full: Any = {**params, "expand": ["data.invoice_settings.default_payment_method", "data.tax_ids"]}
    page = call("customers.list", lambda c, o: c.v1.customers.list(full, o))
    return list(page.data), bool(page.has_more)


def update_customer(stripe_id: str, params: Params, *, key: str) -> Customer:
    return call("customers.update", lambda c, o: c.v1.customers.update(stripe_id, _plain(params), o), key=key)


def credit_customer(stripe_id: str, *, amount_minor: int, currency: str, description: str, key: str) -> None:
    """Put `amount_minor` (positive: in the customer's favour) on the balance."""
    params: Any = {"amount": -amount_minor, "currency": currency, "description": description}
    call("customers.balance", lambda c, o: c.v1.customers.balance_transactions.create(stripe_id, params, o), key=key)


# --- Checkout ---------------------------------------------------------------------------------------------------------


def create_session(params: Params, *, key: str) -> Session:
    return call("sessions.create", lambda c, o: c.v1.checkout.sessions.create(_plain(params), o), key=key)


def session(stripe_id: str) -> Session:
    """With what it brought expanded: the subscription, its payer and its latest invoice, or the setup intent and its card."""
    brought = ("latest_invoice.payments", "discounts.source.coupon", "default_payment_method")
    params: Any = {"expand": ["setup_intent.payment_method", *(f"subscription.{one}" for one in brought)]}
    return call("sessions.retrieve", lambda c, o: c.v1.checkout.sessions.retrieve(stripe_id, params, o))


def expire_session(stripe_id: str, *, key: str) -> Session:
    """Raises Refused when the session is no longer open."""
    return call("sessions.expire", lambda c, o: c.v1.checkout.sessions.expire(stripe_id, {}, o), key=key)


# --- Subscriptions ----------------------------------------------------------------------------------------------------

_SUBSCRIPTION_EXPAND: Final = ["latest_invoice", "latest_invoice.payments", "discounts.source.coupon", "default_payment_method"]


def subscription(stripe_id: str) -> Subscription:
    """With its latest invoice and what pays it expanded."""
    params: Any = {"expand": _SUBSCRIPTION_EXPAND}
    return call("subscriptions.retrieve", lambda c, o: c.v1.subscriptions.retrieve(stripe_id, params, o))


def update_subscription(stripe_id: str, params: Params, *, key: str) -> Subscription:
    full: Any = {**params, "expand": _SUBSCRIPTION_EXPAND}
    return call("subscriptions.update", lambda c, o: c.v1.subscriptions.update(stripe_id, full, o), key=key)


def cancel_subscription(stripe_id: str, params: Params, *, key: str) -> Subscription:
    """At once. Raises NotFound or Refused when it has ended already."""
    return call("subscriptions.cancel", lambda c, o: c.v1.subscriptions.cancel(stripe_id, _plain(params), o), key=key)


def resume_subscription(stripe_id: str, params: Params, *, key: str) -> Subscription:
    """Wake a paused one. Raises Refused when it is not paused."""
    full: Any = {**params, "expand": _SUBSCRIPTION_EXPAND}
    return call("subscriptions.resume", lambda c, o: c.v1.subscriptions.resume(stripe_id, full, o), key=key)


_TERMS: Final = ["schedule", "discounts"]


def subscription_terms(stripe_id: str) -> Subscription:
    """With its schedule and discounts expanded."""
    params: Any = {"expand": _TERMS}
    return call("subscriptions.retrieve", lambda c, o: c.v1.subscriptions.retrieve(stripe_id, params, o))


def subscriptions(params: Params) -> tuple[list[Subscription], bool]:
    """One page, newest first, with schedules and discounts expanded, and whether there are more."""
    full: Any = {**params, "expand": [f"data.{name}" for name in _TERMS]}
    page = call("subscriptions.list", lambda c, o: c.v1.subscriptions.list(full, o))
    return list(page.data), bool(page.has_more)


def create_schedule(params: Params, *, key: str) -> SubscriptionSchedule:
    return call("schedules.create", lambda c, o: c.v1.subscription_schedules.create(_plain(params), o), key=key)


def schedule(stripe_id: str) -> SubscriptionSchedule:
    return call("schedules.retrieve", lambda c, o: c.v1.subscription_schedules.retrieve(stripe_id, {}, o))


def update_schedule(stripe_id: str, params: Params, *, key: str) -> SubscriptionSchedule:
    return call("schedules.update", lambda c, o: c.v1.subscription_schedules.update(stripe_id, _plain(params), o), key=key)


def release_schedule(stripe_id: str, *, key: str) -> SubscriptionSchedule:
    return call("schedules.release", lambda c, o: c.v1.subscription_schedules.release(stripe_id, {}, o), key=key)


# --- Invoices ---------------------------------------------------------------------------------------------------------


def preview_invoice(params: Params) -> Invoice:
    return call("invoices.create_preview", lambda c, o: c.v1.invoices.create_preview(_plain(params), o))


def invoice(stripe_id: str) -> Invoice:
    """With its payments, their intents, and the coupons of its discounts expanded."""
    params: Any = {"expand": ["payments.data.payment.payment_intent", "total_discount_amounts.discount.source.coupon"]}
    return call("invoices.retrieve", lambda c, o: c.v1.invoices.retrieve(stripe_id, params, o))


def invoices(params: Params) -> tuple[list[Invoice], bool]:
    """One page, newest first, and whether there are more."""
    page = call("invoices.list", lambda c, o: c.v1.invoices.list(_plain(params), o))
    return list(page.data), bool(page.has_more)


def pay_invoice(stripe_id: str, params: Params, *, key: str) -> Invoice:
    return call("invoices.pay", lambda c, o: c.v1.invoices.pay(stripe_id, _plain(params), o), key=key)


def void_invoice(stripe_id: str, *, key: str) -> Invoice:
    return call("invoices.void", lambda c, o: c.v1.invoices.void_invoice(stripe_id, {}, o), key=key)


def refund(params: Params, *, key: str) -> Refund:
    return call("refunds.create", lambda c, o: c.v1.refunds.create(_plain(params), o), key=key)


def payment_intent(stripe_id: str) -> PaymentIntent:
    return call("payment_intents.retrieve", lambda c, o: c.v1.payment_intents.retrieve(stripe_id, {}, o))


def refunds(payment_intent: str) -> list[Refund]:
    """What was refunded of a payment, newest first."""
    params: Any = {"payment_intent": payment_intent, "limit": 100}
    return list(call("refunds.list", lambda c, o: c.v1.refunds.list(params, o)).data)


# --- Catalog ----------------------------------------------------------------------------------------------------------


def create_product(params: Params, *, key: str) -> Product:
    return call("products.create", lambda c, o: c.v1.products.create(_plain(params), o), key=key)


def product(stripe_id: str) -> Product:
    return call("products.retrieve", lambda c, o: c.v1.products.retrieve(stripe_id, {}, o))


def update_product(stripe_id: str, params: Params, *, key: str) -> Product:
    return call("products.update", lambda c, o: c.v1.products.update(stripe_id, _plain(params), o), key=key)


def create_price(params: Params, *, key: str) -> Price:
    return call("prices.create", lambda c, o: c.v1.prices.create(_plain(params), o), key=key)


def update_price(stripe_id: str, params: Params, *, key: str) -> Price:
    return call("prices.update", lambda c, o: c.v1.prices.update(stripe_id, _plain(params), o), key=key)


def prices(params: Params) -> list[Price]:
    """One page of prices (Stripe allows up to 10 lookup keys a call)."""
    return list(call("prices.list", lambda c, o: c.v1.prices.list(_plain(params), o)).data)


# --- Events -----------------------------------------------------------------------------------------------------------


def events(params: Params) -> tuple[list[dict[str, Any]], bool]:
    """One page, newest first, each as Stripe said it, and whether there are more. As objects they would cost ten times more."""
    page = call("events.list", lambda c, o: c.raw_request("get", "/v1/events", **_plain(params), **o)).data
    return list(page["data"]), bool(page["has_more"])


def webhook_endpoints() -> list[WebhookEndpoint]:
    return list(call("webhook_endpoints.list", lambda c, o: c.v1.webhook_endpoints.list({"limit": 100}, o)).data)


def create_webhook_endpoint(params: Params, *, key: str) -> WebhookEndpoint:
    return call("webhook_endpoints.create", lambda c, o: c.v1.webhook_endpoints.create(_plain(params), o), key=key)


def delete_webhook_endpoint(stripe_id: str) -> None:
    call("webhook_endpoints.delete", lambda c, o: c.v1.webhook_endpoints.delete(stripe_id, {}, o))


def update_webhook_endpoint(stripe_id: str, params: Params, *, key: str) -> WebhookEndpoint:
    return call("webhook_endpoints.update", lambda c, o: c.v1.webhook_endpoints.update(stripe_id, _plain(params), o), key=key)


# --- The account ------------------------------------------------------------------------------------------------------


def account() -> tuple[Account, str]:
    """The account behind the key, and when Stripe answered, as the answer's Date header says it (whole seconds)."""
    found = call("accounts.retrieve", lambda c, o: c.v1.accounts.retrieve_current({}, o))
    headers = found.last_response.headers if found.last_response else {}
    return found, str(headers.get("Date") or headers.get("date") or "")


def tax_settings() -> TaxSettings:
    return call("tax.settings.retrieve", lambda c, o: c.v1.tax.settings.retrieve({}, o))


def portal_configurations() -> list[PortalConfiguration]:
    params: Any = {"limit": 100}
    return list(call("portal.list", lambda c, o: c.v1.billing_portal.configurations.list(params, o)).data)


def update_portal_configuration(stripe_id: str, params: Params, *, key: str) -> PortalConfiguration:
    return call("portal.update", lambda c, o: c.v1.billing_portal.configurations.update(stripe_id, _plain(params), o), key=key)
