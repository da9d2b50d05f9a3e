"""Whom seats were bought for: they get them as soon as the seats are there, and nobody before or without that."""

from datetime import datetime

from django.core.exceptions import ValidationError

from accounts.models import Role
from accounts.origin import Origin
from accounts.services import journal
from billing.models import SeatChange, Subscription
from billing.services import people


def give(row: Subscription, change: SeatChange, *, origin: Origin, at: datetime) -> None:
    """In the caller's transaction, under the subscription's lock."""
    people.assign_where_possible(subscription=row, membership_ids=change.assign_to, origin=origin, at=at)
    if change.invite:
        _invite(row, change, origin, at)


def _invite(row: Subscription, change: SeatChange, origin: Origin, at: datetime) -> None:
    """Invite those the seats were bought for. Whoever paid keeps the seats, even if nobody may be invited any more today."""
    try:
        people.invite(
            organization=row.organization,
            emails=change.invite,
            role=Role.MEMBER,
            with_seat=True,
            subscription=row,
            origin=origin,
            at=at,
        )
    except ValidationError as error:
        journal.append(
            kind="billing.invitations.refused",
            organization=row.organization,
            at=at,
            data={"change": change.pk, "count": len(change.invite), "why": " ".join(error.messages)},
        )
    change.invite = []
    change.save(update_fields=["invite"])
