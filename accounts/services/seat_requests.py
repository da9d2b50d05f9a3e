"""A member asks for a seat. Giving it, and knowing whether one is free, is billing's (billing.services.people)."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import Membership, RequestState, SeatRequest
from accounts.origin import Origin
from accounts.queries import members
from accounts.rules.permissions import Permission
from accounts.services import asking, links, naming, outbox


def ask(*, membership: Membership, reason: str, origin: Origin, at: datetime, external_id: str | None = None) -> SeatRequest:
    """Ask those who may change seats; a second click finds the first one's request. Raises asking.NotNow and naming.Taken."""
    with transaction.atomic():
        asking.lock_asker(membership.user)
        mine = SeatRequest.objects.filter(membership=membership)
        if found := mine.filter(state=RequestState.OPEN, expires_at__gt=at).first():
            return naming.name_once(found, external_id, organization=membership.organization, origin=origin, at=at)
        asking.check_may_ask(user=membership.user, before=mine, at=at)
        mine.filter(state=RequestState.OPEN).update(state=RequestState.EXPIRED, ended_at=at)
        row = SeatRequest.objects.create(
            organization=membership.organization,
            membership=membership,
            reason=asking.word(reason),
            external_id=external_id,
            asked_at=at,
            expires_at=asking.expiry(at),
        )
        asking.tell("accounts.seat.asked", membership.organization, origin, at, {"request": row.pk})
        _mail(row, at)
    return row


def by_token(text: str) -> SeatRequest | None:
    """The request that a mail's link is about, whatever its state."""
    ids = links.read(links.SEAT, text)
    rows = SeatRequest.objects.select_related("membership__organization", "membership__user", "decided_by")
    return rows.filter(pk=ids[0]).first() if ids else None


def token(row: SeatRequest) -> str:
    return links.token(links.SEAT, row.pk)


def given(*, membership: Membership, origin: Origin, at: datetime) -> None:
    """The member has a seat now, whichever way: what they asked is approved. In the transaction that gives it."""
    rows = SeatRequest.objects.filter(membership=membership, state=RequestState.OPEN)
    if rows.update(state=RequestState.APPROVED, ended_at=at, decided_by=origin.actor):
        asking.tell("accounts.seat.approved", membership.organization, origin, at, {"membership": membership.pk})


def decline(*, request: SeatRequest, answer: str, origin: Origin, at: datetime) -> None:
    """Say no, with a word for the member. Raises asking.Answered."""
    organization = request.membership.organization
    with transaction.atomic():
        asking.end(request, RequestState.DECLINED, origin=origin, at=at, answer=answer)
        asking.tell("accounts.seat.declined", organization, origin, at, {"request": request.pk})
        outbox.write(
            kind="accounts/seat_declined",
            subject_row=f"seat_request:{request.pk}",
            to=request.membership.user,
            organization=organization,
            context={"organization_name": organization.name, "answer": request.answer, "who": str(origin.actor or "")},
            at=at,
        )


def withdraw(*, membership: Membership, origin: Origin, at: datetime) -> bool:
    """Take one's own open request back; False if there is none."""
    row = SeatRequest.objects.filter(membership=membership, state=RequestState.OPEN).first()
    if row is None:
        return False
    with transaction.atomic():
        try:
            asking.end(row, RequestState.WITHDRAWN, origin=origin, at=at)
        except asking.Answered:
            return False
        asking.tell("accounts.seat.withdrawn", membership.organization, origin, at, {"request": row.pk})
    return True


def _mail(row: SeatRequest, at: datetime) -> None:
    organization = row.membership.organization
    url = settings.STORE_URL + reverse("storefront:seat_request", args=[token(row)])
    for decider in members.who_can(organization, Permission.CHANGE_SEATS):
        outbox.write(
            kind="accounts/seat_asked",
            subject_row=f"seat_request:{row.pk}",
            to=decider.user,
            organization=organization,
            context={
                "organization_name": organization.name,
                "who": str(row.membership.user),
                "address": row.membership.user.email,
                "reason": row.reason,
                "expires_at": row.expires_at,
            },
            secret={"url": url},
            at=at,
        )
