"""How the API describes itself: the key, the header that names the organization, problem documents, examples."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from billing.api import outputs

ORGANIZATION = OpenApiParameter(
    name="Storefront-Organization",
    type=OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    description="With a vendor key: whom the call is about, by public id or by your own external id. "
    "A key of one organization stands for it and needs no header.",
    examples=[OpenApiExample("External id", value="acme-1")],
)
IDEMPOTENCY_KEY = OpenApiParameter(
    name="Idempotency-Key",
    type=OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    required=True,
    description="Up to 255 characters, new for each change. The same key and body within 24 hours get the first answer again "
    "(with `Idempotent-Replayed: true`); the same key with another body gets 409.",
    examples=[OpenApiExample("A random one", value="6f1d3c52-1c0e-4b0a-9a55-0f5a3f6f7a11")],
)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # drf-spectacular's base is untyped
    target_class = "accounts.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "sfk_<prefix>_<secret>",
            "description": "`Authorization: Bearer sfk_...`. Keys are made in the store's settings, or by the vendor's staff.",
        }


def problem(code: str, status: int, detail: str, **more: Any) -> OpenApiExample:
    """An example of a problem document."""
    value = {
        "type": f"urn:storefront:problem:{code}",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        "request_id": "0f3c9a5be17d24aa",
        **more,
    }
    return OpenApiExample(code, value=value, response_only=True, status_codes=[str(status)], media_type=PROBLEM)


def problems(*examples: OpenApiExample) -> dict[tuple[int, str], OpenApiResponse]:
    """The responses that these examples stand for, beside those that every call may get."""
    found: dict[int, list[OpenApiExample]] = {}
    for example in (*examples, *EVERYWHERE):
        codes = example.status_codes or [500]
        found.setdefault(int(codes[0]), []).append(example)
    return {
        (status, PROBLEM): OpenApiResponse(outputs.ProblemOutput, description=TITLES[status], examples=same)
        for status, same in found.items()
    }


PROBLEM = "application/problem+json"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
EVERYWHERE = (
    problem("not-authenticated", 401, "Authentication credentials were not provided."),
    problem("permission-denied", 403, "This key lacks the scope billing:write."),
    problem("throttled", 429, "Request was throttled. Expected available in 12 seconds."),
)
NO_ORGANIZATION = problem("not-found", 404, "No organization has this public id or external id.")
UNREACHABLE = problem("payment-provider-unreachable", 503, "The payment provider does not answer. What was begun goes on.")
BUSY = problem("change-in-progress", 409, "Another change is being made. Ask again in a moment.")
NOT_ACTIVE = problem("subscription-not-active", 409, "There is no active subscription. Buy a plan in the store.")
REUSED = problem("idempotency-key-reused", 409, "This Idempotency-Key was used for another request.")
TOO_MANY_SEATS = problem(
    "too-many-seats",
    422,
    "Up to 100 seats are sold without a person. Take that many now, and talk to us about the rest.",
    maximum=100,
    talk_url="https://store.example.com/talk/?seats=400",
    errors=[{"pointer": "#/seats", "detail": "Up to 100 seats are sold without a person.", "code": "too-many-seats"}],
)
INVALID = problem(
    "invalid",
    400,
    "Some fields are not right; `errors` says which and why.",
    errors=[{"pointer": "#/seats", "detail": "A valid integer is required.", "code": "invalid"}],
)


def example(name: str, value: Any, status: int = 200) -> OpenApiExample:
    """An example of an answer."""
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


def request(name: str, value: Any) -> OpenApiExample:
    """An example of a body."""
    return OpenApiExample(name, value=value, request_only=True)
