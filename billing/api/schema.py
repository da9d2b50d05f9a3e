"""How the API describes itself: the key, the header that names the organization, problem documents, examples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.serializers import Serializer

from billing.api import outputs, versions

ORGANIZATION = OpenApiParameter(
    name="Storefront-Organization",
    type=OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    description="With a vendor key: whom the call is about, by id, or by `external:` and your own id. "
    "A key of one organization stands for it and needs no header.",
    examples=[OpenApiExample("Your own id", value="external:acme-1")],
)
IDEMPOTENCY_KEY = OpenApiParameter(
    name="Idempotency-Key",
    type=OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    required=True,
    description="Up to 255 characters, new for each change. The same key and body within 24 hours get the first answer again "
    "(with `Idempotent-Replayed: true`); the same key with another body gets 422; while the first request is still "
    "being made, 409.",
    examples=[OpenApiExample("A random one", value="6f1d3c52-1c0e-4b0a-9a55-0f5a3f6f7a11")],
)


def _header(name: str, description: str, example: str, **more: Any) -> OpenApiParameter:
    shape = {"type": "string"} | more
    examples = [OpenApiExample("Example", value=example)]
    return OpenApiParameter(name, shape, OpenApiParameter.HEADER, description=description, examples=examples)


OPTIONAL_KEY = _header(
    "Idempotency-Key",
    "As for what is made by POST; this call may be repeated without one too.",
    "0b9c1f0e-9d43-44f5-a3c5-1d9f6b6f0f55",
    minLength=1,
    maxLength=255,
    pattern="^[!-~]+$",
)
VERSION = _header(
    versions.HEADER,
    "The date of the API that you were written for: answers keep its shape. Without it they have today's.",
    versions.VERSIONS[-1].isoformat(),
    enum=[version.isoformat() for version in versions.VERSIONS],
)
IF_NONE_MATCH = _header(
    "If-None-Match", "The ETag of the answer that you have: 304 if it is still the present one.", '"3f2a..."'
)
IF_MATCH = _header("If-Match", "The ETag of what you have read: 412 if it was changed since.", '"3f2a..."')


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
    406: "Not Acceptable",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
EVERYWHERE = (
    problem("not-authenticated", 401, "Send your API key: `Authorization: Bearer sfk_...`."),
    problem("permission-denied", 403, "This key lacks the scope billing:write."),
    problem("not-acceptable", 406, "Could not satisfy the request Accept header."),
    problem("throttled", 429, "Request was throttled. Expected available in 12 seconds."),
)
HEADERS = problem(
    "invalid",
    400,
    "Some fields are not right; `errors` says which and why.",
    errors=[{"pointer": "#/Store-Version", "detail": "There is no such version. Send one of 2026-03-01.", "code": "invalid"}],
)
MEDIA = problem("unsupported-media-type", 415, 'Unsupported media type "text/plain" in request.')
TOO_LARGE = problem("body-too-large", 413, "The body is larger than 2621440 bytes. Send it in several requests.")
TAKEN = problem("external-id-taken", 409, "Another one of the organization's has this external id, or this one has another.")
BY_VENDOR = problem("permission-denied", 403, "Only a vendor-wide key may do this.")
WAS_THERE = "One of this external id was there; it is as it was, also if it has ended since."
EITHER_WAS_THERE = (
    "It, or one of this external id, was there, perhaps to its end. An external id that it did not have yet is given to it."
)
CHANGED_SINCE = problem("precondition-failed", 412, "It was changed since you read it. Read it again.")
NOT_FOUND = problem("not-found", 404, "Nothing of this id is there for this key.")
NO_ORGANIZATION = problem("not-found", 404, "No organization has this public id or external id.")
UNREACHABLE = problem("payment-provider-unreachable", 503, "The payment provider does not answer. What was begun goes on.")
BUSY = problem("change-in-progress", 409, "Another change is being made. Ask again in a moment.")
NOT_ACTIVE = problem("subscription-not-active", 409, "There is no active subscription. Buy a plan in the store.")
PAUSED = problem("subscription-paused", 409, "The subscription is paused. It goes on by a resumption.")
IN_TRIAL = problem("in-trial", 409, "In a trial seats and add-ons change at once: preview and change them.")
IN_PILOT = problem("in-pilot", 409, "A pilot's seats are in its fee. Go on with its plan by a pilot conversion.")
IN_USE = problem("idempotency-key-in-use", 409, "The first request with this key is still being made. Ask again.")
REUSED = problem("idempotency-key-reused", 422, "This Idempotency-Key was used for another request.")
TOO_MANY_SEATS = problem(
    "too-many-seats",
    422,
    "Up to 100 seats are sold without a person. Take that many now, and talk to us about the rest.",
    maximum=100,
    talk_url="https://store.example.com/talk/?seats=400",
    errors=[{"pointer": "#/seats", "detail": "Up to 100 seats are sold without a person.", "code": "too-many-seats"}],
)
COMMITTED = problem(
    "committed",
    409,
    "It is agreed to last until 2027-02-28: cancel it for then, which `ends_at` says. Or talk to a person.",
    until="2027-03-01",
    opens_at="2027-02-12T09:30:00Z",
    ends_at="2027-03-12T09:30:00Z",
)
PAY_FIRST = problem(
    "pay-first",
    409,
    "Invoice FN-0042 of $208.00 is overdue: pay it first, then this can be changed.",
    invoice="in_1Qx",
    payment_url="https://store.example.com/invoices/in_1Qx/hosted/",
    amount_minor=20_800,
    currency="usd",
    invoices=[
        {
            "id": "in_1Qx",
            "number": "FN-0042",
            "amount_minor": 20_800,
            "due_at": None,
            "payment_url": "https://store.example.com/invoices/in_1Qx/hosted/",
        }
    ],
)
BEYOND_CREDIT = problem(
    "beyond-credit",
    409,
    "More would be open than may be: pay what is open first, wait until the bank has paid, or have it paid by card.",
    limit_us_cents=5_000_000,
    open_us_cents=4_998_400,
    limit_minor=5_000_000,
    open_minor=4_998_400,
    order_minor=16_000,
    currency="usd",
    seats_that_fit=12,
)
NOT_ON_INVOICE = problem(
    "not-on-invoice", 409, "Who may pay on invoice is agreed with a person; trials and pilots are begun without."
)
DETAILS_MISSING = problem(
    "billing-details-missing", 409, "An invoice is made out to an address: complete it first.", fields=["line1", "city"]
)
PLAN_NOT_OFFERED = problem("plan-not-offered", 422, "This plan is not sold as a change of the one that is had.")
PLAN_BEGINS_LATER = problem("plan-begins-later", 422, "A smaller plan begins with the next period.")
PLAN_NOT_WITH_SEATS = problem("plan-not-with-seats", 422, "The plan is sold with 10 to 200 seats.", minimum=10, maximum=200)
CONFLICTS = problem("conflicts", 409, "A scheduled change is in the way.", change="p7d2f6r3v9ya4k8s", minimum=10, maximum=200)
ADDON_NOT_SOLD = problem(
    "addon-not-sold",
    422,
    "No such add-on goes with this.",
    errors=[{"pointer": "#/addon", "detail": "No such add-on goes with this.", "code": "addon-not-sold"}],
)
ADDON_NUMBER = problem(
    "addon-number-out-of-range",
    422,
    "Send 3 to 10. Fewer than now, or none, are scheduled for the period's end.",
    minimum=3,
    maximum=10,
    errors=[{"pointer": "#/number", "detail": "Send 3 to 10.", "code": "addon-number-out-of-range"}],
)
ADDON_WITHOUT_NUMBER = problem(
    "addon-takes-no-number",
    422,
    "There is one of it for each seat, and it follows them. Leave the number out.",
    errors=[{"pointer": "#/number", "detail": "Leave the number out.", "code": "addon-takes-no-number"}],
)
ADDON_NOT_HELD = problem("addon-not-held", 409, "The subscription does not have this add-on.")
TOO_MANY_CHANGES = problem("too-many-changes", 429, "Seats or add-ons were changed too often.", next_at="2026-03-12T09:32:00Z")
PAYMENT_PENDING = problem("payment-pending", 409, "An earlier change waits for its payment.", change="k3m9x2c7w5nq8h4t")
NOTHING_CHANGES = problem("nothing-changes", 409, "That many seats are bought already.")
ENDS_SOON = problem("subscription-ends", 409, "The subscription ends with this period.")
REFUSED = problem("payment-provider-refused", 502, "The payment provider refused. Nothing was changed.")
NO_FREE_SEAT = problem("no-free-seat", 409, "Every seat is in use: 2 more are needed.", missing=2)
CODE_REFUSED = problem("code-refused", 422, "SPRING has expired: it could be used until 1 March.", refusal="expired")
TOO_MANY_CODES = problem("too-many-codes", 429, "Many codes were tried. Go on in an hour.")
NOT_A_MEMBER = problem("not-a-member", 422, "These are no members of the organization: external:u-7.")
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


# --- Operations -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an operation answers when it did what was asked, with an example."""

    shape: type[Serializer[Any]] | None
    example: Any = None
    status: int = 200
    name: str = "Done"
    description: str = ""


