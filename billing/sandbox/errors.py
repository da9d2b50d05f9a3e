"""Stripe's errors, in Stripe's own shape: `{"error": {type, code, message, param, ...}}` with the status stripe-python maps."""

from typing import Any

DOCUMENTATION = "https://docs.stripe.com/error-codes/"


class StripeError(Exception):
    """An answer other than 2xx. `extra` holds further fields of the error body (payment_intent, payment_method, ...)."""

    type = "invalid_request_error"

    def __init__(
        self, message: str, *, code: str | None = None, param: str | None = None, status: int = 400, **extra: Any
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.status = status
        self.extra = extra
        # A refused payment leaves its traces (the failed charge, the attempt): set, the work so far is committed.
        self.keeps_work = False

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.type}
        if self.code:
            error |= {"code": self.code, "doc_url": DOCUMENTATION + self.code.replace("_", "-")}
        if self.param:
            error["param"] = self.param
        return {"error": error | self.extra}


class InvalidRequestError(StripeError):
    """The request is wrong: it will fail again however often it is sent."""


class CardError(StripeError):
    """The card was refused (402). `decline_code` says why."""

    type = "card_error"

    def __init__(self, message: str, *, code: str, decline_code: str | None = None, **extra: Any) -> None:
        if decline_code:
            extra["decline_code"] = decline_code
        super().__init__(message, code=code, status=402, **extra)
        self.decline_code = decline_code


class IdempotencyError(StripeError):
    """A key used again with other parameters (400), or while its first request is still running (409)."""

    type = "idempotency_error"


class ApiError(StripeError):
    """Something went wrong on the server's side (500)."""

    type = "api_error"

    def __init__(self, message: str = "An unknown error occurred", *, status: int = 500) -> None:
        super().__init__(message, status=status)


def missing(kind: str, identity: str, param: str = "id") -> InvalidRequestError:
    """Stripe's 404: the object isn't in this account."""
    noun = NOUNS.get(kind, kind.rpartition(".")[2].replace("_", " "))
    return InvalidRequestError(f"No such {noun}: '{identity}'", code="resource_missing", param=param, status=404)


NOUNS = {
    "payment_method": "PaymentMethod",
    "setup_intent": "setupintent",
    "subscription_item": "subscription_item",
    "webhook_endpoint": "webhook endpoint",
    "test_helpers.test_clock": "test clock",
}


def invalid(message: str, param: str | None = None, code: str | None = None) -> InvalidRequestError:
    """Stripe's plain 400."""
    return InvalidRequestError(message, code=code, param=param)
