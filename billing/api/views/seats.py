"""Who has a seat: listed, given, taken back."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from billing.api import idempotency, inputs, outputs, paging, references, schema
from billing.api.views import base
from billing.models import SeatAssignment
from billing.services import people
from config import clock

TAG = "Seats"
PLACE = references.path("member", "Who has the seat")


class SeatsInput(inputs.Strict):
    members = serializers.ListField(child=references.MemberField(), min_length=1, max_length=inputs.MOST_NAMED)


class SeatsQuery(paging.PageQuery, inputs.LineQuery):
    member = references.MemberField(required=False, help_text="Only theirs: member id, or `external:` and your own id.")


class SeatOutput(outputs.Output):
    """Somebody's seat, or one held for an invitation: then `member` is null."""

    id = serializers.IntegerField()
    line = serializers.CharField(help_text="Code of the product line.")
    member = serializers.IntegerField(allow_null=True)
    external_id = serializers.CharField(allow_null=True, help_text="Your own id of the person.")
    invitation = serializers.IntegerField(allow_null=True)
    assigned_at = serializers.DateTimeField()


class GivenOutput(outputs.Output):
    given = serializers.IntegerField(help_text="Seats given now; members who had one keep it.")


SeatsOutput = paging.paged(SeatOutput, "SeatAssignmentsOutput")
EXAMPLE: dict[str, Any] = {
    "id": 5101,
    "line": "fieldnote",
    "member": 4711,
    "external_id": "u-93",
    "invitation": None,
    "assigned_at": "2026-03-12T09:30:00Z",
}


class Seats(base.View):
    required_scopes = {"GET": [Scope.MEMBERS_READ], "POST": [Scope.MEMBERS_WRITE]}

    @schema.read(
        "seats",
        "Who has a seat",
        schema.Answer(shape=SeatsOutput, example={"data": [EXAMPLE], "next": None}, name="Seats"),
        tag=TAG,
        parameters=[SeatsQuery],
    )
    def get(self, request: Request) -> Response:
        asked = self.query(SeatsQuery)
        rows = _rows(self, asked.get("line", ""))
        if "member" in asked:
            rows = rows.filter(membership=references.one_of(references.rows(self.organization), asked["member"]) or 0)
        return base.answer(SeatsOutput, paging.page(rows, asked, plain))

    @schema.make(
        "assign_seats",
        "Give seats to members, all or none",
        schema.Answer(shape=GivenOutput, example={"given": 2}, status=201, name="Given"),
        tag=TAG,
        description="Of the seats that are bought and free. Members who have one keep it.",
        parameters=[inputs.LineQuery],
        body=SeatsInput,
        bodies={"Two members": {"members": [4711, "external:u-94"]}},
        refusals=[schema.NO_FREE_SEAT, schema.NOT_ACTIVE, schema.NOT_A_MEMBER],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        said, row = self.body(SeatsInput)["members"], self.current()
        ids = references.members(self.organization, said, "/members")
        try:
            given = people.assign(subscription=row, membership_ids=ids, origin=self.origin(), at=clock.now())
        except people.NotAMember:  # removed in this moment
            raise references.unknown(said, "/members") from None
        return base.answer(GivenOutput, {"given": given}, 201)


class SeatView(base.View):
    required_scopes = [Scope.MEMBERS_WRITE]

    @schema.change(
        "take_seat_back",
        "Take a member's seat back; the person stays a member",
        schema.Answer(shape=None, status=204, description="The seat is free; what it costs stays."),
        tag=TAG,
        parameters=[PLACE, inputs.LineQuery],
    )
    @idempotency.honoured
    def delete(self, request: Request, member: str) -> Response:
        line = self.query(inputs.LineQuery).get("line", "")
        found = references.member(self.organization, member)
        seats = list(_rows(self, line).filter(membership=found))
        if not seats:
            raise Http404
        for seat in seats:
            people.unassign(assignment=seat, origin=self.origin(), at=clock.now())
        return Response(status=204)


def _rows(view: base.View, line: str) -> Any:
    rows = SeatAssignment.objects.filter(subscription__organization=view.organization, ended_at=None)
    if line:
        rows = rows.filter(subscription__line__code=line)
    return rows.select_related("subscription__line", "membership__user")


def plain(row: SeatAssignment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "line": row.subscription.line.code,
        "member": row.membership_id,
        "external_id": row.membership.user.external_id if row.membership else None,
        "invitation": row.invitation_id,
        "assigned_at": row.assigned_at,
    }
