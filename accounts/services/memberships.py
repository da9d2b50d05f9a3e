"""Memberships: joining, leaving, roles and who owns the organization. There is always an owner.

Upper floors let people in and out through billing.services.people, which calls this and takes the seats along.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Journal, Membership, Organization, Role, User
from accounts.origin import Origin
from accounts.services import journal, outbox


class LastOwner(Exception):
    """The last owner can't leave or step down: hand the ownership over first."""


class Gone(Exception):
    """The person is not a member any more."""


class NotOwner(Exception):
    """Only an owner can hand the ownership over."""


def join(*, organization: Organization, user: User, role: Role | str, origin: Origin, at: datetime) -> Membership:
    """Make `user` a member and welcome them; somebody who is one already stays as they are."""
    with transaction.atomic():
        membership, is_new = Membership.objects.live().get_or_create(
            organization=organization, user=user, left_at=None, defaults={"role": role, "joined_at": at}
        )
        if is_new:
            _tell("accounts.member.joined", membership, origin, at, {"role": role})
            url = settings.STORE_URL + settings.LOGIN_REDIRECT_URL
            _mail("accounts/welcome", membership, at, {"organization_name": organization.name, "url": url})
    return membership


def remove(*, membership: Membership, origin: Origin, at: datetime) -> None:
    """End a membership: somebody leaves, or is removed and hears of it by mail. Raises LastOwner and Gone."""
    with transaction.atomic():
        row = _lock(membership)
        _keep_an_owner(row)
        row.left_at = at
        row.save(update_fields=["left_at"])
        left = origin.actor == row.user
        _tell("accounts.member.left" if left else "accounts.member.removed", row, origin, at, {"role": row.role})
        if not left:
            _mail("accounts/removed", row, at, {"organization_name": row.organization.name})
    membership.left_at = at


def change_role(*, membership: Membership, role: Role | str, origin: Origin, at: datetime) -> bool:
    """Give a member another role; False if they have it already. Raises LastOwner and Gone."""
    role = Role(role)
    with transaction.atomic():
        row = _lock(membership)
        if row.role == role:
            return False
        _keep_an_owner(row)
        _set_role(row, role, origin, at)
        if origin.actor != row.user:
            _mail("accounts/role_changed", row, at, {"organization_name": row.organization.name, "role": role.value})
    membership.role = role
    return True


def transfer_ownership(*, giver: Membership, receiver: Membership, origin: Origin, at: datetime) -> None:
    """Make `receiver` an owner and `giver` a billing admin, at once; both get a mail (docs/decisions/ownership-transfer.md).

    Raises NotOwner if the giver is none (any more), Gone if the receiver has left.
    """
    with transaction.atomic():
        rows = _lock_both(giver, receiver)
        old, new = rows.get(giver.pk), rows.get(receiver.pk)
        if old is None or old.role != Role.OWNER:
            raise NotOwner
        if new is None or new.organization_id != old.organization_id or new == old:
            raise Gone
        _set_role(new, Role.OWNER, origin, at)
        _set_role(old, Role.BILLING_ADMIN, origin, at)
        entry = _tell("accounts.ownership.transferred", new, origin, at, {"from": old.pk, "to": new.pk})
        names = {"organization_name": old.organization.name, "giver": str(old.user), "receiver": str(new.user)}
        for row in (old, new):
            _mail("accounts/ownership_transferred", row, at, {**names, "received": row is new}, about=f"journal:{entry.pk}")
    giver.role, receiver.role = Role.BILLING_ADMIN, Role.OWNER


def replace_owners(*, receiver: Membership, origin: Origin, at: datetime) -> list[Membership]:
    """Make `receiver` the only owner, and the owners before it members; for accounts.services.recoveries.

    Members, not billing admins: an owner of whom nobody hears may have lost the account to somebody else. Raises Gone.
    """
    with transaction.atomic():
        former = list(_owners(receiver.organization_id).select_for_update().order_by("pk"))
        rows = Membership.objects.live().select_related("organization", "user")
        row = rows.select_for_update(of=("self",)).filter(pk=receiver.pk).first()
        if row is None:
            raise Gone
        before = [owner for owner in former if owner.pk != row.pk]
        if row.role != Role.OWNER:
            _set_role(row, Role.OWNER, origin, at)
        for owner in before:
            _set_role(owner, Role.MEMBER, origin, at)
    return before


def _lock(membership: Membership) -> Membership:
    """The live row, locked after all owners' rows, so that two owners who leave at once are counted one after the other."""
    list(_owners(membership.organization_id).select_for_update().order_by("pk"))
    rows = Membership.objects.live().select_related("organization", "user")
    row = rows.select_for_update(of=("self",)).filter(pk=membership.pk).first()
    if row is None:
        raise Gone
    return row


def _lock_both(giver: Membership, receiver: Membership) -> dict[int, Membership]:
    list(_owners(giver.organization_id).select_for_update().order_by("pk"))
    rows = Membership.objects.live().filter(pk__in=[giver.pk, receiver.pk]).select_related("organization", "user")
    return {row.pk: row for row in rows.select_for_update(of=("self",)).order_by("pk")}


def _owners(organization_id: int) -> Any:
    return Membership.objects.live().filter(organization_id=organization_id, role=Role.OWNER)


def _keep_an_owner(row: Membership) -> None:
    if row.role == Role.OWNER and not _owners(row.organization_id).exclude(pk=row.pk).exists():
        raise LastOwner


def _set_role(row: Membership, role: Role, origin: Origin, at: datetime) -> None:
    before, row.role = row.role, role
    row.save(update_fields=["role"])
    _tell("accounts.role.changed", row, origin, at, {"from": before, "to": role.value})


def _mail(kind: str, row: Membership, at: datetime, context: dict[str, Any], about: str = "") -> None:
    outbox.write(
        kind=kind,
        subject_row=about or f"membership:{row.pk}:{at.isoformat()}",
        to=row.user,
        organization=row.organization,
        context=context,
        at=at,
    )


def _tell(kind: str, row: Membership, origin: Origin, at: datetime, data: dict[str, Any]) -> Journal:
    return journal.append(
        kind=kind,
        organization=row.organization,
        at=at,
        origin=origin,
        data={"membership": row.pk, **data},
    )
