"""What requests to join and for a seat have in common: how often one may ask, and that each is answered once."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import JoinRequest, Membership, Organization, RequestState, SeatRequest, User
from accounts.models.requests import LONGEST_WORD, Asked
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal

Row = TypeVar("Row", bound=Asked)


class NotNow(ValidationError):
    """Asked too often, or too soon after a no."""


class Answered(Exception):
    """The request is not open any more: answered, withdrawn or run out."""


def check_may_ask(*, user: User, before: QuerySet[Row], at: datetime) -> None:
    """Raise NotNow if `user` has asked too often today, or one of `before` (what they asked there) was declined lately."""
    since = at - timedelta(days=1)
    today = JoinRequest.objects.filter(user=user, asked_at__gt=since).count()
    today += SeatRequest.objects.filter(membership__user=user, asked_at__gt=since).count()
    if today >= policies.value("accounts.requests_a_day", at=at):
        raise NotNow(_("You have asked often today. Try again tomorrow."))
    wait = timedelta(seconds=policies.value("accounts.request_again_seconds", at=at))
    if before.filter(state=RequestState.DECLINED, ended_at__gt=at - wait).exists():
        raise NotNow(_("The answer was no, a short while ago. Talk to your colleagues first."))


def lock_asker(user: User) -> None:
    """One request at a time a person, so that two tabs do not go past the limits."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def expiry(at: datetime) -> datetime:
    return at + timedelta(seconds=policies.value("accounts.request_seconds", at=at))


def word(text: str) -> str:
    """What somebody typed, on one line, cut to what a row holds."""
    return " ".join(text.split())[:LONGEST_WORD]


def end(row: Asked, state: RequestState, *, origin: Origin, at: datetime, answer: str = "") -> None:
    """Answer a request, once. Raises Answered if it was not open any more."""
    rows: Any = type(row)._default_manager.filter(pk=row.pk, state=RequestState.OPEN, expires_at__gt=at)  # noqa: SLF001 - Django's
    actor = None if state == RequestState.WITHDRAWN else origin.actor
    if not rows.update(state=state, ended_at=at, answer=word(answer), decided_by=actor):
        raise Answered
    row.state, row.ended_at, row.answer, row.decided_by = state, at, word(answer), actor


def expire(at: datetime) -> int:
    """Mark what nobody answered in time. Returns how many; safe to run at any time, many times."""
    count = 0
    for model in (JoinRequest, SeatRequest):
        due = model._default_manager.filter(state=RequestState.OPEN, expires_at__lte=at)  # noqa: SLF001 - Django's name
        count += due.update(state=RequestState.EXPIRED, ended_at=at)
    return count


def forget(*, user: User, at: datetime) -> None:
    """Take back what somebody asked who deletes the account, and the words and address beside it."""
    for rows in (JoinRequest.objects.filter(user=user), SeatRequest.objects.filter(membership__user=user)):
        rows.filter(state=RequestState.OPEN).update(state=RequestState.WITHDRAWN, ended_at=at)
        rows.update(reason="")
    JoinRequest.objects.filter(user=user).update(email=f"deleted-{user.pk}@deleted.invalid")


def members_left(membership: Membership, at: datetime) -> None:
    """Somebody has left: their request for a seat is of no use."""
    rows = SeatRequest.objects.filter(membership=membership, state=RequestState.OPEN)
    rows.update(state=RequestState.WITHDRAWN, ended_at=at)


def tell(kind: str, organization: Organization, origin: Origin, at: datetime, data: dict[str, Any]) -> None:
    journal.append(
        kind=kind,
        organization=organization,
        at=at,
        origin=origin,
        data=data,
    )
