"""Who belongs to which organization."""

from typing import Any

from django.db import models

from accounts.models import Membership, Organization, Role, User
from accounts.queries import rows
from accounts.rules import permissions
from accounts.rules.permissions import Permission

ROLE_ORDER = models.Case(
    models.When(role=Role.OWNER, then=0),
    models.When(role=Role.BILLING_ADMIN, then=1),
    default=2,
    output_field=models.IntegerField(),
)


MEMBERSHIP = rows.part(Membership, "m")
ORGANIZATION = rows.part(Organization, "o")
MEMBERSHIPS = f"""
SELECT {MEMBERSHIP.columns}, {ORGANIZATION.columns}
FROM accounts_membership m JOIN accounts_organization o ON o.id = m.organization_id
WHERE m.user_id = %s AND m.left_at IS NULL AND o.closed_at IS NULL ORDER BY m.joined_at DESC, m.id DESC
"""  # noqa: S608 - our own names


def memberships_of(user: User) -> list[Membership]:
    """A person's memberships in open organizations, the most recent first, each with its organization. One query."""
    return [_membership(row, user) for row in rows.fetch(MEMBERSHIPS, (user.pk,))]


def _membership(row: tuple[Any, ...], user: User) -> Membership:
    found = MEMBERSHIP.take(row)
    found.organization = ORGANIZATION.take(row, len(MEMBERSHIP.names))
    found.user = user
    return found


def of(organization: Organization) -> models.QuerySet[Membership]:
    """The living memberships with their people: owners first, then by name."""
    living = Membership.objects.live().filter(organization=organization).select_related("user")
    return living.order_by(ROLE_ORDER, "user__name", "user__email")


def who_can(organization: Organization, permission: Permission) -> list[Membership]:
    """Whom to ask: the members whose role allows it, owners first."""
    return list(of(organization).filter(role__in=permissions.roles_with(permission)))


def owners(organization: Organization) -> list[Membership]:
    return list(of(organization).filter(role=Role.OWNER))


def named(organization: Organization, said: str) -> User | None:
    """The member whom the vendor's product means: by its own id of the person, else by the address."""
    people = User.objects.filter(memberships__organization=organization, memberships__left_at=None)
    return people.filter(external_id=said).first() or people.filter(email=said.lower()).first()
