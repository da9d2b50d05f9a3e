"""Changes that wait for the period's end: fewer or more seats, and the end of the subscription itself.

They are rows first; Stripe's schedule follows (billing.services.books.projection). Each can be taken back until it happens.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.origin import Origin
from accounts.services import journal
from billing.models import (
    Addon,
    CancelReason,
    ChangeState,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    SeatAssignment,
    SeatRelease,
    Subscription,
    SubscriptionAddon,
)
from billing.queries import coming, pilots, terms, unpaid
from billing.rules import schedule
from billing.services import notices, people
from billing.services.books import projection
from billing.services.changes import committed, paying_first, seats

NOT_OVER: Final = (ScheduledState.PENDING, ScheduledState.BOOKED)


class EndsAtOnce(seats.SeatsError):
    """A payment is missing: what is behind ends at once (billing.services.leaving.endings), which stops it being tried."""


def change_seats(
    row: Subscription,
    *,
    seats_after: int,
    releases: Sequence[int],
    origin: Origin,
    at: datetime,
    reason: str = "",
    external_id: str | None = None,
) -> ScheduledChange:
    """Have `seats_after` seats from the period's end on, on top of what already waits.

    Fewer than were committed until a day are booked for the end of the period that reaches it (ScheduledState.BOOKED).
    `releases` are the assignments that end then; needed when fewer seats would be left than are in use. Raises the SeatsErrors:
    NotLive, Paused, InPilot, InTrial, EndsSoon, WaitsForPayment, NothingChanges, BelowMinimum, AboveMaximum, BelowSeatsInUse,
    and PayFirst for fewer.
    """
    with transaction.atomic(durable=True):
        locked = lock(row)
        then = _coming(locked)
        _check(locked, then, seats_after)
        if seats_after < then:
            paying_first.check(locked)
        chosen = list(people.in_use(locked).filter(pk__in=releases))
        _check_in_use(locked, seats_after, chosen)
        wanted = ScheduledChange(kind=ScheduledKind.SEATS, delta=seats_after - then, reason=reason, external_id=external_id)
        term = committed.seats_wait(locked, then=then, wanted=seats_after)
        change = book(wanted, locked, term, origin=origin, at=at) if term else put(wanted, locked, origin=origin, at=at)
        SeatRelease.objects.bulk_create([SeatRelease(change=change, assignment=seat) for seat in chosen])
        notices.seats_scheduled(change, coming=seats_after, at=at)
    projection.follow(row.pk)
    return change


def change_addon(
    row: Subscription,
    *,
    addon: Addon,
    number: int,
    origin: Origin,
    at: datetime,
    reason: str = "",
    external_id: str | None = None,
) -> ScheduledChange:
    """Have fewer of a fixed add-on, or (0) none of any, from the period's end on; what waited for it before is overtaken.

    Of one that is charged by the month beside a plan by the year it is the month's end.

    Asking twice finds the first. Raises the SeatsErrors: NotLive, Paused, InTrial, EndsSoon, WaitsForPayment, NothingChanges,
    PayFirst.
    """
    with transaction.atomic(durable=True):
        locked = lock(row)
        held = _check_addon(locked, addon, number)
        pending = locked.scheduled.filter(addon=addon, state=ScheduledState.PENDING)
        known = pending.filter(addon_after=number).first()
        if known is not None:
            return named(known, external_id)
        paying_first.check(locked)
        about = {"addon": addon, "addon_after": number}
        wanted = ScheduledChange(kind=ScheduledKind.ADDON, **about, reason=reason, external_id=external_id)
        change = put(wanted, locked, origin=origin, at=at, instead_of=pending, effective_at=held.period_ends_at)
        notices.addon_scheduled(change, at=at)
    projection.follow(row.pk)
    return change


def check_addon(row: Subscription, *, addon: Addon, number: int) -> None:
    """Whether fewer of an add-on can be had from the period's end on: raises what `change_addon` would."""
    _check_addon(row, addon, number)
    paying_first.check(row)


