"""Through whose eyes one of the vendor's people looks at the store."""

from datetime import datetime

from accounts.models import Membership, Organization, Role, User, Viewing
from accounts.queries import rows

VIEWING = rows.part(Viewing, "v")
MEMBERSHIP = rows.part(Membership, "m")
ORGANIZATION = rows.part(Organization, "o")
PERSON = rows.part(User, "u")
ACTING = f"""
SELECT {VIEWING.columns}, {MEMBERSHIP.columns}, {ORGANIZATION.columns}, {PERSON.columns}
FROM accounts_viewing v JOIN accounts_membership m ON m.id = v.membership_id
JOIN accounts_organization o ON o.id = v.organization_id JOIN accounts_user u ON u.id = m.user_id
WHERE v.id = %s AND v.staff_id = %s AND v.ended_at IS NULL AND v.until_at > %s AND m.left_at IS NULL AND o.closed_at IS NULL
"""  # noqa: S608 - our own names


def acting(viewing_id: int, staff: User, wall: datetime) -> Viewing | None:
    """The look of this person that still goes on, with the membership, its person and organization. One query.

    None for one that has ended or run out, and where the member has left or the organization was closed meanwhile.
    """
    found = rows.fetch(ACTING, (viewing_id, staff.pk, wall))
    if not found:
        return None
    viewing = VIEWING.take(found[0])
    at = len(VIEWING.names)
    membership = MEMBERSHIP.take(found[0], at)
    at += len(MEMBERSHIP.names)
    membership.organization = ORGANIZATION.take(found[0], at)
    membership.user = PERSON.take(found[0], at + len(ORGANIZATION.names))
    viewing.membership, viewing.organization, viewing.staff = membership, membership.organization, staff
    return viewing


def eyes(organization: Organization) -> Membership | None:
    """Whose eyes one borrows: the owner's, of several the first one's. None without an owner."""
    owners = Membership.objects.live().filter(organization=organization, role=Role.OWNER).select_related("user", "organization")
    return owners.order_by("joined_at", "pk").first()
