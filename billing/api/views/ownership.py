"""Who owns an organization, handed over; and closing it for good. Both are the vendor's to ask for, as pages ask an owner."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership, Role, Scope
from accounts.services import memberships
from billing.api import idempotency, inputs, outputs, problems, references, schema
from billing.api.problems import Problem
from billing.api.views import base, organizations, people
from billing.services import closing
from config import clock

OBSTACLES = [(one.value, one.value) for one in closing.Obstacle]


class TransferInput(inputs.Strict):
    to = references.MemberField(help_text="Who becomes the owner: id, or `external:` and your own id of the person.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's."""
        giver = references.MemberField(required=False, help_text="The owner who gives it; needed if there are several.")
        return {"from": giver, **super().get_fields()}


class TransferOutput(outputs.Output):
    owner = outputs.MemberOutput()
    former_owner = outputs.MemberOutput(help_text="A billing admin now.")


class ClosureInput(inputs.Strict):
    name = serializers.CharField(max_length=120, help_text="The organization's name, so that no other is closed by mistake.")


class OutlookOutput(outputs.Output):
    """What closing would meet."""

    obstacles = serializers.ListField(child=serializers.ChoiceField(choices=OBSTACLES), help_text="What has to be done first.")
    paid_until = serializers.DateTimeField(allow_null=True, help_text="Until when something paid would still run.")


class ClosureOutput(outputs.Output):
    id = serializers.CharField()
    external_id = outputs.external_id()
    closed_at = serializers.DateTimeField()
    reopens_until = serializers.DateTimeField(help_text="Until then the vendor's staff can open it again, as it was.")


MIA = people.MIA
HANDED = {"owner": MIA | {"role": "owner"}, "former_owner": MIA | {"id": 4709, "role": "billing_admin"}}
OUTLOOK = {"obstacles": ["live"], "paid_until": None}
CLOSED: dict[str, Any] = {
    "id": organizations.EXAMPLE["id"],
    "external_id": "crm-42",
    "closed_at": "2026-03-12T09:30:00Z",
    "reopens_until": "2026-04-11T09:30:00Z",
}
NOT_OWNER = schema.problem("not-owner", 409, "Only an owner can hand the ownership over. Name one in `from`.")
ALREADY = schema.problem("already-owner", 409, "This member is the owner already. Name another one.")
IN_THE_WAY = schema.problem("charges-open", 409, "Something would still be charged.", obstacles=["live"])


class OwnershipTransfers(base.View):
    required_scopes = [Scope.MEMBERS_WRITE]
    needs_vendor_key = True

    @schema.make(
        "transfer_ownership",
        "Make another member the owner, and the owner a billing admin",
        schema.Answer(shape=TransferOutput, example=HANDED, status=201, name="Handed over"),
        tag=people.TAG,
        description="Vendor keys only. Both get a mail.",
        body=TransferInput,
        bodies={"To Mia": {"to": "external:u-93"}, "Of two owners": {"from": 4709, "to": 4711}},
        refusals=[NOT_OWNER, ALREADY, schema.NOT_A_MEMBER, schema.BY_VENDOR],
    )
    @idempotency.once
    def post(self, request: Request) -> Response:
        asked = self.body(TransferInput)
        giver = self._member(asked["from"], "/from") if "from" in asked else self._only_owner()
        receiver = self._member(asked["to"], "/to")
        if receiver == giver:
            detail = _("This member is the owner already. Name another one.")
            raise Problem("already-owner", detail, errors=[problems.field("/to", detail, "already-owner")])
        try:
            memberships.transfer_ownership(giver=giver, receiver=receiver, origin=self.origin(), at=clock.now())
        except memberships.Gone:
            raise references.unknown([asked["to"]], "/to") from None
        told = {"owner": people.told(receiver), "former_owner": people.told(giver)}
        return base.answer(TransferOutput, told, status.HTTP_201_CREATED)

    def _member(self, said: str, pointer: str) -> Membership:
        found = references.one_of(references.rows(self.organization), said)
        if found is None:
            raise references.unknown([said], pointer)
        return found

    def _only_owner(self) -> Membership:
        owners = list(references.rows(self.organization).filter(role=Role.OWNER)[:2])
        if len(owners) != 1:
            raise memberships.NotOwner
        return owners[0]


class Closure(base.View):
    required_scopes = {"GET": [Scope.ORGANIZATIONS_READ], "POST": [Scope.ORGANIZATIONS_WRITE]}
    needs_organization = False
    needs_vendor_key = True

    @schema.read(
        "closure_outlook",
        "Whether an organization can be closed",
        schema.Answer(shape=OutlookOutput, example=OUTLOOK, name="Not yet"),
        tag=organizations.TAG,
        description="Vendor keys only.",
        parameters=[organizations.PLACE],
        refusals=[schema.NOT_FOUND],
        organization=False,
    )
    def get(self, request: Request, organization: str) -> Response:
        found = closing.outlook(organizations.named(self, organization))
        return base.answer(OutlookOutput, {"obstacles": found.obstacles, "paid_until": found.paid_until})

    @schema.make(
        "close_organization",
        "Close an organization for good",
        schema.Answer(shape=ClosureOutput, example=CLOSED, status=201, name="Closed"),
        tag=organizations.TAG,
        description="Vendor keys only. Nobody acts for it any more, its keys stop, all members get a mail. What is kept, "
        "and for how long, is on the page of the same name. From then on it is not found.",
        parameters=[organizations.PLACE],
        body=ClosureInput,
        bodies={"Acme": {"name": "Acme"}},
        refusals=[schema.NOT_FOUND, IN_THE_WAY, schema.BY_VENDOR],
        organization=False,
    )
    @idempotency.once
    def post(self, request: Request, organization: str) -> Response:
        found, at = organizations.named(self, organization), clock.now()
        try:
            until = closing.close(organization=found, typed_name=self.body(ClosureInput)["name"], origin=self.origin(), at=at)
        except ValidationError as error:
            detail = _("This is not the organization's name. Send it as `organizations` says it.")
            raise exceptions.ValidationError({"name": [detail]}) from error
        told = {"id": found.public_id, "external_id": found.external_id, "closed_at": at, "reopens_until": until}
        return base.answer(ClosureOutput, told, status.HTTP_201_CREATED)
