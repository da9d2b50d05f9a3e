"""Seats that are added by themselves, as programs read and set it."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, problems, schema
from billing.api.outputs import Output
from billing.api.problems import Problem
from billing.api.views import base
from billing.models import AutoExpansion, ExpansionStop, Subscription
from billing.services.changes import seats
from billing.services.renewing import expansions
from config import clock

TAG = "Seats"
EXAMPLE: dict[str, Any] = {
    "is_on": True,
    "step": 2,
    "maximum": 40,
    "budget_minor": 50000,
    "spent_minor": 3200,
    "currency": "usd",
    "stopped": "",
}
NONE = schema.problem("no-subscription", 404, "This organization has no live subscription.")
OUT_OF_RANGE = schema.problem(
    "out-of-range",
    422,
    "Send 10 to 100.",
    minimum=10,
    maximum=100,
    errors=[{"pointer": "#/maximum", "detail": "Send 10 to 100.", "code": "out-of-range"}],
)


class ExpansionInput(inputs.Strict):
    """What is left out stays as it is."""

    is_on = serializers.BooleanField(required=False)
    step = serializers.IntegerField(required=False, min_value=1, max_value=100, help_text="Seats at a time.")
    maximum = serializers.IntegerField(required=False, min_value=1, max_value=inputs.MOST_SEATS, help_text="Seats in all.")
    budget_minor = serializers.IntegerField(
        required=False, min_value=0, max_value=10**12, help_text="What may be spent on it in any 30 days, tax included."
    )


class ExpansionOutput(Output):
    is_on = serializers.BooleanField()
    step = serializers.IntegerField()
    maximum = serializers.IntegerField()
    budget_minor = serializers.IntegerField()
    spent_minor = serializers.IntegerField(help_text="In the last 30 days.")
    currency = serializers.CharField()
    stopped = serializers.ChoiceField(
        choices=[("", ""), *ExpansionStop.choices], help_text="Why none are added though all are in use; empty: they are."
    )


class Expansion(base.View):
    required_scopes = {"GET": [Scope.BILLING_READ], "PATCH": [Scope.BILLING_WRITE]}

    @schema.read(
        "seat_expansion",
        "Whether seats are added by themselves, and within what",
        schema.Answer(shape=ExpansionOutput, example=EXAMPLE, name="Expansion"),
        tag=TAG,
        parameters=[inputs.LineQuery],
        refusals=[NONE],
    )
    def get(self, request: Request) -> Response:
        row = self._live()
        return base.answer(ExpansionOutput, _words(row, expansions.of(row)))

    @schema.change(
        "set_seat_expansion",
        "Have seats added by themselves once all are in use, or not",
        schema.Answer(shape=ExpansionOutput, example=EXAMPLE, name="Expansion"),
        tag=TAG,
        description="Off until it is turned on. Each step is previewed, charged exactly, announced at once, and can be "
        "taken back in the store for some days. Nothing is added while a payment is missing.",
        parameters=[inputs.LineQuery],
        body=ExpansionInput,
        bodies={"Two at a time, up to forty": {"is_on": True, "step": 2, "maximum": 40, "budget_minor": 50000}},
        refusals=[OUT_OF_RANGE, NONE],
    )
    @idempotency.honoured
    def patch(self, request: Request) -> Response:
        asked, row = self.body(ExpansionInput), self._live()
        held = expansions.of(row)
        try:
            made = expansions.put(
                row,
                is_on=asked.get("is_on", held.is_on),
                step=asked.get("step", held.step),
                most=asked.get("maximum", held.most),
                budget_minor=asked.get("budget_minor", held.budget_minor),
                origin=self.origin(),
                at=clock.now(),
            )
        except expansions.OutOfRange as error:
            said = _("Send %(least)s to %(most)s.") % {"least": error.least, "most": error.most}
            wrong = [problems.field("/maximum", said, "out-of-range")]
            bounds = {"minimum": error.least, "maximum": error.most}
            raise Problem("out-of-range", said, status_code=422, errors=wrong, **bounds) from error
        return base.answer(ExpansionOutput, _words(row, made))

    def _live(self) -> Subscription:
        row = seats.live(self.organization, line=self.query(inputs.LineQuery).get("line") or None).first()
        if row is None:
            detail = _("This organization has no live subscription. A plan is bought in the store.")
            raise Problem("no-subscription", detail, status_code=status.HTTP_404_NOT_FOUND)
        return row


def _words(row: Subscription, held: AutoExpansion) -> dict[str, Any]:
    return {
        "is_on": held.is_on,
        "step": held.step,
        "maximum": held.most,
        "budget_minor": held.budget_minor,
        "spent_minor": expansions.spent_minor(row, clock.now()),
        "currency": row.currency,
        "stopped": held.stopped,
    }
