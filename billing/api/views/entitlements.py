"""What an organization, or a person in it, may use."""

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import examples, inputs, outputs, references, schema
from billing.api.problems import Problem
from billing.api.views import base
from billing.queries import entitlements


class Entitlements(base.View):
    """The plain case never comes here: it is answered at the door (billing.api.entitlement_door)."""

    required_scopes = [Scope.ENTITLEMENTS_READ]

    @schema.read(
        "entitlement",
        "May they use this feature?",
        schema.Answer(shape=outputs.EntitlementOutput, example=examples.ENTITLEMENT, name="Included"),
        tag="Entitlements",
        description="For the organization, or for one person in it. A payment that is being retried takes nothing away. The "
        "plain answer comes without an ETag: it is short, and `until` says how long it holds.",
        parameters=[inputs.EntitlementQuery],
        refusals=[schema.problem("unknown-feature", 404, "No plan has a feature of this code. The catalog lists them.")],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(inputs.EntitlementQuery)
        try:
            member = asked.get("member", "").removeprefix(references.PREFIX)
            found = entitlements.check(self.organization, feature=asked["feature"], member=member)
        except entitlements.UnknownFeature:
            detail = _("No plan has a feature of this code. The catalog lists them.")
            raise Problem("unknown-feature", detail, status_code=status.HTTP_404_NOT_FOUND) from None
        return base.answer(outputs.EntitlementOutput, found)
