"""What an organization has, and what waits for the period's end."""

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, idempotency, inputs, outputs, problems, schema, words
from billing.api.problems import Problem
from billing.api.views import base
from billing.models import CancelReason, ScheduledChange, ScheduledKind, SeatAssignment, Subscription
from billing.queries import overview
from billing.services import scheduled
from config import clock

TAG = ["Subscription"]


class SubscriptionView(base.View):
    required_scopes = [Scope.BILLING_READ]

    @extend_schema(
        operation_id="subscription",
        summary="What an organization has, and what is to come",
        tags=TAG,
        parameters=[schema.ORGANIZATION, inputs.LineQuery],
        responses={200: outputs.SubscriptionOutput, **schema.problems(schema.NO_ORGANIZATION)},
        examples=[schema.example("Subscription", examples.SUBSCRIPTION)],
    )
    def get(self, request: Request) -> Response:
        standing = overview.standing(self.organization, line=self.query(inputs.LineQuery).get("line", ""))
        if standing is None:
            detail = _("This organization has no subscription. A plan is bought in the store.")
            raise Problem("no-subscription", detail, status_code=status.HTTP_404_NOT_FOUND)
        return base.answer(outputs.SubscriptionOutput, words.subscription(standing))


class ScheduledChanges(base.View):
    required_scopes = [Scope.BILLING_WRITE]

    @extend_schema(
        operation_id="schedule_change",
        summary="Change seats with the next period, or end the subscription with this one",
        description="`seats` is the number to have from the next period on, on top of what is scheduled already. Can be taken "
        "back until then.",
        tags=TAG,
        parameters=[schema.ORGANIZATION, schema.IDEMPOTENCY_KEY, inputs.LineQuery],
        request=inputs.ScheduledChangeInput,
        responses={
            201: outputs.ScheduledChangeOutput,
            **schema.problems(
                schema.INVALID,
                schema.NO_ORGANIZATION,
                schema.problem("seats-in-use", 409, "2 more people have a seat than would be left.", missing=2),
                schema.problem("subscription-ends", 409, "The subscription ends with this period."),
                schema.problem("nothing-changes", 409, "That many seats are bought already."),
                schema.NOT_ACTIVE,
                schema.REUSED,
                schema.TOO_MANY_SEATS,
            ),
        },
        examples=[
            schema.request("Two fewer at renewal", {"seats": 8, "releases": [4711, 4712]}),
            schema.request("End with the period", {"kind": "end", "reason_code": "unused"}),
            schema.example("Coming", examples.SCHEDULED, 201),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, row = self.body(inputs.ScheduledChangeInput), self.current()
        if asked["kind"] == ScheduledKind.END:
            change = scheduled.end(
                row,
                reason_code=CancelReason(asked["reason_code"]),
                reason=asked.get("reason", ""),
                origin=self.origin(),
                at=clock.now(),
            )
        else:
            change = scheduled.change_seats(
                row,
                seats_after=asked["seats"],
                releases=_assignments(row, asked.get("releases", [])),
                origin=self.origin(),
                at=clock.now(),
                reason=asked.get("reason", ""),
            )
        return base.answer(outputs.ScheduledChangeOutput, words.scheduled_change(change), status.HTTP_201_CREATED)


def _assignments(row: Subscription, members: list[int]) -> list[int]:
    """The seats of these members. Refuses a member who has none."""
    live = SeatAssignment.objects.filter(subscription=row, ended_at=None, membership__in=members)
    seated = dict(live.values_list("membership_id", "pk"))
    without = sorted(set(members) - set(seated))
    if without:
        detail = _("These members have no seat: %(ids)s. Name members who have one.")
        said = detail % {"ids": ", ".join(map(str, without))}
        raise Problem("no-such-seat", said, status_code=422, errors=[problems.field("/releases", said, "no-such-seat")])
    return list(seated.values())


class ScheduledChangeView(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "DELETE": [Scope.BILLING_WRITE]}

    @extend_schema(
        operation_id="scheduled_change",
        summary="How a scheduled change stands",
        tags=TAG,
        parameters=[schema.ORGANIZATION],
        responses={200: outputs.ScheduledChangeOutput, **schema.problems(schema.NO_ORGANIZATION)},
        examples=[schema.example("Coming", examples.SCHEDULED)],
    )
    def get(self, request: Request, change_id: str) -> Response:
        return base.answer(outputs.ScheduledChangeOutput, words.scheduled_change(self._change(change_id)))

    @extend_schema(
        operation_id="take_back_scheduled_change",
        summary="Take a scheduled change back",
        description="Taking back twice is no error. What has happened stays: look at `state`.",
        tags=TAG,
        parameters=[schema.ORGANIZATION],
        responses={
            200: outputs.ScheduledChangeOutput,
            **schema.problems(
                schema.NO_ORGANIZATION, schema.problem("seats-in-use", 409, "Others need these seats.", missing=1)
            ),
        },
        examples=[schema.example("Taken back", examples.SCHEDULED | {"state": "canceled"})],
    )
    def delete(self, request: Request, change_id: str) -> Response:
        change = self._change(change_id)
        scheduled.take_back(change, origin=self.origin(), at=clock.now())
        return base.answer(outputs.ScheduledChangeOutput, words.scheduled_change(self._change(change_id)))

    def _change(self, change_id: str) -> ScheduledChange:
        rows = ScheduledChange.objects.select_related("subscription__organization")
        found = rows.filter(subscription__organization=self.organization, public_id=change_id).first()
        if found is None:
            raise Http404
        return found
