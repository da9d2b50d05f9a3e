"""Invitations: the one a link leads to, and those an organization waits for."""

from datetime import datetime
from enum import StrEnum

from django.db import models

from accounts.models import Invitation, InvitationState, Organization
from accounts.rules import keys


class Standing(StrEnum):
    """What an invitation is worth at an instant: its state, and whether it has run out."""

    OPEN = "open"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    REVOKED = "revoked"


def by_token(token: str) -> Invitation | None:
    """The invitation that a link's token belongs to, whatever its state; None for a token never given out. One query."""
    rows = Invitation.objects.select_related("organization", "invited_by")
    return rows.filter(token_hash=keys.digest(token), organization__closed_at=None).first()


def standing(invitation: Invitation, at: datetime) -> Standing:
    if invitation.state != InvitationState.OPEN:
        return Standing(invitation.state)
    return Standing.OPEN if invitation.expires_at > at else Standing.EXPIRED


def waiting(organization: Organization) -> models.QuerySet[Invitation]:
    """Invitations neither accepted nor withdrawn, run out or not, the newest first."""
    rows = Invitation.objects.filter(organization=organization, state=InvitationState.OPEN)
    return rows.select_related("invited_by").order_by("-sent_at", "-id")
