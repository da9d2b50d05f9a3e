"""Who belongs to which organization."""

from django.db import models

from accounts.models import Membership, Organization, Role, User
from accounts.rules import permissions
from accounts.rules.permissions import Permission

ROLE_ORDER = models.Case(
    models.When(role=Role.OWNER, then=0),
    models.When(role=Role.BILLING_ADMIN, then=1),
    default=2,
    output_field=models.IntegerField(),
)


def memberships_of(user: User) -> list[Membership]:
    """A person's memberships in open organizations, the most recent first, each with its organization. One query."""
    rows = Membership.objects.live().filter(user=user, organization__closed_at=None)
    return list(rows.select_related("organization").order_by("-joined_at", "-id"))


def of(organization: Organization) -> models.QuerySet[Membership]:
    """The living memberships with their people: owners first, then by name."""
    rows = Membership.objects.live().filter(organization=organization).select_related("user")
    return rows.order_by(ROLE_ORDER, "user__name", "user__email")


def who_can(organization: Organization, permission: Permission) -> list[Membership]:
    """Whom to ask: the members whose role allows it, owners first."""
    return list(of(organization).filter(role__in=permissions.roles_with(permission)))


def owners(organization: Organization) -> list[Membership]:
    return list(of(organization).filter(role=Role.OWNER))