def _check_addon(row: Subscription, addon: Addon, number: int) -> SubscriptionAddon:
    check_can_wait(row)
    held = SubscriptionAddon.objects.filter(subscription=row, addon=addon, ended_at=None).first()
    if held is None or (number and (held.quantity is None or not addon.quantity_min <= number < held.quantity)):
        raise seats.NothingChanges("There is nothing of it to give back.")
    return held


def end(
    row: Subscription,
    *,
    reason_code: CancelReason,
    reason: str,
    origin: Origin,
    at: datetime,
    external_id: str | None = None,
) -> ScheduledChange:
    """End the subscription with its period (a trial: uncharged). Ending twice finds the first.

    Where it was agreed to last for longer, the end is booked for the period that reaches the day (ScheduledState.BOOKED).
    Raises NotLive, Paused, InPilot, EndsAtOnce.
    """
    with transaction.atomic(durable=True):
        locked = lock(row)
        if locked.status == "paused":
            raise seats.Paused("Nothing goes on that could end with its period: end it at once.")
        known = locked.scheduled.filter(kind=ScheduledKind.END, state__in=NOT_OVER).first()
        if known is not None:
            return named(known, external_id)
        if unpaid.is_behind(locked):
            raise EndsAtOnce("A payment is missing: it ends at once.")
        term = committed.beyond(locked)
        wanted = ScheduledChange(kind=ScheduledKind.END, reason_code=reason_code, reason=reason, external_id=external_id)
        wanted.state = ScheduledState.BOOKED if term else ScheduledState.PENDING
        change = put(wanted, locked, origin=origin, at=at, effective_at=term.ends_at if term else None)
        notices.end_scheduled(change, at=at)
    projection.follow(row.pk)
    return change


def take_back(change: ScheduledChange, *, origin: Origin, at: datetime) -> bool:
    """Take a scheduled change back. False if it has happened or was taken back.

    Raises BelowSeatsInUse if others need it, and Conflicts when seats that wait would be fewer than the plan is sold with.
    """
    with transaction.atomic(durable=True):
        locked = lock(change.subscription)
        if change.kind == ScheduledKind.SEATS and change.delta > 0:
            rest = locked.scheduled.filter(state=ScheduledState.PENDING).exclude(pk=change.pk)
            _check_in_use(locked, locked.quantity + sum(other.delta for other in rest), [])
        _check_without(locked, change)
        taken = ScheduledChange.objects.filter(pk=change.pk, state__in=NOT_OVER).update(
            state=ScheduledState.CANCELED, ended_at=at, ended_by=origin.actor
        )
        if not taken:
            return False
        change.refresh_from_db()
        kind = "billing.cancellation.taken_back" if change.kind == ScheduledKind.END else "billing.change.taken_back"
        _tell(kind, locked, change, origin, at)
        notices.taken_back(change, at=at)
        projection.want(locked)
    projection.follow(change.subscription_id)
    return True


def put(
    change: ScheduledChange,
    row: Subscription,
    *,
    origin: Origin,
    at: datetime,
    instead_of: QuerySet[ScheduledChange] | None = None,
    effective_at: datetime | None = None,
) -> ScheduledChange:
    """Have `change` wait for the end of the period of `row`, which the caller has locked; what it overtakes waits no more.

    `effective_at`: the end of an add-on's own period, where it is charged by the month beside a plan by the year, or of a
    later period, for which an end is booked: Stripe is told of that once it has begun.

    The caller follows the projection once its transaction has ended.
    """
    if instead_of is not None:
        instead_of.update(state=ScheduledState.SUPERSEDED, ended_at=at, ended_by=origin.actor)
    change.subscription, change.effective_at, change.created_at = row, effective_at or row.period_ends_at, at
    change.actor, change.source, change.reason = origin.actor, origin.source, change.reason[:200]
    change.save()
    ends = change.kind == ScheduledKind.END
    _tell("billing.cancellation.scheduled" if ends else "billing.change.scheduled", row, change, origin, at)
    projection.want(row)
    return change


