"""More seats: what they cost, buying them, and how a change stands."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, idempotency, inputs, outputs, problems, references, schema, words
from billing.api.problems import Problem
from billing.api.views import base, changes
from billing.models import ChangeState, SeatChange, Subscription
from billing.services import seat_increases, seats
from config import clock

TAG = "Seats"


class SeatPreview(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.ask(
        "preview_seats",
        "What more seats cost now",
        schema.Answer(shape=outputs.PreviewOutput, example=examples.PREVIEW, name="Preview"),
        tag=TAG,
        description="Asks the payment provider once and changes nothing. The token confirms exactly this price for 15 minutes.",
        parameters=[inputs.LineQuery],
        body=inputs.SeatPreviewInput,
        bodies={"Thirteen seats": {"seats": 13}},
        refusals=[
            *(schema.BUSY, schema.NOT_ACTIVE, schema.PAYMENT_PENDING, schema.NOTHING_CHANGES, schema.ENDS_SOON),
            *(schema.TOO_MANY_SEATS, schema.REFUSED, schema.UNREACHABLE),
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
        problem = problems.of(error)
        assert isinstance(problem, Problem)
        problem.more["talk_url"] = f"{words.page('storefront:talk')}?seats={asked}"
        raise problem from error


class SeatChanges(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "change_seats",
        "Buy more seats",
        schema.Answer(
            shape=outputs.SeatChangeOutput, example=examples.CHANGE, status=201, description="Paid: the seats are there."
        ),
        schema.Answer(
            shape=outputs.SeatChangeOutput,
            example=examples.CHANGE | {"state": "waiting", "concluded_at": None},
            status=202,
            name="Waiting for payment",
            description="Under way.",
        ),
        tag=TAG,
        description="Charges the card on file for exactly the previewed amount and gives the seats once it is paid. "
        "Send the `token` of a preview, or `seats` with the amount you expect (`expected_due_now_minor`): if it would be "
        "another, nothing is charged and the answer (409) carries the present preview. 202: the payment has to be finished by "
        "a person (`waiting`, at `finish_url`) or the provider has not answered yet (`sending`); ask for the change again.",
        parameters=[inputs.LineQuery],
        body=inputs.SeatChangeInput,
        bodies={
            "By token": {"token": examples.PREVIEW["token"], "members": ["external:u-93"]},
            "By number and amount": {"seats": 13, "expected_due_now_minor": 2880},
        },
        refusals=[
            schema.problem("payment-declined", 402, "Your card was declined.", change=examples.CHANGE | {"state": "declined"}),
            schema.problem("preview-stale", 409, "The price changed since the preview.", preview=examples.PREVIEW),
            schema.problem("amount-differs", 409, "The charge would be 2880, not 2000.", preview=examples.PREVIEW),
            *(schema.PAYMENT_PENDING, schema.BUSY, schema.NOT_ACTIVE, schema.NOTHING_CHANGES, schema.ENDS_SOON),
            *(schema.TOO_MANY_SEATS, schema.NOT_A_MEMBER, schema.REFUSED, schema.UNREACHABLE),
            schema.problem("too-many-changes", 429, "Seats were changed too often.", next_at="2026-03-12T09:32:00Z"),
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
        named = references.members(self.organization, asked.get("members", []), "/members")
        try:
            return seats.confirm(row, token=token, origin=self.origin(), at=clock.now(), assign_to=named)
        except seats.Stale as stale:
            problem = problems.of(stale)
            assert isinstance(problem, Problem)
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


@extend_schema_view(
    get=schema.read(
        "seat_change",
        "How a change of seats stands",
        schema.Answer(shape=outputs.SeatChangeOutput, example=examples.CHANGE),
        tag=TAG,
    ),
    delete=schema.change(
        "drop_seat_change",
        "Drop a change that waits for its payment",
        schema.Answer(shape=outputs.SeatChangeOutput, example=examples.CHANGE | {"state": "dropped"}, name="Dropped"),
        tag=TAG,
        description="Voids its invoice; nothing is charged. Dropping twice is no error. If it was paid in the meantime it "
        "stands: look at `state`.",
        refusals=[schema.BUSY, schema.UNREACHABLE],
    ),
)
class SeatChangeView(changes.ChangeView[SeatChange]):
    shape = outputs.SeatChangeOutput
    model = SeatChange
    plain = staticmethod(words.seat_change)

    def undo(self, change: SeatChange) -> None:
        seat_increases.drop(change, origin=self.origin(), at=clock.now())
