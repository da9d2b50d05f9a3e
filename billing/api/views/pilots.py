"""From a pilot to the plan it leads to: what that costs now, and having exactly that."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, outcomes, outputs, schema, words
from billing.api.views import base
from billing.models import Interval
from billing.services.trying import pilot_conversions
from config import clock

TAG = "Subscription"


class ConversionPreviewInput(inputs.Strict):
    seats = serializers.IntegerField(min_value=1, max_value=inputs.MOST_SEATS, help_text="At least as many as have a seat.")
    interval = serializers.ChoiceField(choices=Interval.choices)


class ConversionInput(inputs.Strict):
    token = serializers.CharField(max_length=20_000, help_text="From a preview not older than 15 minutes.")


class ConversionPreviewOutput(outputs.Output):
    """The plan's first charge. Nothing is charged now. Confirm it with `token` until `expires_at`."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    interval = serializers.ChoiceField(choices=Interval.choices)
    currency = serializers.CharField()
    credited_fee_minor = serializers.IntegerField(help_text="Of `first_charge.discount_minor`: the pilot's fee, taken off.")
    first_charge = outputs.FirstChargeOutput()


class ConversionOutput(outcomes.OutcomeOutput):
    """After a decline the pilot goes on."""

    seats = serializers.IntegerField()


PREVIEW: dict[str, Any] = {
    "token": ".eJyrVspM...",
    "expires_at": "2026-03-12T09:45:00Z",
    "interval": "month",
    "currency": "usd",
    "credited_fee_minor": 29000,
    "first_charge": {
        "at": "2026-03-12T09:30:00Z",
        "seats": 25,
        "subtotal_minor": 35000,
        "discount_minor": 29000,
        "tax_minor": 0,
        "taxes": [],
        "total_minor": 6000,
        "balance_applied_minor": 0,
        "due_minor": 6000,
    },
}
DONE = outcomes.DONE | {"seats": 25}
NO_PILOT = schema.problem("no-pilot", 409, "No pilot runs here. Once it is over the plan is bought by a cart.")
STANDING = (
    NO_PILOT,
    schema.problem("not-on-sale", 422, "There is no plan of this name, interval and currency on sale."),
    schema.problem("seats-in-use", 409, "2 more people have a seat than would be left.", missing=2),
    schema.TOO_MANY_SEATS,
    schema.REFUSED,
    schema.UNREACHABLE,
)


class ConversionPreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.ask(
        "preview_pilot_conversion",
        "What going on with a pilot's plan costs",
        schema.Answer(shape=ConversionPreviewOutput, example=PREVIEW, name="Preview"),
        tag=TAG,
        description="Asks the payment provider once and changes nothing.",
        parameters=[inputs.LineQuery],
        body=ConversionPreviewInput,
        bodies={"25 seats, monthly": {"seats": 25, "interval": "month"}},
        refusals=list(STANDING),
    )
    def post(self, request: Request) -> Response:
        asked = self.body(ConversionPreviewInput)
        offered = pilot_conversions.offer(self.current(), quantity=asked["seats"], interval=asked["interval"], at=clock.now())
        told = words.named(offered, ("token", "expires_at", "interval"))
        told |= {"currency": offered.charge.currency, "credited_fee_minor": offered.fee_minor}
        return base.answer(ConversionPreviewOutput, told | {"first_charge": words.first_charge(offered.charge)})


class Conversions(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "convert_pilot",
        "Go on with a pilot's plan",
        schema.Answer(shape=ConversionOutput, example=DONE, status=201, name="Done"),
        schema.under_way(
            ConversionOutput,
            DONE | {"outcome": "waiting", "payment_url": "https://store.example/seats/changes/k3m9x2c7w5nq8h4t/"},
            name="Waiting for payment",
        ),
        tag=TAG,
        description="Ends the pilot and begins the plan, for exactly what was previewed: if it would be another amount nothing "
        "is charged, and the answer is 409. While it waits for the bank the pilot goes on, and `pending` of the subscription "
        "names the change.",
        parameters=[inputs.LineQuery],
        body=ConversionInput,
        bodies={"By token": {"token": PREVIEW["token"]}},
        refusals=[
            schema.problem("preview-stale", 409, "The price changed since the preview."),
            schema.PAYMENT_PENDING,
            schema.BUSY,
            *STANDING,
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        token = self.body(ConversionInput)["token"]
        command = pilot_conversions.confirm(self.current(), token=token, origin=self.origin(), at=clock.now())
        return outcomes.answer(ConversionOutput, command, seats=command.payload["quantity"])
