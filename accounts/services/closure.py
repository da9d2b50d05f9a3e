"""Closing an organization for good, and opening it again while there is time.

Whether money stands in the way is billing's to say (billing.services.closing, which calls this). What stays and for how long is
written on the page and in docs/data-kept.md.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import ApiKey, Invitation, InvitationState, Membership, Organization, OrganizationMerge, WebhookSecret
from accounts.origin import Origin
from accounts.queries import members, policies
from accounts.services import invitations, journal, outbox


class TooLate(Exception):
    """The time in which it could be opened again is over."""


class Already(Exception):
    """It is closed already, or open."""


def close(*, organization: Organization, origin: Origin, at: datetime) -> datetime:
    """Close it now: nobody acts for it any more, keys stop, invitations are withdrawn, all members hear of it.

    Returns until when staff can open it again. Raises Already.
    """
    until = at + timedelta(seconds=policies.value("accounts.reopen_seconds", at=at))
    with transaction.atomic():
        if not Organization.objects.filter(pk=organization.pk, closed_at=None).update(closed_at=at):
            raise Already
        for invitation in Invitation.objects.filter(organization=organization, state=InvitationState.OPEN):
            invitations.revoke(invitation=invitation, origin=origin, at=at)
        _tell("accounts.organization.closed", organization, origin, at, {"reopen_until": until})
        who = str(origin.actor or organization.name)
        _mail_all("accounts/organization_closed", organization, at, who=who, until=until)
    organization.closed_at = at
    return until


def reopen(*, organization: Organization, reason: str, origin: Origin, at: datetime) -> None:
    """Open it again, as it was; its keys work again, withdrawn invitations stay withdrawn. For staff.

    Raises Already, TooLate, and ValidationError without a reason.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say who asked, and how you made sure.")})
    with transaction.atomic():
        row = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if row.closed_at is None:
            raise Already
        if OrganizationMerge.objects.filter(source=row).exists():
            raise TooLate  # it goes on as another one
        if at > reopens_until(row, at):
            raise TooLate
        row.closed_at = None
        row.save(update_fields=["closed_at"])
        _tell("accounts.organization.reopened", row, origin, at, {"reason": reason.strip()})
        _mail_all("accounts/organization_reopened", row, at)
    organization.closed_at = None


def reopens_until(organization: Organization, at: datetime) -> datetime:
    """Until when it can be opened again; `at` decides which number of the business is in force."""
    assert organization.closed_at is not None, "only of a closed one"
    return organization.closed_at + timedelta(seconds=policies.value("accounts.reopen_seconds", at=at))


def settle(at: datetime) -> int:
    """End what closed organizations keep no longer: memberships, keys, the addresses of those invited. Returns how many.

    Set-based and repeatable: what has ended stays as it ended.
    """
    before = at - timedelta(seconds=policies.value("accounts.reopen_seconds", at=at))
    closed = Organization.objects.filter(closed_at__lte=before)
    with transaction.atomic():
        ended = Membership.objects.live().filter(organization__in=closed).update(left_at=at)
        ApiKey.objects.filter(organization__in=closed, revoked_at=None).update(revoked_at=at)
        WebhookSecret.objects.filter(endpoint__organization__in=closed).delete()
        # The address is of no use any more, and of somebody who never was our customer.
        Invitation.objects.filter(organization__in=closed).exclude(email__endswith="@deleted.invalid").update(
            email="invited@deleted.invalid"
        )
    return ended


def _mail_all(kind: str, organization: Organization, at: datetime, **facts: Any) -> None:
    for member in members.of(organization):
        outbox.write(
            kind=kind,
            subject_row=f"organization:{organization.pk}:{at.isoformat()}",
            to=member.user,
            organization=organization,
            context={"organization_name": organization.name, **facts},
            at=at,
        )


def _tell(kind: str, organization: Organization, origin: Origin, at: datetime, data: dict[str, Any]) -> None:
    journal.append(
        kind=kind,
        organization=organization,
        at=at,
        origin=origin,
        data=data,
    )
