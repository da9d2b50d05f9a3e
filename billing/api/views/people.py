"""Members: made if absent, read, given another role, removed."""

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership, Role, Scope
from accounts.services import memberships, provisioning
from billing.api import examples, idempotency, inputs, outputs, paging, problems, references, schema
from billing.api.views import base, organizations
from billing.models import SeatAssignment
from billing.services import people
from config import clock

TAG = "Members"
PLACE = references.path("member", "The member")
MembersOutput = paging.paged(outputs.MemberOutput, "MembersOutput")
MIA = examples.MEMBERS["data"][0]
WAS_THERE = "Was there, and is as it was. An `external_id` that the person did not have yet is given to them."
LAST_OWNER = schema.problem("last-owner", 409, "The last owner stays. Make somebody else an owner first.")


class MemberInput(inputs.Strict):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(required=False, allow_blank=True, max_length=120)
    external_id = references.ExternalIdField(required=False)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.MEMBER)
    with_seat = serializers.BooleanField(
        default=False, help_text="Give a seat at once; all or nothing. Of several subscriptions `line` says which."
    )


class MemberChangeInput(inputs.Strict):
    role = serializers.ChoiceField(choices=Role.choices)


class MembersQuery(paging.PageQuery):
    email = serializers.CharField(required=False, max_length=254, help_text="Only whoever has this address.")


class Members(base.View):
    required_scopes = {"GET": [Scope.MEMBERS_READ], "POST": [Scope.MEMBERS_WRITE]}
    needs_vendor_key = ("POST",)

    @schema.read(
        "members",
        "Who belongs to the organization, and who has a seat",
        schema.Answer(shape=MembersOutput, example=examples.MEMBERS, name="Members"),
        tag=TAG,
        parameters=[MembersQuery],
    )
    def get(self, request: Request) -> Response:
        asked, rows = self.query(MembersQuery), _rows().filter(organization=self.organization)
        if "email" in asked:
            rows = rows.filter(user__email=asked["email"].lower())
        return base.answer(MembersOutput, paging.page(rows, asked, plain))

    @schema.make(
        "create_member",
        "Make a person a member, if they are none",
        schema.Answer(shape=outputs.MemberOutput, example=MIA, status=201, name="Joined"),
        schema.Answer(shape=outputs.MemberOutput, example=MIA, name="Was there", description=WAS_THERE),
        tag=TAG,
        description="Vendor keys only, as the store takes your word for the address: others invite people. The person is "
        "found by `external_id`, else by address, else made, and hears of it by mail.",
        parameters=[inputs.LineQuery],
        body=MemberInput,
        bodies={"With a seat": {"email": "mia@acme.example", "name": "Mia Member", "external_id": "u-93", "with_seat": True}},
        refusals=[organizations.TAKEN, schema.NO_FREE_SEAT, schema.NOT_ACTIVE, schema.BY_VENDOR],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked = self.body(MemberInput)
        wanted = provisioning.Person(**{name: asked[name] for name in ("email", "name", "external_id") if name in asked})
        with transaction.atomic():
            try:
                found, is_new = provisioning.member(
                    self.organization, wanted=wanted, role=Role(asked["role"]), origin=self.origin(), at=clock.now()
                )
            except provisioning.Taken as error:
                raise problems.about(error, "/external_id") from error
            if asked["with_seat"] and is_new:
                people.assign(subscription=self.current(), membership_ids=[found.pk], origin=self.origin(), at=clock.now())
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return base.answer(outputs.MemberOutput, plain(_rows().get(pk=found.pk)), code)


class MemberView(base.View):
    required_scopes = {"GET": [Scope.MEMBERS_READ], "PATCH": [Scope.MEMBERS_WRITE], "DELETE": [Scope.MEMBERS_WRITE]}

    @schema.read(
        "member",
        "One member",
        schema.Answer(shape=outputs.MemberOutput, example=MIA, name="Mia"),
        tag=TAG,
        parameters=[PLACE],
    )
    def get(self, request: Request, member: str) -> Response:
        return base.answer(outputs.MemberOutput, told(references.member(self.organization, member)))

    @schema.change(
        "change_member",
        "Give a member another role",
        schema.Answer(shape=outputs.MemberOutput, example=MIA | {"role": "billing_admin"}, name="Changed"),
        tag=TAG,
        description="Only a vendor key makes owners, or takes it from them. The person hears of it by mail.",
        parameters=[PLACE, schema.IF_MATCH],
        body=MemberChangeInput,
        bodies={"Billing admin": {"role": "billing_admin"}},
        refusals=[LAST_OWNER, schema.CHANGED_SINCE, schema.BY_VENDOR],
    )
    @idempotency.honoured
    def patch(self, request: Request, member: str) -> Response:
        found = references.member(self.organization, member)
        role = Role(self.body(MemberChangeInput)["role"])
        self._check_owner(role, found)
        with transaction.atomic():
            locked = Membership.objects.select_for_update(of=("self",)).select_related("user", "organization").get(pk=found.pk)
            self.check_match(outputs.MemberOutput, told(locked))
            memberships.change_role(membership=found, role=role, origin=self.origin(), at=clock.now())
        return base.answer(outputs.MemberOutput, told(found))

    @schema.change(
        "remove_member",
        "Remove a member; the seat goes with them",
        schema.Answer(shape=None, status=204, name="Removed", description="Removed. The seat is free; what it costs stays."),
        tag=TAG,
        parameters=[PLACE],
        refusals=[LAST_OWNER, schema.BY_VENDOR],
    )
    @idempotency.honoured
    def delete(self, request: Request, member: str) -> Response:
        found = references.member(self.organization, member)
        self._check_owner(None, found)
        people.remove(membership=found, origin=self.origin(), at=clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _check_owner(self, role: Role | None, found: Membership) -> None:
        if Role.OWNER in (role, found.role):
            self.check_vendor()


def _rows() -> QuerySet[Any]:
    seated = SeatAssignment.objects.filter(membership=OuterRef("pk"), ended_at=None)
    return Membership.objects.live().select_related("user").annotate(has_seat=Exists(seated))


def told(row: Membership) -> dict[str, Any]:
    """As it is now, with whether they have a seat. One query."""
    return plain(_rows().get(pk=row.pk))


def plain(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.user.name,
        "email": row.user.email,
        "external_id": row.user.external_id,
        "role": row.role,
        "has_seat": row.has_seat,
        "joined_at": row.joined_at,
    }
