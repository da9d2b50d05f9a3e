"""Usage of metered features: counted, and given back."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import entitlement_outputs, examples, idempotency, inputs, problems, references, schema
from billing.api.problems import Problem
from billing.api.views import base
from billing.api.views.entitlements import UNKNOWN, unknown
from billing.queries import entitlements
from billing.rules.entitlements import Entitlement
from billing.services import usage
from config import clock

TAG = "Entitlements"
PLACE = OpenApiParameter(
    name="feature",
    type={"type": "string", "maxLength": inputs.LONGEST_CODE, "pattern": "^[a-z][a-z0-9_-]*$"},
    location=OpenApiParameter.PATH,
    description="The feature's code, as in the catalog.",
    examples=[OpenApiExample("A metered one", value="reports")],
)
NOT_ENTITLED = schema.problem("not-entitled", 403, "This may not be used: no_seat.", reason="no_seat")
NOT_METERED = schema.problem("feature-not-metered", 422, "Nobody counts the use of this feature: sso.")
LIMIT_REACHED = schema.problem(
    "limit-reached",
    409,
    "The limit has no room for that: 498 of 500 are used. Nothing was counted.",
    used=498,
    limit=500,
    remaining=2,
    resets_at="2026-03-30T09:30:00Z",
)


class QuantityInput(inputs.Strict):
    quantity = serializers.IntegerField(default=1, min_value=1, max_value=usage.MOST)


class ConsumeInput(QuantityInput):
    member = serializers.CharField(
        required=False, max_length=254, help_text="Who uses it: member id, `external:` and your own id, or e-mail address."
    )
    on_limit = serializers.ChoiceField(
        choices=[str(one) for one in usage.OnLimit],
        default=str(usage.OnLimit.REFUSE),
        help_text="When the limit has no room for the quantity: `refuse` all of it, count the `partial` quantity there is room "
        "for, or `exceed` the limit, for what was used already.",
    )


class Consumption(base.View):
    required_scopes = [Scope.USAGE_WRITE]
    needs_vendor_key = True

    @schema.make(
        "consume_feature",
        "Count what is used of a metered feature",
        schema.Answer(shape=entitlement_outputs.UsageOutput, example=examples.USAGE, name="Counted"),
        tag=TAG,
        description="Checks and counts in one step: of any number of calls at once, those that get 200 are within the limit. "
        "The same Idempotency-Key counts once, also if the first answer was lost.",
        parameters=[PLACE],
        body=ConsumeInput,
        bodies={"Three reports": {"quantity": 3, "member": "external:u-93"}},
        refusals=[UNKNOWN, NOT_ENTITLED, NOT_METERED, LIMIT_REACHED, schema.INVALID],
    )
    @idempotency.once_whole
    def post(self, request: Request, feature: str) -> Response:
        asked = self.body(ConsumeInput)
        member = asked.get("member", "").removeprefix(references.PREFIX)
        on_limit = usage.OnLimit(asked["on_limit"])
        try:
            counted = usage.consume(
                self.organization,
                feature=feature,
                quantity=asked["quantity"],
                member=member,
                on_limit=on_limit,
                now=clock.now(),
            )
        except REFUSALS as error:
            raise _refused(error) from None
        return base.answer(entitlement_outputs.UsageOutput, entitlement_outputs.usage(counted))


class Release(base.View):
    required_scopes = [Scope.USAGE_WRITE]
    needs_vendor_key = True

    @schema.make(
        "release_feature",
        "Give back what was counted as used",
        schema.Answer(
            shape=entitlement_outputs.UsageOutput, example=examples.USAGE | {"changed": -3, "used": 115, "remaining": 385}
        ),
        tag=TAG,
        description="Of the present window, and never below 0: `changed` says how much it came to.",
        parameters=[PLACE],
        body=QuantityInput,
        bodies={"Three reports": {"quantity": 3}},
        refusals=[UNKNOWN, NOT_ENTITLED, NOT_METERED, schema.INVALID],
    )
    @idempotency.once_whole
    def post(self, request: Request, feature: str) -> Response:
        asked = self.body(QuantityInput)
        try:
            counted = usage.release(self.organization, feature=feature, quantity=asked["quantity"], now=clock.now())
        except REFUSALS as error:
            raise _refused(error) from None
        return base.answer(entitlement_outputs.UsageOutput, entitlement_outputs.usage(counted))


REFUSALS = (entitlements.UnknownFeature, usage.NotMetered, usage.NotEntitled, usage.LimitReached)


def _refused(error: Exception) -> Problem:
    if isinstance(error, usage.LimitReached):
        return _limit_reached(error.entitlement)
    if isinstance(error, usage.NotEntitled):
        reason = str(error.entitlement.reason)
        detail = _("This may not be used: %(reason)s. The entitlement says more.") % {"reason": reason}
        return Problem("not-entitled", detail, status_code=status.HTTP_403_FORBIDDEN, reason=reason)
    if isinstance(error, usage.NotMetered):
        detail = _("Nobody counts the use of this feature: %(feature)s. The catalog says which are metered.")
        return Problem("feature-not-metered", detail % {"feature": error}, status_code=status.HTTP_422_UNPROCESSABLE_ENTITY)
    return unknown(str(error))


def _limit_reached(found: Entitlement) -> Problem:
    detail = _("The limit has no room for that: %(used)s of %(limit)s are used. Nothing was counted.")
    said: dict[str, Any] = {
        "used": found.used,
        "limit": found.limit,
        "remaining": found.remaining,
        "resets_at": found.resets_at.isoformat() if found.resets_at else None,
    }
    errors = [problems.field("/quantity", detail % said, "limit-reached")]
    return Problem("limit-reached", detail % said, errors=errors, **said)
