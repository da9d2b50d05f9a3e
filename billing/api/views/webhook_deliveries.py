"""What was sent to a webhook endpoint, how it was taken, and sending again."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import DeliveryState, Scope, WebhookDelivery, WebhookEndpoint, WebhookType
from accounts.queries import policies
from accounts.queries import webhooks as read
from accounts.services import webhook_endpoints
from billing.api import idempotency, inputs, outputs, paging, references, schema, webhook_problems, words
from billing.api.views import base
from billing.api.views.webhook_endpoints import PLACE, TAG, Own
from config import clock, limits

ONE = references.path("delivery", "The delivery")
EVERY_TYPE = [(one.value, one.value) for one in WebhookType]


class DeliveriesQuery(paging.PageQuery):
    state = serializers.ChoiceField(choices=DeliveryState.choices, required=False)
    type = serializers.ChoiceField(choices=EVERY_TYPE, required=False)


class WebhookReplayInput(inputs.Strict):
    since = serializers.DateTimeField(help_text="What happened from then on, as far as it is kept.")
    with_delivered = serializers.BooleanField(default=False, help_text="Also what was taken already.")


class WebhookAttemptOutput(outputs.Output):
    at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True, help_text="Null: no answer; `failure` says why.")
    failure = serializers.CharField(
        help_text="`connect`, `tls`, `timeout`, `name`, `refused` (leads inside), `broken`, `secret`; empty: an answer came."
    )
    text = serializers.CharField(help_text="How the answer began, up to 1,024 bytes.")


class WebhookDeliveryOutput(outputs.Output):
    """One event for one endpoint."""

    id = serializers.CharField()
    event = serializers.CharField(help_text="The `webhook-id`, the same however often it is sent.")
    type = serializers.ChoiceField(choices=EVERY_TYPE)
    state = serializers.ChoiceField(
        choices=DeliveryState.choices, help_text="`held`: the endpoint was disabled. `failed`: given up after three days."
    )
    attempts = serializers.IntegerField(help_text="Since it was last put in line.")
    status = serializers.IntegerField(allow_null=True, help_text="Of the newest answer.")
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    occurred_at = serializers.DateTimeField()
    concluded_at = serializers.DateTimeField(allow_null=True)


class WebhookDeliveryDetailOutput(WebhookDeliveryOutput):
    payload = serializers.CharField(help_text="The body, to the letter.")
    tries = WebhookAttemptOutput(many=True, help_text="The newest first.")


class WebhookReplayOutput(outputs.Output):
    count = serializers.IntegerField(help_text="How many are sent.")


DeliveriesOutput = paging.paged(WebhookDeliveryOutput, "WebhookDeliveriesOutput")
EXAMPLE: dict[str, Any] = {
    "id": "d4k8s2f6r3v9yaw8",
    "event": "msg_k3m9x2c7w5nq8h4t",
    "type": "invoice.paid",
    "state": "delivered",
    "attempts": 1,
    "status": 204,
    "next_attempt_at": None,
    "occurred_at": "2026-03-12T09:30:00Z",
    "concluded_at": "2026-03-12T09:30:02Z",
}
DETAIL: dict[str, Any] = EXAMPLE | {
    "payload": '{"type":"invoice.paid","timestamp":"2026-03-12T09:30:00Z"}',
    "tries": [{"at": "2026-03-12T09:30:02Z", "duration_ms": 84, "status": 204, "failure": "", "text": ""}],
}
DISABLED = schema.problem("endpoint-disabled", 409, "The endpoint is disabled, so nothing is sent to it. Enable it first.")
OFTEN = schema.problem("too-many-sends", 429, "That was often enough for this hour. Go on in a while.")
AGAIN = EXAMPLE | {"state": "due", "attempts": 0, "next_attempt_at": "2026-03-12T11:00:00Z", "concluded_at": None}


class Deliveries(Own):
    required_scopes = [Scope.WEBHOOKS_READ]

    @schema.read(
        "webhook_deliveries",
        "What was sent to an endpoint, the newest first",
        schema.Answer(shape=DeliveriesOutput, example={"data": [EXAMPLE], "next": None}, name="One"),
        tag=TAG,
        description="Kept for 30 days, unless the store's operator chose otherwise.",
        parameters=[PLACE, DeliveriesQuery],
    )
    def get(self, request: Request, endpoint: str) -> Response:
        asked = self.query(DeliveriesQuery)
        states = [asked["state"]] if "state" in asked else None
        rows = read.log(self.named(endpoint), states=states, kind=asked.get("type", ""))
        return base.answer(DeliveriesOutput, paging.page(rows, asked, plain, newest_first=True))


class DeliveryView(Own):
    required_scopes = [Scope.WEBHOOKS_READ]

    @schema.read(
        "webhook_delivery",
        "One delivery, with each try at it",
        schema.Answer(shape=WebhookDeliveryDetailOutput, example=DETAIL),
        tag=TAG,
        parameters=[PLACE, ONE],
    )
    def get(self, request: Request, endpoint: str, delivery: str) -> Response:
        row = _named(self, endpoint, delivery)
        tries = [words.named(one, set(WebhookAttemptOutput().fields)) for one in read.tries(row)]
        return base.answer(WebhookDeliveryDetailOutput, plain(row) | {"payload": row.event.body, "tries": tries})


class Sends(Own):
    required_scopes = [Scope.WEBHOOKS_WRITE]

    @schema.make(
        "resend_webhook",
        "Send one again, now",
        schema.Answer(shape=WebhookDeliveryOutput, example=AGAIN, status=201, name="In line"),
        tag=TAG,
        description="Under the `webhook-id` it had, also if it was taken.",
        parameters=[PLACE, ONE],
        refusals=[DISABLED, OFTEN],
    )
    @idempotency.once
    def post(self, request: Request, endpoint: str, delivery: str) -> Response:
        row = _named(self, endpoint, delivery)
        _check_often(row.endpoint)
        webhook_endpoints.redeliver(delivery=row)
        return base.made(WebhookDeliveryOutput, plain(row), is_new=True)


class Pings(Own):
    required_scopes = [Scope.WEBHOOKS_WRITE]

    @schema.make(
        "ping_webhook_endpoint",
        "Send an endpoint a test",
        schema.Answer(
            shape=WebhookDeliveryOutput, example=AGAIN | {"type": "webhook.ping", "status": None}, status=201, name="Sent"
        ),
        tag=TAG,
        description="An event `webhook.ping`, to this endpoint alone.",
        parameters=[PLACE],
        refusals=[DISABLED, OFTEN],
    )
    @idempotency.once
    def post(self, request: Request, endpoint: str) -> Response:
        named = self.named(endpoint)
        _check_often(named)
        row = webhook_endpoints.ping(endpoint=named, at=clock.now(), nonce=idempotency.nonce(request))
        return base.made(WebhookDeliveryOutput, plain(row), is_new=True)


class Replays(Own):
    required_scopes = [Scope.WEBHOOKS_WRITE]

    @schema.make(
        "replay_webhooks",
        "Send an endpoint again what happened since an instant",
        schema.Answer(shape=WebhookReplayOutput, example={"count": 12}, status=201, name="In line"),
        tag=TAG,
        description="What it did not take, or, with `with_delivered`, all; of the types it hears of now, each under the "
        "`webhook-id` it had.",
        parameters=[PLACE],
        body=WebhookReplayInput,
        bodies={"What was missed": {"since": "2026-03-11T00:00:00Z"}},
        refusals=[DISABLED, OFTEN],
    )
    @idempotency.once
    def post(self, request: Request, endpoint: str) -> Response:
        asked, row = self.body(WebhookReplayInput), self.named(endpoint)
        _check_often(row)
        count = webhook_endpoints.replay(endpoint=row, **asked, origin=self.origin(), at=clock.now())
        return base.made(WebhookReplayOutput, {"count": count}, is_new=True)


def _check_often(row: WebhookEndpoint) -> None:
    """An endpoint need not be its owner's server: nobody has it sent repeats without end."""
    if limits.is_over(row.public_id, "webhook", policies.value("accounts.webhook_sends_per_hour", clock.now())):
        raise webhook_problems.too_often()


def _named(view: Own, endpoint: str, delivery: str) -> WebhookDelivery:
    return references.named(read.log(view.named(endpoint)), delivery, "delivery")


def plain(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "event": row.event.public_id,
        "type": row.event.type,
        "state": row.state,
        "attempts": row.attempts,
        "status": row.status,
        "next_attempt_at": row.due_at if row.state == DeliveryState.DUE else None,
        "occurred_at": row.event.occurred_at,
        "concluded_at": row.concluded_at,
    }
