"""What a bank said to a charge, in the reader's language.

Stripe answers in English, in a few fixed sentences (https://docs.stripe.com/declines/codes); they are kept as they came and
said anew for each reader. A sentence that is not known here is shown as it came.
"""

from typing import Final

from django.utils.translation import gettext, gettext_noop

KNOWN: Final = frozenset(
    {
        gettext_noop("Your card was declined."),
        gettext_noop("Your card has insufficient funds."),
        gettext_noop("Your card has expired."),
        gettext_noop("Your card's security code is incorrect."),
        gettext_noop("Your card's security code is invalid."),
        gettext_noop("Your card number is incorrect."),
        gettext_noop("Your card's expiration month is invalid."),
        gettext_noop("Your card's expiration year is invalid."),
        gettext_noop("Your card does not support this type of purchase."),
        gettext_noop("Your card is not supported."),
        gettext_noop(
            "We are unable to authenticate your payment method. Please choose a different payment method and try again."
        ),
        gettext_noop("An error occurred while processing your card. Try again in a little bit."),
    }
)


def said(message: str) -> str:
    """The sentence in the language that is active; empty stays empty."""
    return gettext(message) if message in KNOWN else message
