"""Members who have no seat: those whom new ones can be meant for while they are bought."""

from collections.abc import Collection
from typing import Final

from django.db.models import Exists, OuterRef

from accounts.models import Membership
from billing.models import SeatAssignment, Subscription

MOST: Final = 60


def members(row: Subscription) -> list[Membership]:
    """Up to MOST members without a seat of the subscription, with their users, by name. One query."""
    seated = SeatAssignment.objects.filter(subscription=row, membership=OuterRef("pk"), ended_at=None)
    rows = Membership.objects.live().filter(~Exists(seated), organization=row.organization_id)
    return list(rows.select_related("user").order_by("user__name", "user__email", "pk")[:MOST])


def invited(row: Subscription, emails: Collection[str]) -> int:
    """How many of these addresses are invited to a seat of the subscription. One query."""
    held = SeatAssignment.objects.filter(subscription=row, ended_at=None, invitation__email__in=emails)
    return held.count()


def names(membership_ids: list[int]) -> list[str]:
    """Of members, by their ids, as long as they are in the organization. One query."""
    rows = Membership.objects.live().filter(pk__in=membership_ids).select_related("user")
    return [str(row.user) for row in rows.order_by("user__name", "user__email", "pk")]
