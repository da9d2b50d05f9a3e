"""A person deletes the account: every floor gives back or forgets its part, in one transaction."""

from datetime import datetime

from django.db import transaction

from accounts.models import Invitation, InvitationState, Membership, Organization, Role, User
from accounts.origin import Origin
from accounts.services import asking, deletion, memberships
from billing.services import people
from offramps.services import forgetting
from telemetry.services import visits


class LastOwner(Exception):
    """The person is the last owner of these open organizations."""

    def __init__(self, organizations: list[Organization]) -> None:
        super().__init__(", ".join(organization.public_id for organization in organizations))
        self.organizations = organizations


def owned_alone(user: User) -> list[Organization]:
    """The open organizations that would be left without an owner. Two queries."""
    mine = (
        Membership.objects.live()
        .filter(user=user, role=Role.OWNER, organization__closed_at=None)
        .select_related("organization")
    )
    others = Membership.objects.live().filter(role=Role.OWNER).exclude(user=user)
    shared = set(
        others.filter(organization__in=[row.organization_id for row in mine]).values_list("organization_id", flat=True)
    )
    return [row.organization for row in mine if row.organization_id not in shared]


def delete_account(*, user: User, origin: Origin, at: datetime) -> None:
    """Leave every organization, give the seats back, and take away what names the person.

    Raises LastOwner and deletion.StaffAccount; nothing is changed then.
    """
    if alone := owned_alone(user):
        raise LastOwner(alone)
    address = user.email
    with transaction.atomic():
        rows = Membership.objects.live().filter(user=user, organization__closed_at=None).select_related("user", "organization")
        for membership in rows.order_by("pk"):
            try:
                people.remove(membership=membership, origin=origin, at=at)
            except memberships.LastOwner:
                # The other owner left between the look above and the lock.
                raise LastOwner([membership.organization]) from None
        for invitation in Invitation.objects.filter(email__iexact=address, state=InvitationState.OPEN).select_related(
            "organization"
        ):
            people.revoke(invitation=invitation, origin=origin, at=at)
        asking.forget(user=user, at=at)
        forgetting.forget(user_id=user.pk, email=address)
        visits.forget_person(user.pk)
        deletion.pseudonymise(user=user, origin=origin, at=at)
