"""Another plan: a larger one now, at exactly the previewed price; a smaller one from the period's end on.

A month becomes a year now or from its end on, as one likes; a year becomes months when it is over.

The machine of the first is that of more seats (changes.seats): a preview, a token, one change, paid at once or not
had. The unused time of the old plan is given back by what was paid for it; a year that begins now begins a period of its own
(changes.held_prices keeps its price as shown). In a trial it is free. Which plan leads to which is the catalog's.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.origin import Origin
from billing.models import (
    ChangeKind,
    Interval,
    Move,
    Plan,
    Price,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    SeatChange,
    Subscription,
)
from billing.queries import addons as addon_queries
from billing.queries import catalog, coming, pilots, terms, unpaid
from billing.rules import schedule
from billing.services import notices
from billing.services.books import projection
from billing.services.changes import committed, paying_first, scheduled, seats
from billing.services.changes.change_prices import Wanted

YEAR_AFTER_MONTH: Final = (Interval.MONTH, Interval.YEAR)


class NotOffered(seats.SeatsError):
    """The catalog has no such move: the plan is not sold, or not to whoever has this one. A person finds a way."""


class GoesDown(seats.SeatsError):
    """A smaller plan is had from the period's end on, as what is had is paid for."""


class YearsConflict(seats.Conflicts):
    """What waits for the month's end would wait for a year: take it back first, or have the year from the month's end on."""


class NotWithSeats(seats.SeatsError):
    """The plan is not sold with so many seats: change their number first, or have more of them along with it."""

    def __init__(self, plan: Plan, number: int) -> None:
        super().__init__(f"{plan.name} is sold with {plan.seats_min} to {plan.seats_max} seats, not {number}.")
        self.plan, self.number = plan, number


def offer(
    row: Subscription, *, plan: str, quantity: int | None, at: datetime, interval: str = "", nonce: str = ""
) -> seats.Offer:
    """What going to `plan` (a code of the same line) costs at the instant `at`, with its token. One Stripe call.

    `quantity` seats are had then; None: as many as now, or as many as the plan starts with. `interval` may be a year instead of
    months, and any in a trial. Nothing is written. Raises the SeatsErrors, and the gateway's errors when Stripe is silent.
    """
    price = price_for(row, plan, interval)
    wanted = Wanted(seats=quantity or max(row.quantity, price.plan.seats_min), price=price)
    check(row, wanted, at)
    return seats.sign(row, wanted, at=at, nonce=nonce)


def confirm(row: Subscription, *, token: str, origin: Origin, at: datetime, external_id: str | None = None) -> SeatChange:
    """Have the plan a token stands for: see billing.services.changes.seats.confirm."""
    return seats.confirm(row, token=token, origin=origin, at=at, external_id=external_id, check=check)


def schedule_for(  # which plan, at which interval, by whom and why
    row: Subscription,
    *,
    plan: str,
    interval: str,
    origin: Origin,
    at: datetime,
    reason: str = "",
    external_id: str | None = None,
) -> ScheduledChange:
    """Have another plan, or interval, from the period's end on; what waited for that before is overtaken.

    A smaller one than was committed until a day is booked for the end of the period that reaches it (ScheduledState.BOOKED).
    Asking twice finds the first. Nothing is charged before. Raises the SeatsErrors: NotLive, Paused, InPilot, InTrial,
    EndsSoon, WaitsForPayment, NotOffered, NothingChanges, NotWithSeats, and PayFirst for a smaller plan.
    """
    with transaction.atomic(durable=True):
        locked = scheduled.lock(row)
        price = price_for(locked, plan, interval)
        check_later(locked, price)
        term = committed.plan_waits(locked, price)
        state = ScheduledState.BOOKED if term else ScheduledState.PENDING
        pending = locked.scheduled.filter(kind=ScheduledKind.PLAN, state=state)
        known = pending.filter(price_after=price).first()
        if known is not None:
            return scheduled.named(known, external_id)
        _check_paid(locked, price)
        wanted = ScheduledChange(kind=ScheduledKind.PLAN, price_after=price, reason=reason, external_id=external_id)
        if term is not None:
            change = scheduled.book(wanted, locked, term, origin=origin, at=at)
        else:
            change = scheduled.put(wanted, locked, origin=origin, at=at, instead_of=pending)
        notices.plan_scheduled(change, at=at)
    projection.follow(row.pk)
    return change


def check_shown(row: Subscription, price: Price) -> None:
    """Whether what a plan costs from the period's end on may be shown: raises what `schedule_for` would."""
    check_later(row, price)
    _check_paid(row, price)


def _check_paid(row: Subscription, price: Price) -> None:
    """A smaller plan gives something back."""
    if price.plan.rank < row.plan.rank:
        paying_first.check(row)


def check_later(row: Subscription, price: Price) -> None:
    """Whether a plan can be had from the period's end on. Raises the SeatsError that says why not."""
    scheduled.check_can_wait(row)
    if price.pk == row.price_id:
        raise seats.NothingChanges("It is had already.")
    _check_coming_number(row, price.plan)


