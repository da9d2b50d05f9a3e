"""Members, and what they may use."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership, Scope
from billing.api import examples, inputs, outputs, schema
from billing.api.problems import Problem
from billing.api.views import base
from billing.models import SeatAssignment
from billing.queries import entitlements


class Members(base.View):
    required_scopes = [Scope.MEMBERS_READ]

    @extend_schema(
        operation_id="members",
        summary="Who belongs to the organization, and who has a seat",
        tags=["Members"],
        parameters=[schema.ORGANIZATION, inputs.MembersQuery],
        responses={200: outputs.MembersOutput, **schema.problems(schema.INVALID, schema.NO_ORGANIZATION)},
        examples=[schema.example("Members", examples.MEMBERS)],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(inputs.MembersQuery)
        limit = asked["limit"]
        seated = SeatAssignment.objects.filter(membership=OuterRef("pk"), ended_at=None)
        rows = Membership.objects.live().filter(organization=self.organization, pk__gt=asked["after"])
        found = list(rows.select_related("user").annotate(has_seat=Exists(seated)).order_by("pk")[: limit + 1])
        shown = found[:limit]
        following = shown[-1].pk if len(found) > limit else None
        return base.answer(outputs.MembersOutput, {"data": [_member(row) for row in shown], "next": following})


def _member(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.user.name,
        "email": row.user.email,
        "external_id": row.user.external_id,
        "role": row.role,
        "has_seat": row.has_seat,
        "joined_at": row.joined_at,
    }


class Entitlements(base.View):
    """The plain case never comes here: it is answered at the door (billing.api.entitlement_door)."""

    required_scopes = [Scope.ENTITLEMENTS_READ]

    @extend_schema(
        operation_id="entitlement",
        summary="May they use this feature?",
        description="For the organization, or for one person in it. A payment that is being retried takes nothing away.",
        tags=["Entitlements"],
        parameters=[schema.ORGANIZATION, inputs.EntitlementQuery],
        responses={
            200: outputs.EntitlementOutput,
            **schema.problems(
                schema.INVALID,
                schema.NO_ORGANIZATION,
                schema.problem("unknown-feature", 404, "No plan has a feature of this code. The catalog lists them."),
            ),
        },
        examples=[schema.example("Included", examples.ENTITLEMENT)],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(inputs.EntitlementQuery)
        try:
            found = entitlements.check(self.organization, feature=asked["feature"], member=asked.get("member", ""))
        except entitlements.UnknownFeature:
            detail = _("No plan has a feature of this code. The catalog lists them.")
            raise Problem("unknown-feature", detail, status_code=status.HTTP_404_NOT_FOUND) from None
        return base.answer(outputs.EntitlementOutput, found)
