"""Codes of Stripe's and of the store's own facts, in words for staff. A code that is not here is shown as it is."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

# By the fact that carries the code: one word means one thing in one place only.
WORDS: Final[dict[str, dict[str, Any]]] = {
    "billing_reason": {
        "subscription_create": _("First purchase"),
        "subscription_cycle": _("Renewal"),
        "subscription_update": _("More seats"),
        "subscription": _("Subscription"),
        "subscription_threshold": _("Usage limit reached"),
        "manual": _("Made by hand"),
        "upcoming": _("To come"),
    },
    "status": {
        "active": _("Active"),
        "canceled": _("Ended"),
        "incomplete": _("First payment missing"),
        "incomplete_expired": _("Never paid"),
        "past_due": _("Payment overdue"),
        "paused": _("Paused"),
        "trialing": _("In a trial"),
        "unpaid": _("Given up on"),
    },
    "how": {
        "refund": _("To the card"),
        "note": _("As credit, with a credit note"),
        "credit": _("Credit"),
        "lower": _("Off an invoice that is open"),
    },
    "reason": {
        "duplicate": _("Charged twice"),
        "fraudulent": _("Fraud"),
        "order_change": _("Ordered by mistake, or less"),
        "product_unsatisfactory": _("Product did not do what it should"),
        "requested_by_customer": _("Asked for by the customer"),
        "confirmed": _("The VAT ID is confirmed"),
        "being_checked": _("The VAT ID is being checked"),
        "home": _("The seller's own country"),
        "home_id": _("A VAT ID of the seller's country alone"),
        "no_id": _("No VAT ID of the EU"),
        "not_confirmed": _("The authority does not know the VAT ID"),
        "not_in_time": _("Nobody confirmed the VAT ID in time"),
        "off": _("The store works no tax out"),
        "outside": _("No rate for the country"),
        "exempted": _("Exempted at Stripe by staff"),
    },
    "dispute_reason": {
        "bank_cannot_process": _("The bank could not process it"),
        "credit_not_processed": _("A refund did not come"),
        "customer_initiated": _("The customer asked for it"),
        "duplicate": _("Charged twice"),
        "fraudulent": _("The holder did not order it"),
        "general": _("No reason given"),
        "incorrect_account_details": _("The card's details were wrong"),
        "insufficient_funds": _("Not enough money on the account"),
        "noncompliant": _("Against the card network's rules"),
        "product_not_received": _("Nothing was delivered"),
        "product_unacceptable": _("Not as described"),
        "subscription_canceled": _("Charged after the end"),
        "unrecognized": _("The holder does not know the charge"),
    },
    "dispute_status": {
        "needs_response": _("Answer it"),
        "under_review": _("The bank decides"),
        "won": _("Won"),
        "lost": _("Lost"),
        "warning_needs_response": _("The bank asks"),
        "warning_under_review": _("The bank looks at it"),
        "warning_closed": _("The bank asked, nothing was taken"),
        "prevented": _("Settled before"),
    },
    "exempt": {"none": _("Taxed"), "reverse": _("Reverse charge"), "exempt": _("Exempted")},
    "why": {
        "authentication_required": _("The bank wants a confirmation"),
        "card_declined": _("The card was declined"),
        "customer_tax_location_invalid": _("The address is not enough to work out tax"),
        "do_not_honor": _("The bank refused without a reason"),
        "expired_card": _("The card has expired"),
        "fraudulent": _("The bank suspects fraud"),
        "generic_decline": _("The bank refused without a reason"),
        "incorrect_cvc": _("The card's check number is wrong"),
        "insufficient_funds": _("Not enough money on the account"),
        "lost_card": _("The card was reported lost"),
        "processing_error": _("The bank made an error"),
        "rate_limit": _("Stripe was asked too often"),
        "resource_missing": _("Stripe does not know it"),
        "stolen_card": _("The card was reported stolen"),
        "tax_id_invalid": _("The tax id's form is wrong"),
    },
    "difference_kind": {
        "quantity": _("Seats differ"),
        "price": _("Price differs"),
        "unknown_price": _("Price of no catalog version"),
        "discount": _("Discount that nothing explains"),
        "unknown": _("Unknown subscription of a customer of ours"),
        "foreign": _("Subscription of nobody we know"),
        "duplicate": _("Second live subscription of a product line"),
        "missing": _("Subscription missing at Stripe"),
        "amount": _("Invoice amounts differ"),
        "period": _("Period differs"),
        "ending": _("End differs"),
        "phases": _("Scheduled seats differ"),
        "tax": _("Tax differs"),
        "trial": _("Free period that nothing explains"),
        "currency": _("Currency differs"),
        "command": _("Stripe command open too long"),
        "item": _("Item that nothing explains"),
        "coupon": _("Coupon on the customer that nothing explains"),
    },
}
# Facts that carry the same codes under another name.
LIKE: Final = {"before": "reason", "decline_code": "why", "code": "why", "to": "status"}


def said(name: str, value: str) -> str:
    """The words of a code, where the fact `name` carries one that is known."""
    return str(WORDS.get(LIKE.get(name, name), {}).get(value, value))
