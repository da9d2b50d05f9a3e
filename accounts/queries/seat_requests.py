"""Who asks for a seat."""

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Membership, Organization, RequestState, SeatRequest


def latest(membership: Membership, at: datetime) -> SeatRequest | None:
    """The member's own last request, unless it was taken back. An open one past its term counts as run out."""
    row = SeatRequest.objects.filter(membership=membership).exclude(state=RequestState.WITHDRAWN).order_by("-asked_at").first()
    if row and row.state == RequestState.OPEN and row.expires_at <= at:
        row.state = RequestState.EXPIRED
    return row


def waiting(organization: Organization, at: datetime) -> QuerySet[SeatRequest]:
    """The open requests of members, the oldest first."""
    rows = SeatRequest.objects.filter(
        membership__organization=organization, membership__left_at=None, state=RequestState.OPEN, expires_at__gt=at
    )
    return rows.select_related("membership__user").order_by("asked_at", "pk")
