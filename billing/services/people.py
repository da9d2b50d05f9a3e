"""Joining, leaving and having a seat: a seat follows the person.

Upper floors let people in and out through these verbs, never through accounts' alone, so that no seat is left with somebody
who is gone, and none is promised that was not bought. Lock order: the subscription, then memberships and invitations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Invitation, Membership, Organization, Role, User
from accounts.origin import Origin
from accounts.services import asking, invitations, journal, memberships, outbox, seat_requests
from billing.models import SeatAssignment, Subscription
from billing.services import notices


class NoFreeSeat(Exception):
    """Every bought seat is in use. `missing` more would do."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} more seats are needed")
        self.missing = missing


class NotAMember(Exception):
    """The person is not (or no longer) in the organization."""


@dataclass(frozen=True, kw_only=True)
class Invited:
    """What became of each address of one request: as accounts says it, and who of them holds a seat."""

    results: Sequence[invitations.Result]
    seated: frozenset[str]


def in_use(subscription: Subscription) -> QuerySet[SeatAssignment]:
    """The seats somebody has or is invited to."""
    return SeatAssignment.objects.filter(subscription=subscription, ended_at=None)


def has_seat(membership: Membership) -> bool:
    """Whether the member has a seat of any of the organization's subscriptions."""
    return SeatAssignment.objects.filter(membership=membership, ended_at=None).exists()


def free_seats(subscription: Subscription) -> int:
    return subscription.quantity - in_use(subscription).count()


def live_subscription(organization: Organization) -> Subscription | None:
    """The subscription that seats are taken from: the organization's first live one. Locked; call inside a transaction."""
    live = Subscription.objects.live().locked().filter(organization=organization)
    return live.select_related("plan", "price", "line", "organization").order_by("line__rank", "pk").first()


@transaction.atomic
def assign(*, subscription: Subscription, membership_ids: Sequence[int], origin: Origin, at: datetime) -> int:
    """Give seats to members, all or none. Members who have one keep it. Returns how many were given.

    Raises NoFreeSeat and NotAMember.
    """
    locked = Subscription.objects.locked().select_related("organization", "line").get(pk=subscription.pk)
    members = list(Membership.objects.live().filter(organization=locked.organization, pk__in=membership_ids))
    if len(members) != len(set(membership_ids)):
        raise NotAMember("Somebody in the list is not in this organization any more.")
    has = set(in_use(locked).filter(membership__in=members).values_list("membership_id", flat=True))
    new = [member for member in members if member.pk not in has]
    _need(locked, len(new))
    for member in new:
        _seat(locked, membership=member, origin=origin, at=at)
    return len(new)


@transaction.atomic
def assign_where_possible(*, subscription: Subscription, membership_ids: Sequence[int], origin: Origin, at: datetime) -> int:
    """Give seats to as many of the members as there are seats for, in their order; whoever left is passed over."""
    locked = Subscription.objects.locked().select_related("organization", "line").get(pk=subscription.pk)
    members = Membership.objects.live().filter(organization=locked.organization, pk__in=membership_ids)
    has = set(in_use(locked).values_list("membership_id", flat=True))
    new = sorted(
        (member for member in members if member.pk not in has), key=lambda member: list(membership_ids).index(member.pk)
    )
    chosen = new[: max(0, free_seats(locked))]
    for member in chosen:
        _seat(locked, membership=member, origin=origin, at=at)
    return len(chosen)


@transaction.atomic
def unassign(*, assignment: SeatAssignment, origin: Origin, at: datetime) -> bool:
    """Take a seat back; the person stays in the organization. False if it was taken back already."""
    return _end(SeatAssignment.objects.filter(pk=assignment.pk), origin=origin, at=at) == 1


@transaction.atomic
def invite(
    *,
    organization: Organization,
    emails: Sequence[str],
    role: Role,
    with_seat: bool,
    origin: Origin,
    at: datetime,
    external_ids: Mapping[str, str] | None = None,
    subscription: Subscription | None = None,
) -> Invited:
    """Invite many at once. With a seat: as many as are free get one held, in the order given; the rest are invited without.

    Seats are of `subscription` (locked by the caller), or of the organization's first.

    Every address has a result of its own; a bad one does not hold up the others.
    """
    subscription = (subscription or live_subscription(organization)) if with_seat else None
    results = invitations.invite(
        organization=organization,
        emails=emails,
        role=role,
        with_seat=with_seat,
        origin=origin,
        at=at,
        external_ids=external_ids,
    )
    seated: set[str] = set()
    free = free_seats(subscription) if subscription else 0
    for result in results:
        if subscription and free > 0 and result.invitation is not None and result.is_new:
            _seat(subscription, invitation=result.invitation, origin=origin, at=at)
            seated.add(result.email)
            free -= 1
    return Invited(results=results, seated=frozenset(seated))


