"""Stripe's test cards: what each does when it is attached, set up and charged (docs.stripe.com/testing)."""

from dataclasses import dataclass

from billing.sandbox import errors
from billing.sandbox.state import Obj


@dataclass(frozen=True)
class Refusal:
    """Why an issuer says no."""

    code: str
    decline_code: str | None
    message: str

    def error(self, **extra: object) -> errors.CardError:
        return errors.CardError(self.message, code=self.code, decline_code=self.decline_code, **extra)


DECLINED = Refusal("card_declined", "generic_decline", "Your card was declined.")
OUTCOMES: dict[str, Refusal | None] = {
    "succeeded": None,
    "requires_action": None,
    "declined": DECLINED,
    "insufficient_funds": Refusal("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "lost_card": Refusal("card_declined", "lost_card", "Your card was declined."),
    "stolen_card": Refusal("card_declined", "stolen_card", "Your card was declined."),
    "fraudulent": Refusal("card_declined", "fraudulent", "Your card was declined."),
    "do_not_honor": Refusal("card_declined", "do_not_honor", "Your card was declined."),
    "expired_card": Refusal("expired_card", "expired_card", "Your card has expired."),
    "incorrect_cvc": Refusal("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": Refusal(
        "processing_error", "processing_error", "An error occurred while processing your card. Try again in a little bit."
    ),
    "authentication_failed": Refusal(
        "payment_intent_authentication_failure",
        None,
        "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
    ),
}


@dataclass(frozen=True)
class Card:
    """A test card. `challenge`: never, always, or until it is set up for off-session use ("once")."""

    number: str
    token: str
    outcome: str = "succeeded"
    challenge: str = "never"
    attaches: bool = True
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    dispute: str = ""
    """The reason that its holder disputes each charge for; empty: no charge."""
    is_inquiry: bool = False

    @property
    def refusal(self) -> Refusal | None:
        return OUTCOMES[self.outcome]


CARDS = (
    Card("4242424242424242", "visa"),
    Card("4000056655665556", "visa_debit", funding="debit"),
    Card("5555555555554444", "mastercard", brand="mastercard"),
    Card("378282246310005", "amex", brand="amex"),
    Card("6011111111111117", "discover", brand="discover"),
    Card("4000002760000016", "de", country="DE"),
    Card("4000008260000000", "gb", country="GB"),
    Card("4000003920000003", "jp", country="JP"),
    Card("4000000000000002", "visa_chargeDeclined", "declined", attaches=False),
    Card("4000000000009995", "visa_chargeDeclinedInsufficientFunds", "insufficient_funds", attaches=False),
    Card("4000000000009987", "visa_chargeDeclinedLostCard", "lost_card", attaches=False),
    Card("4000000000009979", "visa_chargeDeclinedStolenCard", "stolen_card", attaches=False),
    Card("4100000000000019", "radarBlock", "fraudulent"),
    Card("4000000000000069", "chargeDeclinedExpiredCard", "expired_card", attaches=False),
    Card("4000000000000127", "chargeDeclinedIncorrectCvc", "incorrect_cvc", attaches=False),
    Card("4000000000000119", "chargeDeclinedProcessingError", "processing_error", attaches=False),
    Card("4000000000000341", "chargeCustomerFail", "declined"),
    Card("4000000000000259", "createDispute", dispute="fraudulent"),
    Card("4000000000002685", "createDisputeProductNotReceived", dispute="product_not_received"),
    Card("4000000000001976", "createDisputeInquiry", dispute="fraudulent", is_inquiry=True),
    Card("4000002500003155", "authenticationRequiredOnSetup", challenge="once"),
    Card("4000002760003184", "authenticationRequired", challenge="always"),
    Card("4000000000003220", "threeDSecure2Required", challenge="always"),
    Card("4000000000003063", "threeDSecureRequired", challenge="always"),
    Card("4000003800000446", "authenticationRequiredSetupForOffSession"),
    Card("4000008260003178", "authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds", challenge="always"),
    Card("4000008400001629", "threeDSecureRequiredChargeDeclined", "declined", challenge="always"),
)

ALIASES = {
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_visa_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_visa_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_visa_chargeDeclinedFraudulent": "4100000000000019",
}
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {f"pm_card_{card.token}": card for card in CARDS} | {alias: BY_NUMBER[number] for alias, number in ALIASES.items()}
BY_SOURCE = {identity.replace("pm_card_", "tok_"): card for identity, card in BY_TOKEN.items()}


def of_number(number: str) -> Card:
    """The card of a typed-in number. Raises what Stripe says to a number that is none, or a real one."""
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isdigit() or not _luhn(digits):
        raise errors.CardError("Your card number is incorrect.", code="incorrect_number", param="number")
    if digits not in BY_NUMBER:
        raise errors.CardError(
            "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, "
            "visit: https://stripe.com/docs/testing.",
            code="card_declined",
            decline_code="test_mode_live_card",
        )
    return BY_NUMBER[digits]


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(digits))]
    return len(digits) >= 12 and sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def check_entry(now_year: int, now_month: int, entry: Obj) -> None:
    """The form's own checks: expiry in the future, a security code of three or four digits."""
    year, month = int(entry["exp_year"]), int(entry["exp_month"])
    year += 2000 if year < 100 else 0
    if not 1 <= month <= 12:
        raise errors.CardError("Your card's expiration month is invalid.", code="invalid_expiry_month")
    if (year, month) < (now_year, now_month):
        raise errors.CardError("Your card's expiration year is invalid.", code="invalid_expiry_year")
    code = str(entry.get("cvc") or "123")
    if not code.isdigit() or len(code) not in {3, 4}:
        raise errors.CardError("Your card's security code is invalid.", code="invalid_cvc")
