"""The renewal, as programs read it; taking its recommendation is a scheduled change."""

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import inputs, renewal_outputs, schema
from billing.api.problems import Problem
from billing.api.views import base
from billing.queries import overview, renewals
from config import clock

NONE = schema.problem("no-subscription", 404, "This organization has no live subscription.")


class Renewal(base.View):
    required_scopes = [Scope.BILLING_READ]

    @schema.read(
        "renewal",
        "When and for how much it renews, and how many seats would do",
        schema.Answer(shape=renewal_outputs.RenewalOutput, example=renewal_outputs.EXAMPLE, name="Renewal"),
        tag="Subscription",
        parameters=[inputs.LineQuery],
        refusals=[NONE],
    )
    def get(self, request: Request) -> Response:
        standing = overview.standing(self.organization, line=self.query(inputs.LineQuery).get("line", ""))
        if standing is None or not standing.row.is_live:
            detail = _("This organization has no live subscription. A plan is bought in the store.")
            raise Problem("no-subscription", detail, status_code=status.HTTP_404_NOT_FOUND)
        return base.answer(renewal_outputs.RenewalOutput, renewal_outputs.words(standing, renewals.use(standing, clock.now())))
