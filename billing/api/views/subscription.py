"""What an organization has, and what waits for the period's end."""

import functools
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, filters, idempotency, inputs, outputs, paging, problems, references, schema, words
from billing.api.problems import Problem
from billing.api.views import base, objects
from billing.models import (
    Addon,
    CancelReason,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    SeatAssignment,
    Subscription,
    SubscriptionAddon,
)
from billing.queries import overview
from billing.services.changes import addons, plan_changes, scheduled, seats
from config import clock

TAG = "Subscription"
PLACE = references.path("change", "The change")
NONE = schema.problem("no-subscription", 404, "This organization has no subscription.")


class ScheduledChangesQuery(filters.SubscriptionQuery):
    state = serializers.ChoiceField(choices=ScheduledState.choices, required=False)


ScheduledChangesOutput = paging.paged(outputs.ScheduledChangeOutput, "ScheduledChangesOutput")


class SubscriptionView(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "subscription",
        "What an organization has, and what is to come",
        schema.Answer(shape=outputs.SubscriptionOutput, example=examples.SUBSCRIPTION, name="Subscription"),
        tag=TAG,
        parameters=[inputs.LineQuery],
        refusals=[NONE],
    )
    def get(self, request: Request) -> Response:
        standing = overview.standing(self.organization, line=self.query(inputs.LineQuery).get("line", ""))
        if standing is None:
            detail = _("This organization has no subscription. A plan is bought in the store.")
            raise Problem("no-subscription", detail, status_code=status.HTTP_404_NOT_FOUND)
        return base.answer(outputs.SubscriptionOutput, words.subscription(standing, clock.now()))