def under_way(shape: type[Serializer[Any]], example: Any, *, name: str = "Under way") -> Answer:
    """The 202 of a write that the payment provider has not settled yet."""
    return Answer(shape=shape, example=example, status=202, name=name, description="Under way.")


Decorator = Callable[[Any], Any]


def read(operation: str, summary: str, answer: Answer, *, tag: str, refusals: Sequence[Any] = (), **more: Any) -> Decorator:
    """A GET: with an ETag, and 304 for whoever has the answer."""
    parameters = (*more.pop("parameters", ()), IF_NONE_MATCH)
    unchanged = Answer(shape=None, status=304, description="You have the present answer.")
    answers = (answer, unchanged)
    return _operation(operation, summary, answers, tag=tag, refusals=refusals, parameters=parameters, **more)


def make(operation: str, summary: str, *answers: Answer, tag: str, refusals: Sequence[Any] = (), **more: Any) -> Decorator:
    """A POST that makes something: once an Idempotency-Key."""
    parameters = (*more.pop("parameters", ()), IDEMPOTENCY_KEY)
    told = (*refusals, REUSED, IN_USE)
    return _operation(operation, summary, answers, tag=tag, refusals=told, parameters=parameters, **more)


def change(operation: str, summary: str, *answers: Answer, tag: str, refusals: Sequence[Any] = (), **more: Any) -> Decorator:
    """A PATCH or DELETE: may be repeated, with or without an Idempotency-Key."""
    parameters = (*more.pop("parameters", ()), OPTIONAL_KEY)
    told = (*refusals, REUSED, IN_USE)
    return _operation(operation, summary, answers, tag=tag, refusals=told, parameters=parameters, **more)


