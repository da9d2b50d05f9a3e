"""A larger plan, or a year, for a subscription there is: its price, and having exactly that. A smaller one is scheduled."""

from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, idempotency, inputs, outputs, schema, words
from billing.api.views import base, confirming
from billing.models import SeatChange, Subscription
from billing.services.changes import plan_changes, seats
from config import clock

TAG = "Plans"
PREVIEW: dict[str, Any] = examples.PREVIEW | {
    "seats_after": 10,
    "seats_at_renewal": 10,
    "plan": "fieldnote/business",
    "lines": [
        {
            "description": "Unused time on 10 x Team after 12 Mar 2026",
            "addon": "",
            "quantity": 10,
            "amount_minor": -9280,
            "starts_at": "2026-03-12T09:30:00Z",
            "ends_at": "2026-03-30T09:30:00Z",
            "discount_minor": 0,
        },
        {
            "description": "Remaining time on 10 x Business after 12 Mar 2026",
            "addon": "",
            "quantity": 10,
            "amount_minor": 16820,
            "starts_at": "2026-03-12T09:30:00Z",
            "ends_at": "2026-03-30T09:30:00Z",
            "discount_minor": 0,
        },
    ],
    "subtotal_minor": 7540,
    "total_minor": 7540,
    "due_now_minor": 7540,
    "renewal_minor": 29000,
    "between_at": None,
    "between_minor": 0,
    "between_tax_minor": 0,
}
CHANGE: dict[str, Any] = examples.CHANGE | {
    "external_id": "po-121",
    "kind": "plan",
    "seats_after": 10,
    "plan": "fieldnote/business",
    "due_now_minor": 7540,
}
STANDING = (
    *(schema.PLAN_NOT_OFFERED, schema.PLAN_BEGINS_LATER, schema.PLAN_NOT_WITH_SEATS, schema.CONFLICTS),
    schema.problem("nothing-changes", 409, "It is had already."),
    *(schema.BUSY, schema.NOT_ACTIVE, schema.PAUSED, schema.IN_PILOT, schema.PAYMENT_PENDING, schema.TOO_MANY_CHANGES),
    *(schema.PAY_FIRST, schema.BEYOND_CREDIT, schema.REFUSED, schema.UNREACHABLE),
)


class PlanPreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.ask(
        "preview_plan",
        "What a larger plan, or a year, costs now",
        schema.Answer(shape=outputs.PreviewOutput, example=PREVIEW, name="Preview"),
        tag=TAG,
        description="Asks the payment provider once and changes nothing. What is paid for of the old plan is given back. The "
        "token confirms exactly this price for 15 minutes. With `interval` `year` months become a year now: a period of its "
        "own begins, and what is left of the month is taken off. In a trial nothing is due, any plan and interval can be "
        "had, and `first_charge` says what the first charge becomes. Add-ons that do not go with the plan are given back.",
        parameters=[inputs.LineQuery],
        body=inputs.PlanPreviewInput,
        bodies={"As many seats": {"plan": "fieldnote/business"}, "More": {"plan": "fieldnote/business", "seats": 25}},
        refusals=list(STANDING),
    )
    def post(self, request: Request) -> Response:
        return base.answer(outputs.PreviewOutput, words.offer(_offer(self.current(), self.body(inputs.PlanPreviewInput))))


class PlanChanges(confirming.ConfirmingView):
    required_scopes = [Scope.BILLING_WRITE]
    about = "plan"

    @schema.make(
        "change_plan",
        "Have a larger plan, or a year, now",
        schema.Answer(shape=outputs.SeatChangeOutput, example=CHANGE, status=201, description="Paid: it is had."),
        schema.Answer(shape=outputs.SeatChangeOutput, example=CHANGE, name="Was there", description=schema.WAS_THERE),
        schema.under_way(
            outputs.SeatChangeOutput, CHANGE | {"state": "waiting", "concluded_at": None}, name="Waiting for payment"
        ),
        tag=TAG,
        description="Charges the card on file for exactly the previewed amount, and the plan is had once it is paid. Send the "
        "`token` of a preview, or `plan` with the amount you expect (`expected_due_now_minor`): if it would be another, "
        "nothing is charged and the answer (409) carries the present preview. 202: the payment has to be finished by a person "
        "(`waiting`, at `finish_url`) or the provider has not answered yet (`sending`). The change is among those of seats: "
        "ask how it stands, or drop it, at `subscription/seats/changes/<id>`. A smaller plan, or months instead of a year, is "
        "a scheduled change of kind `plan`.",
        parameters=[inputs.LineQuery],
        body=inputs.PlanChangeInput,
        bodies={
            "By token": {"token": examples.PREVIEW["token"], "external_id": "po-121"},
            "By plan and amount": {"plan": "fieldnote/business", "expected_due_now_minor": 7540},
        },
        refusals=[
            schema.problem("payment-declined", 402, "Your card was declined.", change=CHANGE | {"state": "declined"}),
            schema.problem("preview-stale", 409, "The price changed since the preview.", preview=PREVIEW),
            schema.problem("amount-differs", 409, "The charge would be 7540, not 7500.", preview=PREVIEW),
            schema.TAKEN,
            *STANDING,
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        return self.confirm(request, self.body(inputs.PlanChangeInput))

    def offered(self, row: Subscription, asked: dict[str, Any], nonce: str = "") -> seats.Offer:
        return _offer(row, asked, nonce)

    def confirmed(self, row: Subscription, token: str, asked: dict[str, Any], at: datetime) -> SeatChange:
        return plan_changes.confirm(row, token=token, origin=self.origin(), at=at, external_id=asked.get("external_id"))


def _offer(row: Subscription, asked: dict[str, Any], nonce: str = "") -> seats.Offer:
    wanted = {"quantity": asked.get("seats"), "interval": asked.get("interval", "")}
    return plan_changes.offer(row, plan=plan_changes.code_of(row, asked["plan"]), at=clock.now(), nonce=nonce, **wanted)
