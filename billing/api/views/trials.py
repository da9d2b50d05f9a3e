"""A trial's own steps: longer once, going on after it ended without a card, or ending for good then."""

from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, outcomes, outputs, problems, schema, words
from billing.api.views import base
from billing.models import CommandState, Subscription
from billing.services.changes import seats
from billing.services.leaving import resuming
from billing.services.trying import trial_changes
from config import clock

TAG = "Trials"


class ExtensionOutput(outcomes.OutcomeOutput):
    """Nothing is charged: it is done, or open until the payment provider answers."""

    ends_at = serializers.DateTimeField(help_text="When the trial ends, as far as it is known.")


class ResumptionPreviewOutput(outputs.Output):
    """What going on costs. Nothing is charged now. Confirm it with `token` until `expires_at`."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    has_card = serializers.BooleanField(
        help_text="Whether a card is on file that a resumption charges. Without one, open a card set-up with this token."
    )
    currency = serializers.CharField()
    first_charge = outputs.FirstChargeOutput()


class ResumptionInput(inputs.Strict):
    token = serializers.CharField(max_length=20_000, help_text="Of a preview; the amount shown there decides, not its age.")


LONGER = outcomes.DONE | {"ends_at": "2026-04-02T09:30:00Z"}
PREVIEW: dict[str, Any] = {
    "token": "WyJzdWJfMVF4...",
    "expires_at": "2026-03-13T09:30:00Z",
    "has_card": True,
    "currency": "usd",
    "first_charge": {
        "at": "2026-03-12T09:30:00Z",
        "seats": 10,
        "subtotal_minor": 16000,
        "discount_minor": 0,
        "tax_minor": 0,
        "taxes": [],
        "total_minor": 16000,
        "balance_applied_minor": 0,
        "due_minor": 16000,
    },
}
NOT_PAUSED = schema.problem("not-paused", 409, "This subscription is not paused.")
NO_CARD = schema.problem("no-card", 409, "There is no card to charge. Open a card set-up with this token.")
STALE = schema.problem("preview-stale", 409, "The price changed since the preview.", preview=PREVIEW)


class Extensions(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "extend_trial",
        "Let a trial go on, once",
        schema.Answer(shape=ExtensionOutput, example=LONGER, status=201, name="Longer"),
        schema.under_way(ExtensionOutput, LONGER | {"outcome": "open"}),
        tag=TAG,
        description="In its last days, and not while it is to end: `trial.can_be_extended_until` of the subscription says "
        "whether, and until when it would go on. Nothing is charged.",
        parameters=[inputs.LineQuery],
        refusals=[
            schema.problem("trial-not-extendable", 409, "A trial is made longer once, in its last days."),
            *(schema.BUSY, schema.NOT_ACTIVE, schema.REFUSED, schema.UNREACHABLE),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        row = self.current()
        command = trial_changes.extend(row, origin=self.origin(), at=clock.now(), nonce=idempotency.nonce(request))
        row.refresh_from_db(fields=["trial_ends_at"])
        return outcomes.answer(ExtensionOutput, command, ends_at=row.trial_ends_at)


class ResumptionPreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.ask(
        "preview_trial_resumption",
        "What going on after a trial, or a pause, costs",
        schema.Answer(shape=ResumptionPreviewOutput, example=PREVIEW, name="Preview"),
        tag=TAG,
        description="For a trial that ended without a card, which paused its subscription, and for a pause. Asks the payment "
        "provider once and changes nothing.",
        parameters=[inputs.LineQuery],
        refusals=[NOT_PAUSED, schema.NOT_ACTIVE, schema.REFUSED, schema.UNREACHABLE],
    )
    def post(self, request: Request) -> Response:
        return base.answer(ResumptionPreviewOutput, _preview(self.current(), clock.now()))


class Resumptions(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "resume_trial",
        "Go on after a trial, or a pause, with the card on file",
        schema.Answer(shape=outcomes.OutcomeOutput, example=outcomes.DONE, status=201, name="Done"),
        schema.under_way(
            outcomes.OutcomeOutput,
            outcomes.DONE | {"outcome": "waiting", "payment_url": "https://store.example/seats/changes/k3m9x2c7w5nq8h4t/"},
            name="Waiting for payment",
        ),
        tag=TAG,
        description="Charges exactly what was previewed and begins the first period now: if it would be another amount nothing "
        "is charged, and the answer is 409 with the present preview. Where no card is on file (409, no-card), "
        "`payment-method/setups` takes the same token and goes on once a person has added one. While it waits for the bank "
        "it stays paused, and `pending` of the subscription names the change, which DELETE `subscription/seats/changes/<id>` "
        "drops.",
        parameters=[inputs.LineQuery],
        body=ResumptionInput,
        bodies={"By token": {"token": PREVIEW["token"]}},
        refusals=[NO_CARD, STALE, NOT_PAUSED, schema.BUSY, schema.NOT_ACTIVE, schema.REFUSED, schema.UNREACHABLE],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        token, row, at = self.body(ResumptionInput)["token"], self.current(), clock.now()
        try:
            command = resuming.resume(row, token=token, origin=self.origin(), at=at)
        except seats.NotLive as error:
            raise problems.not_paused() from error
        except seats.Stale as stale:
            raise problems.with_more(stale, preview=_told(row, at)) from stale
        if command.state == CommandState.FAILED:
            _refuse_moved(row, token, at)
        return outcomes.answer(outcomes.OutcomeOutput, command)


class Endings(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "end_trial",
        "End what a trial left paused",
        schema.Answer(shape=outcomes.OutcomeOutput, example=outcomes.DONE, status=201, name="Ended"),
        schema.under_way(outcomes.OutcomeOutput, outcomes.DONE | {"outcome": "open"}),
        tag=TAG,
        description="At once and for nothing: there is no period that it could end with. A trial that still runs ends by a "
        "scheduled change of kind `end`.",
        parameters=[inputs.LineQuery],
        refusals=[NOT_PAUSED, schema.BUSY, schema.NOT_ACTIVE, schema.REFUSED, schema.UNREACHABLE],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        row = self.current()
        try:
            command = trial_changes.end(row, origin=self.origin(), at=clock.now())
        except seats.NotLive as error:
            raise problems.not_paused() from error
        return outcomes.answer(outcomes.OutcomeOutput, command)


def _preview(row: Subscription, at: datetime) -> dict[str, Any]:
    try:
        offered = resuming.offer(row)
    except seats.NotLive as error:
        raise problems.not_paused() from error
    return {
        "token": offered.token,
        "expires_at": at + resuming.HOLDS,
        "has_card": bool(row.organization.customer.payment_method_id),
        "currency": offered.charge.currency,
        "first_charge": words.first_charge(offered.charge),
    }


def _told(row: Subscription, at: datetime) -> Any:
    return ResumptionPreviewOutput(_preview(row, at)).data


def _refuse_moved(row: Subscription, token: str, at: datetime) -> None:
    """Nothing was charged. Raises preview-stale if that was because the amount is another one by now."""
    agreed, now = resuming.agreed(row, token), _preview(row, at)
    if (now["first_charge"]["due_minor"], now["currency"]) != (agreed.due_minor, agreed.currency):
        raise problems.with_more(seats.Stale(), preview=ResumptionPreviewOutput(now).data)
