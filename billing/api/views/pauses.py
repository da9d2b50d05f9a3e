"""A pause: what it gives back and until when, and pausing for exactly that. Going on is a resumption, as after a trial."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, idempotency, inputs, outputs, problems, schema
from billing.api.views import base
from billing.models import PauseState, Subscription
from billing.services.leaving import pauses
from config import clock

TAG = "Pauses"
STATES = PauseState.values


class PausePreviewInput(inputs.Strict):
    months = serializers.IntegerField(min_value=1, max_value=12, default=1)


class PausePreviewOutput(outputs.Output):
    """What pausing now gives back. Nothing is done. Confirm it with `token` until `expires_at`."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    months = serializers.IntegerField()
    resumes_at = serializers.DateTimeField(help_text="When it would go on by itself.")
    currency = serializers.CharField()
    credit_minor = serializers.IntegerField(help_text="Put on the customer's balance, tax included, and used first then.")
    tax_minor = serializers.IntegerField(help_text="What of it is tax, as a negative amount.")
    lines = outputs.PreviewLineOutput(many=True)


class PauseInput(inputs.Strict):
    token = serializers.CharField(max_length=20_000, help_text="Of a preview.")


class PauseOutput(outputs.Output):
    """`sending`: the payment provider has not answered yet; `failed`: nothing was changed."""

    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=STATES)
    months = serializers.IntegerField()
    credit_minor = serializers.IntegerField()
    currency = serializers.CharField()
    asked_at = serializers.DateTimeField()
    began_at = serializers.DateTimeField(allow_null=True)
    resumes_at = serializers.DateTimeField(allow_null=True, help_text="When it goes on by itself.")
    ended_at = serializers.DateTimeField(allow_null=True)
    tries = serializers.IntegerField(help_text="How often it was to go on by itself and the card was declined.")
    message = serializers.CharField(help_text="Why; else empty.")


PREVIEW: dict[str, Any] = {
    "token": "eyJzIjo3...",
    "expires_at": "2026-03-12T09:45:00Z",
    "months": 2,
    "resumes_at": "2026-05-12T09:30:00Z",
    "currency": "usd",
    "credit_minor": 9280,
    "tax_minor": 0,
    "lines": [examples.UNUSED_LINE],
}
ON: dict[str, Any] = {
    "id": "z7k2m9x4c8w3nq5h",
    "state": "on",
    "months": 2,
    "credit_minor": 9280,
    "currency": "usd",
    "asked_at": "2026-03-12T09:30:00Z",
    "began_at": "2026-03-12T09:30:01Z",
    "resumes_at": "2026-05-12T09:30:01Z",
    "ended_at": None,
    "tries": 0,
    "message": "",
}
STANDING = (
    schema.problem("not-pausable", 409, "Only what is paid monthly can be paused.", reason="not_monthly", next_at=None),
    *(
        schema.COMMITTED,
        schema.PAY_FIRST,
        schema.BUSY,
        schema.NOT_ACTIVE,
        schema.PAUSED,
        schema.IN_PILOT,
        schema.PAYMENT_PENDING,
    ),
    *(schema.ENDS_SOON, schema.REFUSED, schema.UNREACHABLE),
)


class PausePreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.ask(
        "preview_pause",
        "What pausing gives back, and until when",
        schema.Answer(shape=PausePreviewOutput, example=PREVIEW, name="Preview"),
        tag=TAG,
        description="Asks the payment provider once and changes nothing. What is paid monthly by card can be paused, for as "
        "many months and as often a year as the store's policy says.",
        parameters=[inputs.LineQuery],
        body=PausePreviewInput,
        bodies={"Two months": {"months": 2}},
        refusals=STANDING,
    )
    def post(self, request: Request) -> Response:
        return base.answer(PausePreviewOutput, _preview(self.current(), self.body(PausePreviewInput)["months"], clock.now()))


class Pauses(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "pause_subscription",
        "Pause the subscription",
        schema.Answer(shape=PauseOutput, example=ON, status=201, name="Paused"),
        schema.under_way(PauseOutput, ON | {"state": "sending", "began_at": None, "resumes_at": None}),
        tag=TAG,
        description="Gives back exactly what was previewed. Nothing is charged until it goes on: by itself at `resumes_at`, or "
        "sooner by `subscription/trial/resumptions`, which goes on after a pause as after a trial. What waits is kept.",
        parameters=[inputs.LineQuery],
        body=PauseInput,
        bodies={"By token": {"token": PREVIEW["token"]}},
        refusals=[schema.problem("preview-stale", 409, "The price changed since the preview."), *STANDING],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        made = pauses.pause(self.current(), token=self.body(PauseInput)["token"], origin=self.origin(), at=clock.now())
        if made.state == PauseState.FAILED:
            raise problems.provider_refused()
        is_open = made.state == PauseState.SENDING
        return base.answer(PauseOutput, made, status.HTTP_202_ACCEPTED if is_open else status.HTTP_201_CREATED)


def _preview(row: Subscription, months: int, at: datetime) -> dict[str, Any]:
    offered = pauses.offer(row, months=months, at=at)
    credit = offered.credit
    return {
        "token": offered.token,
        "expires_at": offered.expires_at,
        "months": offered.months,
        "resumes_at": offered.resumes_at,
        "currency": credit.currency,
        "credit_minor": credit.credit_minor,
        "tax_minor": credit.tax_minor,
        "lines": [asdict(line) for line in credit.lines],
    }