def book(change: ScheduledChange, row: Subscription, term: committed.Term, *, origin: Origin, at: datetime) -> ScheduledChange:
    """Have `change` wait for the end of a committed term; what was booked of its kind before is overtaken."""
    change.state = ScheduledState.BOOKED
    before = row.scheduled.filter(kind=change.kind, state=ScheduledState.BOOKED)
    return put(change, row, origin=origin, at=at, instead_of=before, effective_at=term.ends_at)


def lock(row: Subscription) -> Subscription:
    locked = Subscription.objects.locked().select_related("organization", "plan", "price__plan", "line").get(pk=row.pk)
    if not locked.is_live:
        raise seats.NotLive("The subscription has ended.")
    if pilots.running(locked) is not None:
        raise seats.InPilot("A pilot ends by itself.")
    return locked


def named(change: ScheduledChange, external_id: str | None) -> ScheduledChange:
    """A change that was there without an id of the vendor's gets the one it is asked for by; nothing else of it changes."""
    if external_id and change.external_id is None:
        change.external_id = external_id
        change.save(update_fields=["external_id"])
    return change


def _coming(row: Subscription) -> int:
    pending = [change for change in projection.waiting(row) if not change.is_end]
    return schedule.coming_quantity(row.quantity, pending)


def check_can_wait(row: Subscription) -> None:
    if row.status == "paused":
        raise seats.Paused("The trial is over: add a card first, and it goes on.")
    if row.is_in_trial:
        raise seats.InTrial("In a trial seats are changed at once, for nothing.")
    if projection.has_pending_end(row):
        raise seats.EndsSoon("The subscription ends then; take the cancellation back first.")
    waits = row.changes.filter(state=ChangeState.WAITING).first()
    if waits is not None:
        raise seats.WaitsForPayment(waits)


def _check(row: Subscription, then: int, seats_after: int) -> None:
    """Against the plan that is had then."""
    check_can_wait(row)
    if seats_after == then:
        raise seats.NothingChanges(f"There will be {then} seats already.")
    plan = (coming.price_of(coming.pending(row)) or row.price).plan
    if seats_after < plan.seats_min:
        raise seats.BelowMinimum(plan.seats_min)
    if seats_after > max(most := terms.most_seats(row.organization_id, plan, seats_after), then):
        raise seats.AboveMaximum(most, seats_after)


def _check_without(row: Subscription, change: ScheduledChange) -> None:
    """Whether a plan that waits can be taken back: seats that its own plan is not sold with may have come because of it."""
    if change.kind != ScheduledKind.PLAN or change.state == ScheduledState.BOOKED:
        return
    waits = seats_waiting(row)
    then = _coming(row)
    most = max(terms.most_seats(row.organization_id, row.plan, then), row.quantity)
    if waits is not None and not row.plan.seats_min <= then <= most:
        raise seats.Conflicts(waits, row.plan.seats_min, row.plan.seats_max)


def seats_waiting(row: Subscription) -> ScheduledChange | None:
    """The newest pending change of seats."""
    return row.scheduled.filter(kind=ScheduledKind.SEATS, state=ScheduledState.PENDING).order_by("-pk").first()


def _check_in_use(row: Subscription, seats_after: int, chosen: Sequence[SeatAssignment]) -> None:
    promised = SeatRelease.objects.filter(
        change__subscription=row, change__state=ScheduledState.PENDING, assignment__ended_at=None
    ).values_list("assignment_id", flat=True)
    leaving = {seat.pk for seat in chosen} | set(promised)
    staying = people.in_use(row).exclude(pk__in=leaving).count()
    if staying > seats_after:
        raise seats.BelowSeatsInUse(staying - seats_after)


def _tell(kind: str, row: Subscription, change: ScheduledChange, origin: Origin, at: datetime) -> None:
    journal.append(
        kind=kind,
        organization=row.organization,
        at=at,
        origin=origin,
        data={
            "subscription": row.pk,
            "change": change.pk,
            "delta": change.delta,
            **({"addon": change.addon.code, "addon_after": change.addon_after} if change.addon else {}),
            **({"plan": change.price_after.plan.code, "interval": change.price_after.interval} if change.price_after else {}),
            "effective_at": change.effective_at.isoformat(),
            "reason_code": change.reason_code,
        },
    )
