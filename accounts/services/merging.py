"""Merging two organizations: what of people and programs moves. Money is billing's: billing.services.merging calls this.

Who was an owner of the one that goes is a billing admin of the other: ownership is given by owners, not by us.
"""

from datetime import datetime
from typing import Any

from django.db.models.functions import Lower

from accounts.models import (
    ApiKey,
    BillingContact,
    Invitation,
    InvitationState,
    Membership,
    Organization,
    OrganizationMerge,
    Role,
    WebhookEndpoint,
)
from accounts.origin import Origin
from accounts.services import api_keys, invitations, journal, outbox, webhook_endpoints


def counts(source: Organization, target: Organization) -> dict[str, int]:
    """What moving would do, by name, as `move` then says what it did."""
    there = set(Membership.objects.live().filter(organization=target).values_list("user_id", flat=True))
    mine = list(Membership.objects.live().filter(organization=source).values_list("user_id", flat=True))
    keys = ApiKey.objects.filter(organization=source, revoked_at=None).count()
    endpoints = WebhookEndpoint.objects.filter(organization=source, deleted_at=None).count()
    return {
        "members": len([user for user in mine if user not in there]),
        "members_there": len([user for user in mine if user in there]),
        "invitations": len(_invitations(source, target)),
        "contacts": len(_contacts(source, target)),
        "keys_revoked": keys,
        "webhooks_stopped": endpoints,
        "external_ids": int(bool(source.external_id) and not target.external_id),
    }


def move(source: Organization, target: Organization, *, origin: Origin, at: datetime) -> dict[str, int]:
    """Move people, invitations and contacts; stop keys and webhooks. Call inside a transaction that holds both rows."""
    found = counts(source, target)
    for invitation in _invitations(source, target):
        _give(invitation, target)
    for contact in _contacts(source, target):
        _give(contact, target)
    for left in Invitation.objects.filter(organization=source, state=InvitationState.OPEN):
        invitations.revoke(invitation=left, origin=origin, at=at)
    _move_members(source, target, origin, at)
    for key in ApiKey.objects.filter(organization=source, revoked_at=None):
        api_keys.revoke(key=key, origin=origin, at=at)
    for endpoint in WebhookEndpoint.objects.filter(organization=source, deleted_at=None):
        webhook_endpoints.delete(endpoint=endpoint, origin=origin, at=at)
    if source.external_id and not target.external_id:
        named, source.external_id = source.external_id, None
        source.save(update_fields=["external_id"])
        target.external_id = named
        target.save(update_fields=["external_id"])
    return found


def close(
    source: Organization, target: Organization, *, reason: str, moved: dict[str, int], origin: Origin, at: datetime
) -> OrganizationMerge:
    """Close the one that goes, for good, and tell both histories. In the same transaction."""
    source.closed_at = at
    source.save(update_fields=["closed_at"])
    made = OrganizationMerge.objects.create(
        source=source, target=target, reason=reason, moved=moved, merged_by=origin.actor, merged_at=at
    )
    for organization, more in ((source, {"into": target.public_id}), (target, {"from": source.public_id})):
        data: dict[str, Any] = {"reason": reason, "name": source.name, **more, **moved}
        journal.append(
            kind="accounts.organization.merged",
            organization=organization,
            at=at,
            origin=origin,
            data=data,
        )
    return made


def _give(row: Invitation | BillingContact, target: Organization) -> None:
    """A row to the other organization; a vendor's own id of it that is taken there is let go."""
    rows = type(row).objects.filter(organization=target)
    if row.external_id is not None and rows.filter(external_id=row.external_id).exists():
        row.external_id = None
    row.organization = target
    row.save(update_fields=["organization", "external_id"])


def _move_members(source: Organization, target: Organization, origin: Origin, at: datetime) -> None:
    """Each is a member of the other from now on, with the role they have; who is there already keeps the role there."""
    for row in Membership.objects.live().filter(organization=source).select_related("user").order_by("pk"):
        role = Role.BILLING_ADMIN if row.role == Role.OWNER else row.role
        there, is_new = Membership.objects.live().get_or_create(
            organization=target, user=row.user, left_at=None, defaults={"role": role, "joined_at": at}
        )
        row.left_at = at
        row.save(update_fields=["left_at"])
        if is_new:
            data = {"membership": there.pk, "role": role, "merged": source.public_id}
            journal.append(kind="accounts.member.joined", organization=target, at=at, origin=origin, data=data)
        context = {"source_name": source.name, "target_name": target.name, "role": there.role}
        about = f"organization:{source.pk}:merged"
        outbox.write(kind="accounts/merged", subject_row=about, to=row.user, organization=target, context=context, at=at)


def _invitations(source: Organization, target: Organization) -> list[Invitation]:
    """Open ones to addresses that are neither invited to the other nor members there."""
    invited = Invitation.objects.filter(organization=target, state=InvitationState.OPEN).values(low=Lower("email"))
    members = Membership.objects.live().filter(organization=target).values(low=Lower("user__email"))
    rows = Invitation.objects.filter(organization=source, state=InvitationState.OPEN).annotate(low=Lower("email"))
    return list(rows.exclude(low__in=invited).exclude(low__in=members).order_by("pk"))


def _contacts(source: Organization, target: Organization) -> list[BillingContact]:
    known = BillingContact.objects.live().filter(organization=target).values(low=Lower("email"))
    rows = BillingContact.objects.live().filter(organization=source).annotate(low=Lower("email"))
    return list(rows.exclude(low__in=known).order_by("pk"))
