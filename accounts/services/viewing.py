"""Looking at the store as a customer: opened with a reason, for a while, told in its timeline at both ends.

Nothing of the customer's changes by it: no sign-in, no session, no "last seen". accounts.viewing_guard says what is reached.
"""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organization, User, Viewing, ViewingEnd
from accounts.origin import Origin, Source
from accounts.queries import policies
from accounts.queries import viewing as queries
from accounts.services import journal

SHORTEST_REASON = 10


class NothingToSee(Exception):
    """The organization is closed, or has no owner whose eyes one could borrow."""


def start(*, organization: Organization, reason: str, ticket: str, origin: Origin, at: datetime, wall: datetime) -> Viewing:
    """Open a look of `origin.actor`'s for `accounts.viewing_seconds` from `wall`. Whether the person may, the caller asks.

    Raises NothingToSee, and ValidationError naming `reason` for one that says nothing.
    """
    if origin.actor is None:
        raise ValueError("A look is somebody's: the origin needs an actor.")
    if len(reason.strip()) < SHORTEST_REASON:
        raise ValidationError({"reason": _("Say in a few words what you look for: the customer may ask.")})
    membership = None if organization.closed_at else queries.eyes(organization)
    if membership is None:
        raise NothingToSee
    with transaction.atomic():
        viewing = Viewing.objects.create(
            organization=organization,
            membership=membership,
            staff=origin.actor,
            reason=reason.strip(),
            ticket=ticket.strip(),
            opened_at=wall,
            until_at=wall + timedelta(seconds=policies.value("accounts.viewing_seconds", at)),
        )
        _tell("accounts.viewing.opened", viewing, origin, at, until_at=viewing.until_at)
    return viewing


def end(viewing_id: int, *, how: ViewingEnd, origin: Origin, at: datetime, wall: datetime) -> Viewing | None:
    """End a look; None for one that had ended before. One that had run out ended then, whoever notices it."""
    with transaction.atomic():
        viewing = (
            Viewing.objects.select_for_update(of=("self",))
            .select_related("organization", "staff")
            .filter(pk=viewing_id, ended_at=None)
            .first()
        )
        if viewing is None:
            return None
        is_over = viewing.until_at <= wall
        viewing.ended_at, viewing.ended_by = (viewing.until_at, ViewingEnd.TIME) if is_over else (wall, how)
        viewing.save(update_fields=["ended_at", "ended_by"])
        _tell("accounts.viewing.ended", viewing, origin, at, how=viewing.ended_by)
    return viewing


def expire(at: datetime, wall: datetime) -> int:
    """End those that ran out and were left alone; how many. Repeatable."""
    overdue = Viewing.objects.filter(ended_at=None, until_at__lte=wall).order_by("pk").values_list("pk", "staff")
    actors = {person.pk: person for person in User.objects.filter(pk__in={staff for _pk, staff in overdue})}
    ended = [
        end(pk, how=ViewingEnd.TIME, origin=Origin(actor=actors[staff], source=Source.SCHEDULE), at=at, wall=wall)
        for pk, staff in overdue
    ]
    return sum(one is not None for one in ended)


def _tell(kind: str, viewing: Viewing, origin: Origin, at: datetime, **more: object) -> None:
    journal.append(
        kind=kind,
        organization=viewing.organization,
        at=at,
        origin=origin,
        data={"viewing": viewing.pk, "reason": viewing.reason, "ticket": viewing.ticket, **more},
    )