def ask(operation: str, summary: str, answer: Answer, *, tag: str, refusals: Sequence[Any] = (), **more: Any) -> Decorator:
    """A POST that changes nothing."""
    return _operation(operation, summary, (answer,), tag=tag, refusals=refusals, **more)


def _operation(
    operation: str,
    summary: str,
    answers: Sequence[Answer],
    *,
    tag: str,
    refusals: Sequence[OpenApiExample],
    parameters: Sequence[Any] = (),
    body: type[Serializer[Any]] | None = None,
    bodies: dict[str, Any] | None = None,
    description: str = "",
    organization: bool = True,
) -> Decorator:
    told = (*refusals, HEADERS, *((MEDIA, TOO_LARGE) if body else ()), *((NO_ORGANIZATION,) if organization else ()))
    good = {one.status: OpenApiResponse(one.shape, description=one.description) for one in answers}
    return extend_schema(
        operation_id=operation,
        summary=summary,
        description=description,
        tags=[tag],
        parameters=[*((ORGANIZATION,) if organization else ()), *parameters, VERSION],
        request=body,
        responses={**good, **problems(*told)},
        examples=[
            *(request(name, value) for name, value in (bodies or {}).items()),
            *(example(one.name, one.example, one.status) for one in answers if one.example is not None),
        ],
    )
