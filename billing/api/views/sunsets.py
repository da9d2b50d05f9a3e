"""A plan that is discontinued: until when it is had, what can be had instead, and choosing it."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, outputs, plan_ends, problems, schema
from billing.api.problems import Problem
from billing.api.views import base
from billing.models import SunsetCase, SunsetCaseState
from billing.queries import overview
from billing.queries import sunsets as queries
from billing.queries.overview import Standing
from billing.rules import sunsets as rules
from billing.services.changes import plan_changes, seats
from billing.services.renewing import sunsets
from config import clock

TAG = "Plans"
EXAMPLE: dict[str, Any] = {
    "plan": "fieldnote/starter",
    "ends_at": "2026-06-30T09:30:00Z",
    "answer_by": "2026-06-29T09:30:00Z",
    "without_answer": "ends",
    "state": "open",
    "currency": "usd",
    "seats": 10,
    "amount_minor": 9000,
    "chosen": None,
    "choices": [
        {"plan": "fieldnote/team", "name": "Team", "amount_minor": 16000, "is_suggested": True},
        {"plan": "fieldnote/business", "name": "Business", "amount_minor": 29000, "is_suggested": False},
    ],
}
CHOSEN = EXAMPLE | {"state": "chosen", "chosen": {"plan": "fieldnote/team", "amount_minor": 16000}}
NONE = schema.problem("no-sunset", 404, "The plan goes on. There is nothing to choose.")
STALE = schema.problem("amount-differs", 409, "It comes to another amount by now: look again.", sunset=EXAMPLE)


class SunsetChoiceInput(inputs.Strict):
    plan = serializers.CharField(max_length=81, help_text="One of `choices`, as line/plan.")
    expected_amount_minor = serializers.IntegerField(
        min_value=0, help_text="What that renewal was said to come to; if it is another by now, nothing is chosen."
    )


class SunsetChoiceOutput(outputs.Output):
    plan = serializers.CharField(help_text="`line/plan`.")
    name = serializers.CharField()
    amount_minor = serializers.IntegerField(help_text="What the renewal comes to with it, with tax and before credit.")
    is_suggested = serializers.BooleanField()


class SunsetChosenOutput(outputs.Output):
    plan = serializers.CharField(help_text="`line/plan`.")
    amount_minor = serializers.IntegerField(help_text="What was agreed to.")


class SunsetOutput(outputs.Output):
    """Nobody has another plan, or pays more, without a choice."""

    plan = serializers.CharField(help_text="The plan that ends, as line/plan.")
    ends_at = serializers.DateTimeField(help_text="Until when it is had.")
    answer_by = serializers.DateTimeField()
    without_answer = serializers.ChoiceField(
        choices=plan_ends.WITHOUT_ANSWER, help_text="What happens where nobody chooses until `answer_by`."
    )
    state = serializers.ChoiceField(choices=SunsetCaseState.choices)
    currency = serializers.CharField()
    seats = serializers.IntegerField(help_text="That the amounts are for.")
    amount_minor = serializers.IntegerField(help_text="What a renewal comes to now.")
    chosen = SunsetChosenOutput(allow_null=True)
    choices = SunsetChoiceOutput(many=True, help_text="Empty: a person arranges it.")


class _OfSunset(base.View):
    def _case(self) -> tuple[Standing, SunsetCase]:
        standing = overview.standing(self.organization, line=self.query(inputs.LineQuery).get("line", ""))
        case = queries.of(standing.row) if standing is not None and standing.row.is_live else None
        if standing is None or case is None:
            detail = _("The plan goes on. There is nothing to choose.")
            raise Problem("no-sunset", detail, status_code=status.HTTP_404_NOT_FOUND)
        return standing, case


class SunsetView(_OfSunset):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "sunset",
        "That a plan is discontinued, and what can be had instead",
        schema.Answer(shape=SunsetOutput, example=EXAMPLE, name="Not answered"),
        tag=TAG,
        parameters=[inputs.LineQuery],
        refusals=[NONE],
    )
    def get(self, request: Request) -> Response:
        return base.answer(SunsetOutput, _plain(*self._case()))


class SunsetChoices(_OfSunset):
    required_scopes = [Scope.BILLING_WRITE]

    @schema.make(
        "choose_after_sunset",
        "Have another plan once this one has ended",
        schema.Answer(shape=SunsetOutput, example=CHOSEN, status=201, name="Chosen"),
        tag=TAG,
        description="Nothing changes and nothing is charged before `ends_at`. Another choice takes the first one's place, "
        "until `answer_by`. Who wants none of them does nothing (`without_answer`), or ends the subscription by a scheduled "
        "change of kind `end`.",
        parameters=[inputs.LineQuery],
        body=SunsetChoiceInput,
        bodies={"The suggested one": {"plan": "fieldnote/team", "expected_amount_minor": 16000}},
        refusals=[
            *(NONE, STALE, schema.PLAN_NOT_OFFERED, schema.PLAN_NOT_WITH_SEATS, schema.CONFLICTS, schema.BUSY),
            *(schema.NOT_ACTIVE, schema.PAUSED, schema.ENDS_SOON, schema.PAY_FIRST, schema.UNREACHABLE),
        ],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked, (standing, case) = self.body(SunsetChoiceInput), self._case()
        plan = plan_changes.code_of(standing.row, asked["plan"])
        said = {"plan": plan, "amount_minor": asked["expected_amount_minor"]}
        try:
            held = sunsets.choose(standing, **said, origin=self.origin(), at=clock.now())
        except seats.Stale as error:
            detail = _("It comes to another amount by now, or was answered meanwhile. Nothing was chosen; look again.")
            wrong = problems.field("/expected_amount_minor", detail, "amount-differs")
            now = SunsetOutput(_plain(standing, case)).data
            raise Problem("amount-differs", detail, errors=[wrong], sunset=now) from error
        return base.answer(SunsetOutput, _plain(standing, held), status.HTTP_201_CREATED)


def _plain(standing: Standing, case: SunsetCase) -> dict[str, Any]:
    """Two queries."""
    line, choices = standing.row.line.code, queries.choices(standing, case)
    return {
        "plan": f"{line}/{case.sunset.plan.code}",
        "ends_at": case.renews_at,
        "answer_by": case.renews_at - rules.CLOSES_BEFORE,
        "without_answer": "ends" if case.sunset.is_end else "stays",
        "state": case.state,
        "currency": standing.row.currency,
        "seats": standing.quantity + sum(change.delta for change in standing.scheduled),
        "amount_minor": queries.now_minor(standing),
        "chosen": case.price and {"plan": f"{line}/{case.price.plan.code}", "amount_minor": case.amount_minor},
        "choices": [
            {
                "plan": f"{line}/{one.price.plan.code}",
                "name": one.price.plan.name,
                "amount_minor": one.amount_minor,
                "is_suggested": one.is_suggested,
            }
            for one in choices
        ],
    }
