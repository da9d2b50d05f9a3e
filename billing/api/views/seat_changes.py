"""More seats: what they cost, buying them, and how a change stands."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, filters, idempotency, inputs, outputs, paging, problems, references, schema, words
from billing.api.views import base, confirming, objects
from billing.models import ChangeState, SeatChange, Subscription
from billing.services.changes import seat_increases, seats
from config import clock

TAG = "Seats"
PLACE = references.path("change", "The change")


class SeatChangesQuery(filters.SubscriptionQuery):
    state = serializers.ChoiceField(choices=ChangeState.choices, required=False)


SeatChangesOutput = paging.paged(outputs.SeatChangeOutput, "SeatChangesOutput")


class SeatPreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.ask(
        "preview_seats",
        "What more seats cost now",
        schema.Answer(shape=outputs.PreviewOutput, example=examples.PREVIEW, name="Preview"),
        tag=TAG,
        description="Asks the payment provider once and changes nothing. The token confirms exactly this price for 15 minutes. "
        "In a trial nothing is due, fewer seats can be had too, and `first_charge` says what the first charge becomes.",
        parameters=[inputs.LineQuery],
        body=inputs.SeatPreviewInput,
        bodies={"Thirteen seats": {"seats": 13}},
        refusals=[
            schema.IN_PILOT,
            *(schema.BUSY, schema.NOT_ACTIVE, schema.PAUSED, schema.PAYMENT_PENDING, schema.NOTHING_CHANGES, schema.ENDS_SOON),
            *(schema.TOO_MANY_SEATS, schema.BEYOND_CREDIT, schema.REFUSED, schema.UNREACHABLE),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = self.body(inputs.SeatPreviewInput)["seats"]
        offered = _offer(self.current(), asked)
        return base.answer(outputs.PreviewOutput, words.offer(offered))


def _offer(row: Subscription, asked: int, nonce: str = "") -> seats.Offer:
    try:
        return seats.offer(row, seats=asked, at=clock.now(), nonce=nonce)
    except seats.AboveMaximum as error:
        raise problems.with_more(error, talk_url=f"{words.page('storefront:talk')}?seats={asked}") from error


class SeatChanges(confirming.ConfirmingView):
    about = "seats"
    required_scopes = {"GET": [Scope.BILLING_READ], "POST": [Scope.BILLING_WRITE]}

    @schema.read(
        "seat_changes",
        "Seats and add-ons bought, the newest first, however each ended",
        schema.Answer(shape=SeatChangesOutput, example={"data": [examples.CHANGE], "next": None}, name="One"),
        tag=TAG,
        description="What was asked for, also what was declined or dropped. What came of it is in the ledger.",
        parameters=[SeatChangesQuery],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(SeatChangesQuery)
        rows = filters.narrowed(confirming.rows(self), asked)
        return base.answer(SeatChangesOutput, paging.page(rows, asked, words.seat_change, newest_first=True))

    @schema.make(
        "change_seats",
        "Buy more seats",
        schema.Answer(
            shape=outputs.SeatChangeOutput, example=examples.CHANGE, status=201, description="Paid: the seats are there."
        ),
        schema.Answer(shape=outputs.SeatChangeOutput, example=examples.CHANGE, name="Was there", description=schema.WAS_THERE),
        schema.under_way(
            outputs.SeatChangeOutput, examples.CHANGE | {"state": "waiting", "concluded_at": None}, name="Waiting for payment"
        ),
        tag=TAG,
        description="Charges the card on file for exactly the previewed amount and gives the seats once it is paid. "
        "Send the `token` of a preview, or `seats` with the amount you expect (`expected_due_now_minor`): if it would be "
        "another, nothing is charged and the answer (409) carries the present preview. 202: the payment has to be finished by "
        "a person (`waiting`, at `finish_url`) or the provider has not answered yet (`sending`); ask for the change again.",
        parameters=[inputs.LineQuery],
        body=inputs.SeatChangeInput,
        bodies={
            "By token": {"token": examples.PREVIEW["token"], "members": ["external:u-93"], "external_id": "po-118"},
            "By number and amount": {"seats": 13, "expected_due_now_minor": 2880},
        },
        refusals=[
            schema.problem("payment-declined", 402, "Your card was declined.", change=examples.CHANGE | {"state": "declined"}),
            schema.problem("preview-stale", 409, "The price changed since the preview.", preview=examples.PREVIEW),
            schema.problem("amount-differs", 409, "The charge would be 2880, not 2000.", preview=examples.PREVIEW),
            schema.IN_PILOT,
            *(schema.PAYMENT_PENDING, schema.BUSY, schema.NOT_ACTIVE, schema.PAUSED, schema.NOTHING_CHANGES, schema.ENDS_SOON),
            *(schema.TOO_MANY_SEATS, schema.NOT_A_MEMBER, schema.REFUSED, schema.UNREACHABLE),
            *(schema.CONFLICTS, schema.BEYOND_CREDIT, schema.TOO_MANY_CHANGES),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        return self.confirm(request, self.body(inputs.SeatChangeInput))

    def offered(self, row: Subscription, asked: dict[str, Any], nonce: str = "") -> seats.Offer:
        return _offer(row, asked["seats"], nonce)

    def confirmed(self, row: Subscription, token: str, asked: dict[str, Any], at: datetime) -> SeatChange:
        named = references.members(self.organization, asked.get("members", []), "/members")
        people: dict[str, Any] = {"assign_to": named, "invite": [email.lower() for email in asked.get("invite", [])]}
        return seats.confirm(row, token=token, origin=self.origin(), at=at, **people, external_id=asked.get("external_id"))


@extend_schema_view(
    get=schema.read(
        "seat_change",
        "How a change of seats, or of an add-on, stands",
        schema.Answer(shape=outputs.SeatChangeOutput, example=examples.CHANGE),
        tag=TAG,
        parameters=[PLACE],
    ),
    patch=objects.naming_once(
        "name_seat_change",
        "a change",
        schema.Answer(shape=outputs.SeatChangeOutput, example=examples.CHANGE),
        tag=TAG,
        place=PLACE,
    ),
    delete=schema.change(
        "drop_seat_change",
        "Drop a change that waits for its payment",
        schema.Answer(shape=outputs.SeatChangeOutput, example=examples.CHANGE | {"state": "dropped"}, name="Dropped"),
        tag=TAG,
        parameters=[PLACE],
        description="Voids its invoice; nothing is charged. Dropping twice is no error. If it was paid in the meantime it "
        "stands: look at `state`.",
        refusals=[schema.BUSY, schema.UNREACHABLE],
    ),
)
class SeatChangeView(objects.NamingView[SeatChange], objects.EndingView[SeatChange]):
    required_scopes = {"GET": [Scope.BILLING_READ], "PATCH": [Scope.BILLING_WRITE], "DELETE": [Scope.BILLING_WRITE]}
    shape, place = outputs.SeatChangeOutput, "change"

    def rows(self) -> QuerySet[SeatChange]:
        return confirming.rows(self)

    def plain(self, row: SeatChange) -> dict[str, Any]:
        return words.seat_change(row)

    def end(self, row: SeatChange) -> None:
        seat_increases.drop(row, origin=self.origin(), at=clock.now())
