"""What Stripe is told of an order: the payment page that asks for a card, or the subscription that is paid on invoice."""

from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import ngettext

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies, profiles
from billing.models import CheckoutAttempt, Customer, Quote
from billing.queries import charges, credit
from billing.rules import debits, payment_terms
from billing.services.offering import agreed_coupons
from billing.services.tax import tax_checkout


def payload(attempt: CheckoutAttempt, organization: Organization, origin: Origin, *, back: str = "") -> dict[str, Any]:
    """The customer if Stripe does not know it yet, and the payment page; of an order on invoice, its subscription instead.

    `back` is where the page leads if not to the attempt's own. Call inside the transaction that records the attempt.
    """
    own = f"{settings.STORE_URL}/checkout/{attempt.public_id}/"
    known = Customer.objects.filter(organization=organization).first()
    metadata = {"organization": organization.public_id, "attempt": attempt.public_id}
    session: dict[str, Any] = {
        "mode": "subscription",
        "ui_mode": "hosted_page",
        "line_items": _line_items(attempt),
        "client_reference_id": attempt.public_id,
        "metadata": metadata,
        "subscription_data": {"metadata": metadata, "billing_mode": {"type": "flexible"}, **_trial_terms(attempt)},
        "success_url": f"{back or own}?paid=1",
        "cancel_url": back or f"{settings.STORE_URL}/cart/?back=1",
        "expires_at": int(attempt.expires_at.timestamp()),
        "locale": organization.locale[:2] or "auto",
        "customer_update": {"address": "auto"},
        "allowed_payment_method_types": _methods(attempt),
        **({"payment_method_collection": "if_required"} if attempt.trial_days else {}),
        **_terms(attempt, organization),
        **_discounts(attempt),
    }
    payload: dict[str, Any] = {
        "attempt": attempt.pk,
        "customer": known.stripe_id if known else "",
        "new_customer": {
            "name": organization.name,
            "email": _email(attempt, origin),
            "address": {"country": organization.country},
            "preferred_locales": [organization.locale],
            "metadata": {"organization": organization.public_id},
        },
        "session": session,
    }
    if attempt.agreed is not None:
        payload["agreed"] = agreed_coupons.asked(attempt.agreed)
    tax_checkout.fill(payload, organization, attempt.created_at)
    if attempt.payment_days:
        payload["invoiced"] = _invoiced(payload.pop("session"), attempt)
    return payload


def _email(attempt: CheckoutAttempt, origin: Origin) -> str:
    """Whoever buys; of a quote of ours whoever it was sent to."""
    if origin.actor is not None:
        return origin.actor.email
    quote = Quote.objects.filter(cart=attempt.cart_id).only("approver_email").first()
    return quote.approver_email if quote else ""


def _methods(attempt: CheckoutAttempt) -> list[str]:
    """What may be paid with: a bank's debit takes days, so it is offered as far as the organization's credit goes."""
    organization, currency, at = attempt.organization, attempt.price.currency, attempt.created_at
    lines = policies.value("billing.payment_methods", at, profiles.segment_of(organization))
    offered = debits.offered(lines, currency)
    if offered != (debits.CARD,) and not credit.covers(organization, charges.of_attempt(attempt).due_now_minor, currency, at):
        return [debits.CARD]
    return list(offered)


def _line_items(attempt: CheckoutAttempt) -> list[dict[str, Any]]:
    """The plan's seats, and its add-ons after them; before a pilot's, its fee, which is paid once."""
    seats = {"price": attempt.price.stripe_price_id, "quantity": attempt.seats}
    if attempt.pilot_fee is None:
        numbers = ((one["stripe_price_id"], one["number"]) for one in attempt.addons)
        return [seats, *({"price": price, "quantity": number or attempt.seats} for price, number in numbers)]
    return [{"price": attempt.pilot_fee.stripe_price_id, "quantity": 1}, seats]


def _discounts(attempt: CheckoutAttempt) -> dict[str, Any]:
    """What was agreed, or the cart's code; without either Stripe's page asks for codes that Stripe can check by itself."""
    row = attempt.promotion
    if attempt.pilot_fee is not None:
        return {}  # a fixed fee
    if attempt.agreed is not None:
        return {"discounts": [{"coupon": agreed_coupons.coupon_id(attempt.agreed)}]}
    if row is None:
        return {"allow_promotion_codes": True}
    if row.stripe_promotion_code_id:
        return {"discounts": [{"promotion_code": row.stripe_promotion_code_id}]}
    return {"discounts": [{"coupon": row.stripe_coupon_id}]}


def _trial_terms(attempt: CheckoutAttempt) -> dict[str, Any]:
    """Free for so long; without a card it pauses then, and nobody is charged. A pilot ends then, card or not."""
    if attempt.pilot_fee is not None:
        return {
            "trial_period_days": attempt.pilot_fee.pilot.days,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        }
    if not attempt.trial_days:
        return {}
    return {
        "trial_period_days": attempt.trial_days,
        "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
    }


def _terms(attempt: CheckoutAttempt, organization: Organization) -> dict[str, Any]:
    """A pilot's, in words: Checkout cannot be told that it ends, and speaks of the plan's price from then on."""
    if attempt.pilot_fee is None:
        return {}
    days = attempt.pilot_fee.pilot.days
    with translation.override(organization.locale[:2]):
        text = ngettext(
            "You pay this once. After %(days)s day the pilot ends by itself, and nothing more is charged unless you go on.",
            "You pay this once. After %(days)s days the pilot ends by itself, and nothing more is charged unless you go on.",
            days,
        )
        return {"custom_text": {"submit": {"message": text % {"days": days}}}}


def _invoiced(session: dict[str, Any], attempt: CheckoutAttempt) -> dict[str, Any]:
    """Of the page as it would be, the subscription that is made without one; and how its invoices take transfers."""
    data, currency = session["subscription_data"], attempt.price.currency
    takes = policies.value("billing.bank_transfers", attempt.created_at)
    return {
        "subscription": {
            "items": session["line_items"],
            "collection_method": "send_invoice",
            "days_until_due": attempt.payment_days,
            **{name: data[name] for name in ("metadata", "billing_mode", "default_tax_rates") if name in data},
            **{name: session[name] for name in ("discounts", "automatic_tax") if name in session},
        },
        "bank_transfer": payment_terms.transfer(currency, attempt.organization.country) if takes else None,
        "currency": currency,
    }
