"""More seats: what they cost, buying them, and how a change stands."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, idempotency, inputs, outputs, problems, schema, words
from billing.api.problems import Problem
from billing.api.views import base
from billing.models import ChangeState, SeatChange, Subscription
from billing.services import seat_increases, seats
from config import clock

TAG = ["Seats"]


class SeatPreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @extend_schema(
        operation_id="preview_seats",
        summary="What more seats cost now",
        description="Asks the payment provider once and changes nothing. The token confirms exactly this price for 15 minutes.",
        tags=TAG,
        parameters=[schema.ORGANIZATION, inputs.LineQuery],
        request=inputs.SeatPreviewInput,
        responses={
            200: outputs.PreviewOutput,
            **schema.problems(
                schema.INVALID, schema.NO_ORGANIZATION, schema.NOT_ACTIVE, schema.TOO_MANY_SEATS, schema.UNREACHABLE
            ),
        },
        examples=[schema.request("Thirteen seats", {"seats": 13}), schema.example("Preview", examples.PREVIEW)],
    )
    def post(self, request: Request) -> Response:
        asked = self.body(inputs.SeatPreviewInput)["seats"]
        offered = _offer(self.current(), asked)
        return base.answer(outputs.PreviewOutput, words.offer(offered))


def _offer(row: Subscription, asked: int, nonce: str = "") -> seats.Offer:
    try:
        return seats.offer(row, seats=asked, at=clock.now(), nonce=nonce)
    except seats.AboveMaximum as error:
        problem = problems.of(error)
        assert problem is not None
        problem.more["talk_url"] = f"{words.page('storefront:talk')}?seats={asked}"
        raise problem from error


class SeatChanges(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @extend_schema(
        operation_id="change_seats",
        summary="Buy more seats",
        description="Charges the card on file for exactly the previewed amount and gives the seats once it is paid. "
        "Send the `token` of a preview, or `seats` with the amount you expect (`expected_due_now_minor`): if it would be "
        "another, nothing is charged and the answer (409) carries the present preview. 202: the payment has to be finished by "
        "a person (`waiting`, at `finish_url`) or the provider has not answered yet (`sending`); ask for the change again.",
        tags=TAG,
        parameters=[schema.ORGANIZATION, schema.IDEMPOTENCY_KEY, inputs.LineQuery],
        request=inputs.SeatChangeInput,
        responses={
            201: OpenApiResponse(outputs.SeatChangeOutput, description="Paid: the seats are there."),
            202: OpenApiResponse(outputs.SeatChangeOutput, description="Under way."),
            **schema.problems(
                schema.INVALID,
                schema.problem(
                    "payment-declined", 402, "Your card was declined.", change=examples.CHANGE | {"state": "declined"}
                ),
                schema.NO_ORGANIZATION,
                schema.problem("preview-stale", 409, "The price changed since the preview.", preview=examples.PREVIEW),
                schema.problem("amount-differs", 409, "The charge would be 2880, not 2000.", preview=examples.PREVIEW),
                schema.problem("payment-pending", 409, "An earlier change waits for its payment.", change="k3m9x2c7w5nq8h4t"),
                schema.BUSY,
                schema.NOT_ACTIVE,
                schema.REUSED,
                schema.TOO_MANY_SEATS,
                schema.problem("too-many-changes", 429, "Seats were changed too often.", next_at="2026-03-12T09:32:00Z"),
                schema.problem("payment-provider-refused", 502, "The payment provider refused. Nothing was changed."),
                schema.UNREACHABLE,
            ),
        },
        examples=[
            schema.request("By token", {"token": examples.PREVIEW["token"], "members": [4711]}),
            schema.request("By number and amount", {"seats": 13, "expected_due_now_minor": 2880}),
            schema.example("Done", examples.CHANGE, 201),
            schema.example("Waiting for payment", examples.CHANGE | {"state": "waiting", "concluded_at": None}, 202),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, row = self.body(inputs.SeatChangeInput), self.current()
        known = SeatChange.objects.filter(subscription=row, nonce=idempotency.nonce(request)).first()
        change = known or self._change(row, asked, idempotency.nonce(request))
        return _change_answer(change)

    def _change(self, row: Subscription, asked: dict[str, Any], nonce: str) -> SeatChange:
        token = asked.get("token") or self._agreed(row, asked["seats"], asked["expected_due_now_minor"], nonce)
        named = asked.get("members", [])
        try:
            return seats.confirm(row, token=token, origin=self.origin(), at=clock.now(), assign_to=list(named))
        except seats.Stale as stale:
            problem = problems.of(stale)
            assert problem is not None
            if stale.fresh is not None:
                problem.more["preview"] = outputs.PreviewOutput(words.offer(stale.fresh)).data
            raise problem from stale

    def _agreed(self, row: Subscription, asked: int, expected_minor: int, nonce: str) -> str:
        offered = _offer(row, asked, nonce)
        due = offered.preview.due_now_minor
        if due != expected_minor:
            detail = _("The charge would be %(due)s, not %(expected)s. Nothing was charged; agree to the new amount.")
            said = detail % {"due": due, "expected": expected_minor}
            wrong = problems.field("/expected_due_now_minor", said, "amount-differs")
            fresh = _offer(row, asked)
            raise Problem("amount-differs", said, errors=[wrong], preview=outputs.PreviewOutput(words.offer(fresh)).data)
        return offered.token


def _change_answer(change: SeatChange) -> Response:
    said = outputs.SeatChangeOutput(words.seat_change(change)).data
    if change.state == ChangeState.DECLINED:
        detail = change.message or _("The card was declined. Nothing was charged.")
        raise Problem("payment-declined", detail, status_code=status.HTTP_402_PAYMENT_REQUIRED, change=said)
    if change.state == ChangeState.FAILED:
        detail = _("The payment provider refused. Nothing was changed; look at the subscription and try again.")
        raise Problem("payment-provider-refused", detail, status_code=status.HTTP_502_BAD_GATEWAY, change=said)
    under_way = change.state in (ChangeState.SENDING, ChangeState.WAITING)
    return Response(said, status=status.HTTP_202_ACCEPTED if under_way else status.HTTP_201_CREATED)


class SeatChangeView(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "DELETE": [Scope.BILLING_WRITE]}

    @extend_schema(
        operation_id="seat_change",
        summary="How a change of seats stands",
        tags=TAG,
        parameters=[schema.ORGANIZATION],
        responses={200: outputs.SeatChangeOutput, **schema.problems(schema.NO_ORGANIZATION)},
        examples=[schema.example("Done", examples.CHANGE)],
    )
    def get(self, request: Request, change_id: str) -> Response:
        return base.answer(outputs.SeatChangeOutput, words.seat_change(self._change(change_id)))

    @extend_schema(
        operation_id="drop_seat_change",
        summary="Drop a change that waits for its payment",
        description="Voids its invoice; nothing is charged. Dropping twice is no error. If it was paid in the meantime it "
        "stands: look at `state`.",
        tags=TAG,
        parameters=[schema.ORGANIZATION],
        responses={
            200: outputs.SeatChangeOutput,
            **schema.problems(schema.NO_ORGANIZATION, schema.BUSY, schema.UNREACHABLE),
        },
        examples=[schema.example("Dropped", examples.CHANGE | {"state": "dropped"})],
    )
    def delete(self, request: Request, change_id: str) -> Response:
        dropped = seat_increases.drop(self._change(change_id), origin=self.origin(), at=clock.now())
        return base.answer(outputs.SeatChangeOutput, words.seat_change(dropped))

    def _change(self, change_id: str) -> SeatChange:
        rows = SeatChange.objects.select_related("subscription__organization")
        found = rows.filter(subscription__organization=self.organization, public_id=change_id).first()
        if found is None:
            raise Http404
        return found