def price_of(offered: seats.Offer) -> Price | None:
    """The price that an offer is of, with its plan."""
    return Price.objects.select_related("plan").filter(stripe_price_id=offered.preview.price_id).first()


def _check_coming_number(row: Subscription, plan: Plan) -> None:
    """The seats that are had then are as many as the plan is sold with: fewer are given back by a change of their own."""
    then = schedule.coming_quantity(row.quantity, projection.waiting(row))
    if not plan.seats_min <= then <= terms.most_seats(row.organization_id, plan, then):
        raise NotWithSeats(plan, then)


def price_for(row: Subscription, plan: str, interval: str = "") -> Price:
    """The price at which the subscription would have a plan: that on sale, in its currency, at `interval` (or its own).

    Raises NotOffered.
    """
    target = Plan.objects.select_related("line").filter(line=row.line_id, code=plan, withdrawn_at=None).first()
    if target is None or (target.pk != row.plan_id and not Move.objects.filter(from_plan=row.plan_id, to_plan=target).exists()):
        raise NotOffered(f"There is no way from {row.plan.code} to {plan} here.")
    price = catalog.price_row(plan_id=target.pk, interval=interval or row.price.interval, currency=row.currency)
    if price is None or price.parts or row.price.parts:
        raise NotOffered(f"{target.name} is not sold like this.")
    price.plan = target
    return price


def code_of(row: Subscription, path: str) -> str:
    """The code of a plan named as "line/plan". Raises NotOffered for one of another line."""
    line, _slash, code = path.partition("/")
    if line != row.line.code:
        raise NotOffered(f"{path} is not a plan of {row.line.code}.")
    return code


def is_now(row: Subscription, price: Price) -> bool:
    """Whether it can be had at once: a larger plan, the same or a larger one for a year instead of months, any in a trial.

    Else it is had from the period's end on.
    """
    if row.is_in_trial:
        return True
    if price.interval == row.price.interval:
        return bool(price.plan.rank > row.plan.rank)
    return becomes_a_year(row, price)


def becomes_a_year(row: Subscription, price: Price) -> bool:
    """Whether months become a year, of the same plan or a larger one: now, or from the period's end on."""
    return not row.is_in_trial and (row.price.interval, price.interval) == YEAR_AFTER_MONTH and price.plan.rank >= row.plan.rank


def left_behind(row: Subscription, price: Price) -> list[str]:
    """The codes of the add-ons that do not go with the plan of a price. Up to three queries."""
    held = addon_queries.of(row)
    kept = {item.code for item in coming.along(held, coming.Place.of(price))}
    return [item.code for item in held if item.code not in kept]


def check(row: Subscription, wanted: Wanted, at: datetime) -> None:
    """Whether the plan can be had now. Raises the SeatsError that says why not."""
    if wanted.price is None or wanted.kind is not ChangeKind.PLAN:
        raise seats.Stale
    plan = wanted.price.plan
    if row.status == "paused":
        raise seats.Paused("The trial is over: add a card first, and it goes on.")
    paying_first.check(row)  # what is unused of the present plan would be given back
    if unpaid.status(row) not in ("active", "trialing"):
        raise seats.NotLive("The subscription is not active.")
    if pilots.running(row) is not None:
        raise seats.InPilot("A pilot ends by itself: begin its plan first.")
    if (plan.pk, wanted.price.interval) == (row.plan_id, row.price.interval):
        raise seats.NothingChanges(f"{plan.name} is had already.")
    _check_waiting(row, wanted.price)
    if not is_now(row, wanted.price):
        raise GoesDown(f"{plan.name} is smaller: it can be had from the period's end on.")
    _check_number(row, plan, wanted.seats)
    seats.refuse_while_waiting(row)
    seats.check_rate(row, at)


def _check_waiting(row: Subscription, price: Price) -> None:
    """Another plan that waits is in the way; of a year that begins now everything that waits for the period's end."""
    pending, is_year = coming.pending(row), becomes_a_year(row, price)
    if not is_year:
        pending = [change for change in pending if change.kind == ScheduledKind.PLAN]
    if is_year and any(change.kind == ScheduledKind.END for change in pending):
        raise seats.EndsSoon("The subscription ends with this period: take that back first.")
    for change in pending:
        if is_year:
            raise YearsConflict(change, price.plan.seats_min, price.plan.seats_max)
        raise seats.Conflicts(change, price.plan.seats_min, price.plan.seats_max)


def _check_number(row: Subscription, plan: Plan, number: int) -> None:
    """Seats go along: none are given back on the way, and no fewer are left later than the plan is sold with."""
    least = plan.seats_min if row.is_in_trial else max(plan.seats_min, row.quantity)
    if not least <= number <= terms.most_seats(row.organization_id, plan, number):
        raise NotWithSeats(plan, number)
    coming_number = schedule.coming_quantity(number, [one for one in projection.waiting(row) if not one.is_end])
    most = terms.most_seats(row.organization_id, plan, coming_number)
    if not plan.seats_min <= coming_number <= most and (waits := scheduled.seats_waiting(row)) is not None:
        raise seats.Conflicts(waits, plan.seats_min, plan.seats_max)
