"""Closing an organization: only once nothing more will be charged.

A subscription that goes on, a payment that is missing and a payment page that is open stand in the way; one that is
scheduled to end does not: it ends by itself, and what is paid is not refunded (the page says so).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import closure
from billing.models import SeatAssignment, Subscription, SubscriptionStatus
from billing.queries import checkouts
from billing.services import people

OWING = (SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID)


class Obstacle(StrEnum):
    """What has to be done first."""

    OWING = "owing"
    LIVE = "live"
    CHECKOUT = "checkout"


class InTheWay(Exception):
    """Something would still be charged. `obstacles` names what."""

    def __init__(self, obstacles: list[Obstacle]) -> None:
        super().__init__(", ".join(obstacles))
        self.obstacles = obstacles


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What closing meets: obstacles, and until when something paid would still have run."""

    obstacles: list[Obstacle]
    paid_until: datetime | None


def outlook(organization: Organization) -> Outlook:
    """Two queries."""
    return _outlook(organization, list(Subscription.objects.live().filter(organization=organization)))


def close(*, organization: Organization, typed_name: str, origin: Origin, at: datetime) -> datetime:
    """Close it, its seats ended; returns until when staff can open it again.

    Raises ValidationError when the name typed is another, InTheWay, and closure.Already.
    """
    if typed_name.strip().casefold() != organization.name.strip().casefold():
        raise ValidationError({"name": _("This is not the organization's name. Type it as it stands above.")})
    with transaction.atomic():
        live = list(Subscription.objects.live().locked().filter(organization=organization).order_by("pk"))
        found = _outlook(organization, live)
        if found.obstacles:
            raise InTheWay(found.obstacles)
        until = closure.close(organization=organization, origin=origin, at=at)
        for seat in SeatAssignment.objects.filter(subscription__in=live, ended_at=None):
            people.unassign(assignment=seat, origin=origin, at=at)
    return until


def _outlook(organization: Organization, live: list[Subscription]) -> Outlook:
    obstacles = []
    if any(row.status in OWING for row in live):
        obstacles.append(Obstacle.OWING)
    if any(row.cancel_at is None for row in live):
        obstacles.append(Obstacle.LIVE)
    if checkouts.open_attempt(organization) is not None:
        obstacles.append(Obstacle.CHECKOUT)
    return Outlook(obstacles=obstacles, paid_until=max((row.cancel_at for row in live if row.cancel_at), default=None))