class ScheduledChanges(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "POST": [Scope.BILLING_WRITE]}

    @schema.read(
        "scheduled_changes",
        "What was scheduled, the newest first, however each ended",
        schema.Answer(shape=ScheduledChangesOutput, example={"data": [examples.SCHEDULED], "next": None}, name="One"),
        tag=TAG,
        description="With `state=pending`: what is to come.",
        parameters=[ScheduledChangesQuery],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(ScheduledChangesQuery)
        rows = filters.narrowed(_scheduled(self), asked)
        return base.answer(ScheduledChangesOutput, paging.page(rows, asked, words.scheduled_change, newest_first=True))

    @schema.make(
        "schedule_change",
        "Change seats, plan or interval, or give an add-on back, with the next period, or end the subscription with this one",
        schema.Answer(shape=outputs.ScheduledChangeOutput, example=examples.SCHEDULED, status=201, name="Coming"),
        schema.Answer(
            shape=outputs.ScheduledChangeOutput, example=examples.SCHEDULED, name="Was there", description=schema.WAS_THERE
        ),
        tag=TAG,
        description="`seats` is the number to have from the next period on, on top of what is scheduled already. Can be taken "
        "back until then. Where it was agreed to last until a day, an end is `booked` for the end of the period that reaches "
        "it (`effective_at`), and what renews until then is paid; so are fewer seats, and a smaller plan, than were committed "
        "until then. What a trial left paused has no period to end with: end it "
        "at `subscription/trial/endings`.",
        parameters=[inputs.LineQuery],
        body=inputs.ScheduledChangeInput,
        bodies={
            "Two fewer at renewal": {"seats": 8, "releases": [4711, "external:u-94"], "external_id": "po-119"},
            "Without an add-on": {"kind": "addon", "addon": "blueprints"},
            "A smaller plan": {"kind": "plan", "plan": "fieldnote/starter"},
            "Paid yearly": {"kind": "plan", "plan": "fieldnote/team", "interval": "year"},
            "End with the period": {"kind": "end", "reason_code": "unused"},
        },
        refusals=[
            schema.problem("seats-in-use", 409, "2 more people have a seat than would be left.", missing=2),
            *(schema.ENDS_SOON, schema.NOTHING_CHANGES, schema.NOT_ACTIVE, schema.PAUSED, schema.IN_TRIAL, schema.IN_PILOT),
            *(schema.PAYMENT_PENDING, schema.ADDON_NUMBER, schema.ADDON_WITHOUT_NUMBER, schema.ADDON_NOT_HELD),
            *(schema.TOO_MANY_SEATS, schema.NOT_A_MEMBER),
            *(schema.PLAN_NOT_OFFERED, schema.PLAN_NOT_WITH_SEATS, schema.CONFLICTS),
            schema.PAY_FIRST,
            schema.problem("ends-at-once", 409, "A payment is missing: preview an ending, and end it now."),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, at = self.body(inputs.ScheduledChangeInput), clock.now()
        verbs = {ScheduledKind.END: self._end, ScheduledKind.ADDON: self._change_addon, ScheduledKind.PLAN: self._change_plan}
        make = functools.partial(verbs.get(asked["kind"], self._change_seats), asked, at)
        change, is_new = references.made_once(_scheduled(self), asked.get("external_id"), make, at=at)
        return base.made(outputs.ScheduledChangeOutput, words.scheduled_change(change), is_new=is_new)

    def _end(self, asked: dict[str, Any], at: datetime) -> ScheduledChange:
        return scheduled.end(
            self.current(),
            reason_code=CancelReason(asked["reason_code"]),
            reason=asked.get("reason", ""),
            origin=self.origin(),
            at=at,
            external_id=asked.get("external_id"),
        )

    def _change_addon(self, asked: dict[str, Any], at: datetime) -> ScheduledChange:
        row = self.current()
        addon = Addon.objects.filter(line=row.line_id, code=asked["addon"]).first()
        if addon is None:
            raise addons.NotHeld("There is no such add-on to give back.")
        try:
            return scheduled.change_addon(
                row,
                addon=addon,
                number=asked.get("number", 0),
                origin=self.origin(),
                at=at,
                reason=asked.get("reason", ""),
                external_id=asked.get("external_id"),
            )
        except seats.NothingChanges as error:
            raise _not_fewer(row, addon) from error

    def _change_plan(self, asked: dict[str, Any], at: datetime) -> ScheduledChange:
        row = self.current()
        return plan_changes.schedule_for(
            row,
            plan=plan_changes.code_of(row, asked["plan"]),
            interval=asked.get("interval", ""),
            origin=self.origin(),
            at=at,
            reason=asked.get("reason", ""),
            external_id=asked.get("external_id"),
        )

    def _change_seats(self, asked: dict[str, Any], at: datetime) -> ScheduledChange:
        row = self.current()
        try:
            return scheduled.change_seats(
                row,
                seats_after=asked["seats"],
                releases=_assignments(row, references.members(self.organization, asked.get("releases", []), "/releases")),
                origin=self.origin(),
                at=at,
                reason=asked.get("reason", ""),
                external_id=asked.get("external_id"),
            )
        except seats.BelowMinimum as error:
            raise _below_plan(error.minimum) from error


def _below_plan(minimum: int) -> Problem:
    """Fewer seats than can be had, now or later."""
    detail = _("The plan starts at %(minimum)s seats. Send that many or more, or end the subscription.")
    said = detail % {"minimum": minimum}
    wrong = problems.field("/seats", said, "too-few-seats")
    return Problem("too-few-seats", said, status_code=422, minimum=minimum, errors=[wrong])


def _not_fewer(row: Subscription, addon: Addon) -> Exception:
    """Why that many of an add-on are no fewer than are had."""
    held = SubscriptionAddon.objects.filter(subscription=row, addon=addon, ended_at=None).first()
    if held is None:
        return addons.NotHeld("It is not had.")
    if held.quantity is None:
        return problems.addon_takes_no_number("/number")
    most = held.quantity - 1 if held.quantity > addon.quantity_min else 0
    return problems.addon_number(_("Send 0 for none, or fewer than now: up to %(maximum)s."), 0, most)


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


@extend_schema_view(
    get=schema.read(
        "scheduled_change",
        "How a scheduled change stands",
        schema.Answer(shape=outputs.ScheduledChangeOutput, example=examples.SCHEDULED, name="Coming"),
        tag=TAG,
        parameters=[PLACE],
    ),
    patch=objects.naming_once(
        "name_scheduled_change",
        "a scheduled change",
        schema.Answer(shape=outputs.ScheduledChangeOutput, example=examples.SCHEDULED),
        tag=TAG,
        place=PLACE,
    ),
    delete=schema.change(
        "take_back_scheduled_change",
        "Take a scheduled change, or the end of the subscription, back",
        schema.Answer(
            shape=outputs.ScheduledChangeOutput, example=examples.SCHEDULED | {"state": "canceled"}, name="Taken back"
        ),
        tag=TAG,
        parameters=[PLACE],
        description="Taking back twice is no error. What has happened stays: look at `state`.",
        refusals=[
            schema.problem("seats-in-use", 409, "Others need these seats.", missing=1),
            schema.IN_PILOT,
            schema.CONFLICTS,
        ],
    ),
)
class ScheduledChangeView(objects.NamingView[ScheduledChange], objects.EndingView[ScheduledChange]):
    required_scopes = {"GET": [Scope.BILLING_READ], "PATCH": [Scope.BILLING_WRITE], "DELETE": [Scope.BILLING_WRITE]}
    shape, place = outputs.ScheduledChangeOutput, "change"

    def rows(self) -> QuerySet[ScheduledChange]:
        return _scheduled(self)

    def plain(self, row: ScheduledChange) -> dict[str, Any]:
        return words.scheduled_change(row)

    def end(self, row: ScheduledChange) -> None:
        scheduled.take_back(row, origin=self.origin(), at=clock.now())


def _scheduled(view: base.View) -> QuerySet[ScheduledChange]:
    rows = ScheduledChange.objects.filter(subscription__organization=view.organization)
    return rows.select_related("subscription__organization", "addon", "price_after__plan__line")
