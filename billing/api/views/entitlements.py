"""What an organization, or a person in it, may use."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import entitlement_outputs, entitlement_tags, etags, examples, inputs, problems, references, schema
from billing.api.problems import Problem
from billing.api.views import base
from billing.queries import entitlements
from billing.services import seen
from config import clock

UNKNOWN = schema.problem(
    "unknown-feature",
    404,
    "No plan has a feature of this code: storrage. The catalog lists them.",
    errors=[{"pointer": "#/feature", "detail": "No plan has it: storrage.", "code": "unknown-feature"}],
)
SHAPE: Any = PolymorphicProxySerializer(
    component_name="EntitlementAnswer",
    serializers=[entitlement_outputs.EntitlementOutput, entitlement_outputs.EntitlementsOutput],
    resource_type_field_name=None,
    many=False,
)


def unknown(feature: str) -> Problem:
    detail = _("No plan has a feature of this code: %(feature)s. The catalog lists them.") % {"feature": feature}
    errors = [problems.field("/feature", detail, "unknown-feature")]
    return Problem("unknown-feature", detail, status_code=status.HTTP_404_NOT_FOUND, errors=errors)


class Entitlements(base.View):
    """What is usual never comes here: it is answered at the door (billing.api.entitlement_door)."""

    required_scopes = [Scope.ENTITLEMENTS_READ]
    tag = ""
    is_metered = False

    @schema.read(
        "entitlement",
        "May they use this feature, these, or which at all?",
        schema.Answer(shape=SHAPE, example=examples.ENTITLEMENT, name="Included"),
        tag="Entitlements",
        description="For the organization, or for one person in it. One feature is answered by itself, several (or all, by "
        "naming none) as a list. A payment that is being retried takes nothing away. Keep the answer for as long as "
        "Cache-Control says, and ask again with its ETag: 304 is cheap. While the store is away go on with what it said last.",
        parameters=[inputs.EntitlementQuery],
        refusals=[UNKNOWN],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(inputs.EntitlementQuery, is_repeated=True)
        features, now = asked.get("feature", []), clock.now()
        member = asked.get("member", "").removeprefix(references.PREFIX)
        stamp = entitlements.stamp(self.organization.pk)
        try:
            found = entitlements.several(self.organization.pk, features=features, member=member, now=now)
        except entitlements.UnknownFeature as error:
            raise unknown(str(error)) from None
        seen.note([seat.id for seat in found.seats if seat.last_seen_on != now.date()], now.date())
        said = [entitlement_outputs.entitlement(one, stamp.version) for one in found.entitlements]
        query = request.META.get("QUERY_STRING", "")
        public_id = self.organization.public_id
        self.tag = entitlement_tags.of(stamp, public_id, asked=query, entitlements=found.entitlements, member=member, now=now)
        self.is_metered = any(one.window for one in found.entitlements)
        if len(features) == 1:
            return base.answer(entitlement_outputs.EntitlementOutput, said[0])
        return base.answer(entitlement_outputs.EntitlementsOutput, {"version": stamp.version, "data": said})

    def _tagged(self, request: Request, response: Response) -> Any:
        """As the door does: by what the answer was worked out of."""
        marked: HttpResponse = response
        entitlement_tags.mark(marked, self.tag, is_metered=self.is_metered, now=clock.now())
        if etags.is_known(request.headers.get("If-None-Match", ""), self.tag):
            return base.not_modified(response)
        return response
