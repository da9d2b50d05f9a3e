"""Invitations: many at once, listed, mailed again, withdrawn."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Invitation, InvitationState, Role, Scope
from accounts.queries import invitations as read
from accounts.services import invitations
from billing.api import idempotency, inputs, outputs, paging, references, schema, words
from billing.api.views import base, objects
from billing.services import people
from config import clock

TAG = "Invitations"
PLACE = references.path("invitation", "The invitation")
MOST = 500
STANDINGS = [(one.value, one.value) for one in read.Standing]
ROLES = [(role.value, role.label) for role in (Role.MEMBER, Role.BILLING_ADMIN, Role.OWNER)]


class InvitationsInput(inputs.Strict):
    emails = serializers.ListField(child=serializers.CharField(max_length=254), min_length=1, max_length=MOST)
    role = serializers.ChoiceField(choices=ROLES, default=Role.MEMBER)
    with_seat = serializers.BooleanField(default=True, help_text="Hold a seat for as many as are free.")
    external_ids = serializers.DictField(
        child=references.ExternalIdField(),
        required=False,
        help_text="Your own ids of the invitations, by address. One of such an id that is there is found, not made again.",
    )

    def validate_external_ids(self, said: dict[str, str]) -> dict[str, str]:
        if len(set(said.values())) < len(said):
            raise serializers.ValidationError(_("Give each invitation an id of its own."))
        return said

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if set(attrs.get("external_ids", ())) - set(attrs["emails"]):
            raise serializers.ValidationError({"external_ids": [_("Name only addresses of `emails`, as they stand there.")]})
        return attrs


class InvitationOutput(outputs.Output):
    id = serializers.IntegerField()
    external_id = outputs.external_id()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    state = serializers.ChoiceField(choices=STANDINGS)
    with_seat = serializers.BooleanField()
    sent_at = serializers.DateTimeField()
    sent_count = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class ResultOutput(outputs.Output):
    """What became of one address. `invitation` is null for those that were not invited."""

    email = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[(one.value, one.value) for one in invitations.Outcome])
    holds_seat = serializers.BooleanField()
    invitation = InvitationOutput(allow_null=True)


class ResultsOutput(outputs.Output):
    data = ResultOutput(many=True)  # type: ignore[assignment] # as every list of the API; DRF has a property of that name


class InvitationsQuery(paging.PageQuery):
    state = serializers.ChoiceField(choices=InvitationState.choices, required=False)


InvitationsOutput = paging.paged(InvitationOutput, "InvitationsOutput")
EXAMPLE: dict[str, Any] = {
    "id": 812,
    "external_id": "hire-7",
    "email": "new@acme.example",
    "role": "member",
    "state": "open",
    "with_seat": True,
    "sent_at": "2026-03-12T09:30:00Z",
    "sent_count": 1,
    "expires_at": "2026-03-19T09:30:00Z",
}
RESULTS = {
    "data": [
        {"email": "new@acme.example", "outcome": "invited", "holds_seat": True, "invitation": EXAMPLE},
        {"email": "mia@acme.example", "outcome": "member", "holds_seat": False, "invitation": None},
    ]
}
KNOWN = {"data": [{"email": "new@acme.example", "outcome": "known", "holds_seat": False, "invitation": EXAMPLE}]}
TOO_MANY = schema.problem("too-many-invitations", 429, "12 more invitations can be sent today. Send the others tomorrow.")
NOT_SENDABLE = schema.problem("not-sendable", 409, "It was mailed a moment ago. Give it a minute to arrive.")


class Invitations(base.View):
    required_scopes = {"GET": [Scope.MEMBERS_READ], "POST": [Scope.MEMBERS_WRITE]}

    @schema.read(
        "invitations",
        "Invitations, the newest first",
        schema.Answer(shape=InvitationsOutput, example={"data": [EXAMPLE], "next": None}, name="Invitations"),
        tag=TAG,
        parameters=[InvitationsQuery],
    )
    def get(self, request: Request) -> Response:
        asked, rows = self.query(InvitationsQuery), _rows(self)
        if "state" in asked:
            rows = rows.filter(state=asked["state"])
        return base.answer(InvitationsOutput, paging.page(rows, asked, plain, newest_first=True))

    @schema.make(
        "create_invitations",
        "Invite people, many at once",
        schema.Answer(shape=ResultsOutput, example=RESULTS, status=201, name="A result each"),
        schema.Answer(shape=ResultsOutput, example=KNOWN, name="Were there", description="Nobody was invited anew."),
        tag=TAG,
        description="Every address has a result of its own, in your order; a bad one does not hold up the others. Whoever is a "
        "member, or invited already, is left as is. Only a vendor key invites owners.",
        body=InvitationsInput,
        bodies={
            "Two people": {"emails": ["new@acme.example", "mia@acme.example"]},
            "By your id": {"emails": ["new@acme.example"], "external_ids": {"new@acme.example": "hire-7"}},
        },
        refusals=[TOO_MANY],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked = self.body(InvitationsInput)
        if asked["role"] == Role.OWNER:
            self.check_vendor()
        invited = people.invite(
            organization=self.organization,
            emails=asked["emails"],
            role=Role(asked["role"]),
            with_seat=asked["with_seat"],
            origin=self.origin(),
            at=clock.now(),
            external_ids=asked.get("external_ids"),
        )
        data = [_result(one, invited.seated) for one in invited.results]
        were_there = not any(one.is_new for one in invited.results) and "external_ids" in asked
        return base.made(ResultsOutput, {"data": data}, is_new=not were_there)


@extend_schema_view(
    get=schema.read(
        "invitation",
        "One invitation",
        schema.Answer(shape=InvitationOutput, example=EXAMPLE),
        tag=TAG,
        parameters=[PLACE],
    ),
    patch=objects.naming_once(
        "name_invitation", "an invitation", schema.Answer(shape=InvitationOutput, example=EXAMPLE), tag=TAG, place=PLACE
    ),
    delete=schema.change(
        "revoke_invitation",
        "Withdraw an invitation; the seat held for it is free",
        schema.Answer(shape=InvitationOutput, example=EXAMPLE | {"state": "revoked"}, name="Withdrawn"),
        tag=TAG,
        description="Withdrawing twice is no error. Whoever has accepted is a member: look at `state`.",
        parameters=[PLACE],
    ),
)
class InvitationView(objects.NamingView[Invitation], objects.EndingView[Invitation]):
    required_scopes = {"GET": [Scope.MEMBERS_READ], "PATCH": [Scope.MEMBERS_WRITE], "DELETE": [Scope.MEMBERS_WRITE]}
    shape, place, by = InvitationOutput, "invitation", "pk"

    def rows(self) -> QuerySet[Invitation]:
        return _rows(self)

    def plain(self, row: Invitation) -> dict[str, Any]:
        return plain(row)

    def end(self, row: Invitation) -> None:
        people.revoke(invitation=row, origin=self.origin(), at=clock.now())


class InvitationSends(base.View):
    required_scopes = [Scope.MEMBERS_WRITE]

    @schema.make(
        "resend_invitation",
        "Mail an invitation again, with a fresh link and a fresh term",
        schema.Answer(shape=InvitationOutput, example=EXAMPLE | {"sent_count": 2}, status=201, name="Sent"),
        tag=TAG,
        parameters=[PLACE],
        refusals=[NOT_SENDABLE],
    )
    @idempotency.once
    def post(self, request: Request, invitation: str) -> Response:
        found = references.named(_rows(self), invitation, "invitation", by="pk")
        row = invitations.resend(invitation=found, origin=self.origin(), at=clock.now())
        return base.answer(InvitationOutput, plain(row), status.HTTP_201_CREATED)


def _rows(view: base.View) -> QuerySet[Invitation]:
    return Invitation.objects.filter(organization=view.organization).select_related("organization")


def _result(one: invitations.Result, seated: frozenset[str]) -> dict[str, Any]:
    told = plain(one.invitation) if one.invitation else None
    return {"email": one.email, "outcome": one.outcome, "holds_seat": one.email in seated, "invitation": told}


def plain(row: Invitation) -> dict[str, Any]:
    names = ("external_id", "email", "role", "with_seat", "sent_at", "sent_count", "expires_at")
    return {"id": row.pk, "state": read.standing(row, clock.now()), **words.named(row, names)}