@transaction.atomic
def accept(*, token: str, user: User, origin: Origin, at: datetime) -> Membership:
    """Join by invitation; a seat held for it becomes the person's. Raises what accounts.services.invitations.accept raises."""
    membership = invitations.accept(token=token, user=user, origin=origin, at=at)
    accepted = Invitation.objects.filter(organization=membership.organization, email__iexact=user.email)
    held = SeatAssignment.objects.filter(invitation__in=accepted, membership=None, ended_at=None)
    for seat in held.select_for_update():
        taken = SeatAssignment.objects.filter(subscription=seat.subscription, membership=membership, ended_at=None)
        if taken.exists():
            _end(SeatAssignment.objects.filter(pk=seat.pk), origin=origin, at=at)
        else:
            SeatAssignment.objects.filter(pk=seat.pk).update(membership=membership, invitation=None)
            seat_requests.given(membership=membership, origin=origin, at=at)
    return membership


@transaction.atomic
def revoke(*, invitation: Invitation, origin: Origin, at: datetime) -> None:
    """Withdraw an invitation and free the seat held for it."""
    invitations.revoke(invitation=invitation, origin=origin, at=at)
    _end(SeatAssignment.objects.filter(invitation=invitation, membership=None, ended_at=None), origin=origin, at=at)


@transaction.atomic
def remove(*, membership: Membership, origin: Origin, at: datetime) -> None:
    """Remove a member (or leave): the seat goes with them. Raises memberships.LastOwner."""
    memberships.remove(membership=membership, origin=origin, at=at)
    asking.members_left(membership, at)
    _end(SeatAssignment.objects.filter(membership=membership, ended_at=None), origin=origin, at=at)


def expire_held_seats(at: datetime) -> int:
    """Free seats held for invitations that have run out. Returns how many. Safe to run at any time, many times."""
    gone = Q(invitation__expires_at__lte=at) | ~Q(invitation__state="open")
    with transaction.atomic():
        return _end(SeatAssignment.objects.filter(gone, membership=None, ended_at=None), origin=Origin.system(), at=at)


def fit(subscription: Subscription, *, origin: Origin, at: datetime) -> int:
    """After seats went: end what is in use beyond what is bought. The caller holds the lock. Returns how many were ended.

    Only reached when nobody named who loses a seat (Stripe's side changed, or people joined meanwhile): seats held for
    invitations go first, then the newest, the owners' last. The owners hear of it by mail.
    """
    excess = in_use(subscription).count() - subscription.quantity
    if excess <= 0:
        return 0
    candidates = in_use(subscription).select_related("membership__user", "invitation")
    ranked = sorted(candidates, key=lambda seat: (_keeps(seat), -seat.assigned_at.timestamp(), -seat.pk))
    chosen = ranked[:excess]
    ended = _end(SeatAssignment.objects.filter(pk__in=[seat.pk for seat in chosen]), origin=origin, at=at)
    if subscription.is_live:
        notices.seats_lost(subscription, chosen, at=at)
    return ended


def _keeps(seat: SeatAssignment) -> int:
    if seat.membership is None:
        return 0
    return 2 if seat.membership.role == Role.OWNER else 1


def _need(subscription: Subscription, seats: int) -> None:
    free = free_seats(subscription)
    if seats > free:
        raise NoFreeSeat(seats - free)


def _seat(
    subscription: Subscription,
    *,
    origin: Origin,
    at: datetime,
    membership: Membership | None = None,
    invitation: Invitation | None = None,
) -> None:
    seat = SeatAssignment.objects.create(
        subscription=subscription, membership=membership, invitation=invitation, assigned_by=origin.actor, assigned_at=at
    )
    _tell("billing.seat.assigned", seat, origin, at)
    if membership is not None:
        seat_requests.given(membership=membership, origin=origin, at=at)
    if membership is not None and membership.user != origin.actor:
        outbox.write(
            kind="billing/seat_assigned",
            subject_row=f"seat:{seat.pk}",
            to=membership.user,
            organization=subscription.organization,
            context={"organization": subscription.organization.name},
            at=at,
        )


def _end(seats: QuerySet[SeatAssignment], *, origin: Origin, at: datetime) -> int:
    ended = 0
    live = seats.filter(ended_at=None).select_for_update(of=("self",))
    for seat in live.select_related("subscription__organization", "membership__user"):
        seat.ended_at = at
        seat.save(update_fields=["ended_at"])
        _tell("billing.seat.ended", seat, origin, at)
        ended += 1
    return ended


def _tell(kind: str, seat: SeatAssignment, origin: Origin, at: datetime) -> None:
    journal.append(
        kind=kind,
        organization=seat.subscription.organization,
        at=at,
        origin=origin,
        data={"seat": seat.pk, "membership": seat.membership_id, "invitation": seat.invitation_id},
    )
