"""Webhook endpoints: an organization's, or, for a vendor-wide key that names none, the vendor's own, which hear of all."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import authentication
from accounts.models import Organization, Scope, WebhookEndpoint, WebhookStop
from accounts.queries import webhooks as read
from accounts.services import naming, webhook_endpoints
from accounts.services.webhook_endpoints import OFFERED
from billing.api import idempotency, inputs, outputs, paging, references, schema, words
from billing.api.views import base, objects
from config import clock

TAG = "Webhooks"
PLACE = references.path("endpoint", "The endpoint")
STATES = [(state, state) for state in ("enabled", "failing", "disabled", "deleted")]
TYPES = [(one.value, one.value) for one in OFFERED]
STOPS = [("", ""), *((one.value, one.value) for one in WebhookStop)]
OURS = "With a vendor-wide key and no `Storefront-Organization`: the vendor's own, which hear of all organizations."
ALL = "Empty: all, also those to come."


class WebhookEndpointPatch(inputs.Strict):
    url = serializers.CharField(max_length=500, required=False, help_text="https, port 443 or 8443, a public server.")
    description = serializers.CharField(max_length=120, required=False, allow_blank=True)
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=TYPES), required=False, max_length=len(TYPES), help_text=ALL
    )
    enabled = serializers.BooleanField(required=False, help_text="What happens while it is false is kept for a replay.")
    external_id = references.ExternalIdField(required=False)


class WebhookEndpointInput(inputs.Strict):
    url = serializers.CharField(max_length=500, help_text="https, port 443 or 8443, a public server.")
    description = serializers.CharField(max_length=120, default="", allow_blank=True)
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=TYPES), required=False, max_length=len(TYPES), help_text=ALL
    )
    external_id = references.ExternalIdField(required=False)


class WebhookEndpointOutput(outputs.Output):
    id = serializers.CharField()
    external_id = outputs.external_id()
    organization = serializers.CharField(allow_null=True, help_text="Its id. Null: the vendor's own, which hears of all.")
    url = serializers.CharField()
    description = serializers.CharField()
    types = serializers.ListField(child=serializers.CharField(), help_text=ALL)
    state = serializers.ChoiceField(choices=STATES, help_text="`failing`: it is tried, and its newest answers were no success.")
    stop = serializers.ChoiceField(choices=STOPS, help_text="Why it is disabled; empty: it is not.")
    failing_since = serializers.DateTimeField(allow_null=True)
    succeeded_at = serializers.DateTimeField(allow_null=True, help_text="When it last took something, to the minute.")
    disabled_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class NewWebhookEndpointOutput(WebhookEndpointOutput):
    secret = serializers.CharField(
        allow_null=True, help_text="What its webhooks are signed with: shown here, and never again. Null: it was there already."
    )


EndpointsOutput = paging.paged(WebhookEndpointOutput, "WebhookEndpointsOutput")
EXAMPLE: dict[str, Any] = {
    "id": "w8d2f6r3v9ya4k8s",
    "external_id": "access",
    "organization": "k3m9x2c7w5nq8h4t",
    "url": "https://app.example/webhooks",
    "description": "Access in our app",
    "types": ["entitlements.changed", "invoice.payment_failed"],
    "state": "enabled",
    "stop": "",
    "failing_since": None,
    "succeeded_at": "2026-03-12T09:30:00Z",
    "disabled_at": None,
    "created_at": "2026-03-12T09:00:00Z",
}
NEW = EXAMPLE | {"secret": "whsec_..."}
SHOWN = "The answer holds a secret and is not kept: the same Idempotency-Key shows it again for five minutes, and no longer."
TOO_MANY = schema.problem("too-many-endpoints", 409, "There are 10 endpoints, which is the most.")
MADE = schema.problem("secret-shown-already", 409, "This secret was made already, and a secret is shown only once.")
ROTATING = schema.problem("secret-being-rotated", 409, "The secret before this one still signs.")
DELETED = schema.problem("endpoint-disabled", 409, "The endpoint was deleted. Make another one.")
NO_TARGET = schema.problem(
    "invalid",
    400,
    "Some fields are not right; `errors` says which and why.",
    errors=[{"pointer": "#/url", "detail": "This leads to a private or reserved network.", "code": "invalid"}],
)


class Own(base.View):
    """Of the organization that the call is about, or of the vendor."""

    needs_organization = False

    @property
    def owner(self) -> Organization | None:
        return authentication.organization_of(self.request)

    def endpoints(self) -> QuerySet[WebhookEndpoint]:
        """Deleted ones included, which can be looked at while their log is kept."""
        return WebhookEndpoint.objects.filter(organization=self.owner).select_related("organization")

    def named(self, endpoint: str) -> WebhookEndpoint:
        return references.named(self.endpoints(), endpoint, "endpoint")


class Endpoints(Own):
    required_scopes = {"GET": [Scope.WEBHOOKS_READ], "POST": [Scope.WEBHOOKS_WRITE]}

    @schema.read(
        "webhook_endpoints",
        "Webhook endpoints, the newest first",
        schema.Answer(shape=EndpointsOutput, example={"data": [EXAMPLE], "next": None}, name="One"),
        tag=TAG,
        description=f"Those that were not deleted. {OURS}",
        parameters=[paging.PageQuery],
    )
    def get(self, request: Request) -> Response:
        rows, asked = read.of(self.owner), self.query(paging.PageQuery)
        return base.answer(EndpointsOutput, paging.page(rows, asked, plain, newest_first=True))

    @schema.make(
        "create_webhook_endpoint",
        "Have a server hear of what happens",
        schema.Answer(shape=NewWebhookEndpointOutput, example=NEW, status=201, name="Made"),
        schema.Answer(
            shape=NewWebhookEndpointOutput, example=EXAMPLE | {"secret": None}, name="Was there", description=schema.WAS_THERE
        ),
        tag=TAG,
        description=f"It hears of what happens from then on. {OURS} {SHOWN}",
        body=WebhookEndpointInput,
        bodies={
            "Two types": {"url": EXAMPLE["url"], "types": EXAMPLE["types"], "external_id": "access"},
            "All": {"url": EXAMPLE["url"]},
        },
        refusals=[NO_TARGET, TOO_MANY, MADE],
    )
    @idempotency.once_unkept
    def post(self, request: Request) -> Response:
        asked = self.body(WebhookEndpointInput)
        made, secret = webhook_endpoints.create(
            organization=self.owner,
            **asked | {"types": asked.get("types", [])},
            origin=self.origin(),
            at=clock.now(),
            nonce=idempotency.nonce(request),
        )
        return base.made(NewWebhookEndpointOutput, plain(made) | {"secret": secret or None}, is_new=bool(secret))


@extend_schema_view(
    get=schema.read(
        "webhook_endpoint",
        "One endpoint",
        schema.Answer(shape=WebhookEndpointOutput, example=EXAMPLE),
        tag=TAG,
        parameters=[PLACE],
    ),
    patch=schema.change(
        "change_webhook_endpoint",
        "Change an endpoint, disable or enable it, or give it your own id",
        schema.Answer(shape=WebhookEndpointOutput, example=EXAMPLE, name="Changed"),
        tag=TAG,
        description="What is left out stays. Your own id can be given once.",
        parameters=[PLACE, schema.IF_MATCH],
        body=WebhookEndpointPatch,
        bodies={"Hear of more": {"types": []}, "Enable it": {"enabled": True}},
        refusals=[NO_TARGET, schema.TAKEN, schema.CHANGED_SINCE],
    ),
    delete=schema.change(
        "delete_webhook_endpoint",
        "Send an endpoint nothing more, and forget its secret",
        schema.Answer(shape=WebhookEndpointOutput, example=EXAMPLE | {"state": "deleted"}, name="Deleted"),
        tag=TAG,
        description="Twice is no error. Its log stays for as long as that is kept.",
        parameters=[PLACE],
    ),
)
class EndpointView(Own, objects.EndingView[WebhookEndpoint]):
    required_scopes = {"GET": [Scope.WEBHOOKS_READ], "PATCH": [Scope.WEBHOOKS_WRITE], "DELETE": [Scope.WEBHOOKS_WRITE]}
    shape, place = WebhookEndpointOutput, "endpoint"

    def rows(self) -> QuerySet[WebhookEndpoint]:
        return self.endpoints()

    def plain(self, row: WebhookEndpoint) -> dict[str, Any]:
        return plain(row)

    @idempotency.honoured
    def patch(self, request: Request, **path: str) -> Response:
        row, asked = self.own(path), self.body(WebhookEndpointPatch)
        self.check_match(self.shape, plain(row))
        origin, at = self.origin(), clock.now()
        if row.deleted_at is None:
            naming.name_once(
                row, asked.pop("external_id", None), organization=cast(Organization, self.owner), origin=origin, at=at
            )
            enabled = asked.pop("enabled", None)
            if asked:
                webhook_endpoints.change(endpoint=row, wanted=asked, origin=origin, at=at)
            if enabled is not None:
                turn = webhook_endpoints.enable if enabled else webhook_endpoints.disable
                turn(endpoint=row, origin=origin, at=at)
        return self.told(path)

    def end(self, row: WebhookEndpoint) -> None:
        webhook_endpoints.delete(endpoint=row, origin=self.origin(), at=clock.now())


class Rotations(Own):
    required_scopes = [Scope.WEBHOOKS_WRITE]

    @schema.make(
        "rotate_webhook_secret",
        "Give an endpoint a new secret",
        schema.Answer(shape=NewWebhookEndpointOutput, example=NEW, status=201, name="Made"),
        tag=TAG,
        description=f"For a day (unless the store's operator chose otherwise) webhooks carry both signatures. {SHOWN}",
        parameters=[PLACE],
        refusals=[ROTATING, MADE, DELETED],
    )
    @idempotency.once_unkept
    def post(self, request: Request, endpoint: str) -> Response:
        row = self.named(endpoint)
        webhook_endpoints.check_there(row)
        secret = webhook_endpoints.rotate(endpoint=row, origin=self.origin(), at=clock.now(), nonce=idempotency.nonce(request))
        return base.made(NewWebhookEndpointOutput, plain(row) | {"secret": secret}, is_new=True)


def plain(row: WebhookEndpoint) -> dict[str, Any]:
    names = ("external_id", "url", "description", "types", "stop", "failing_since", "succeeded_at", "disabled_at", "created_at")
    whose = row.organization.public_id if row.organization else None
    return {"id": row.public_id, "organization": whose, "state": read.state(row), **words.named(row, names)}
