"""What Stripe says, written into our rows. Every verb takes a freshly fetched object and may run any number of times."""

from datetime import UTC, datetime
from typing import Any

from accounts.origin import Origin, Source
from accounts.services import journal
from billing import gateway
from billing.models import (
    INCREASES,
    ChangeKind,
    ChangeState,
    CommandState,
    LedgerKind,
    Price,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    SeatChange,
    StripeCommand,
    Subscription,
)
from billing.services import inbox, notices, people
from billing.services.books import (
    addon_items,
    booked_ends,
    bundles,
    dunning,
    first_payments,
    items,
    ledger,
    mirror_discounts,
    pilots,
    plan_rows,
    projection,
    quote_rows,
    resting,
    seat_takers,
    trial_mails,
    trials,
    window_rows,
)
from billing.services.mirroring import methods

STRIPE = Origin.stripe()


class UnknownPrice(Exception):
    """Stripe sells this subscription at a price that no catalog version made; somebody has to look."""


def instant(epoch: int | None) -> datetime | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)


def at_instant(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


# --- Subscriptions ----------------------------------------------------------------------------------------------------


def subscription(answer: gateway.Subscription, at: datetime) -> None:
    """Take over a subscription's state, and book what changed it.

    A subscription we have no row of is left alone: it comes with its Checkout session, which asks for another look.
    Raises inbox.CommandUnderWay while a command of ours holds it, and UnknownPrice.
    """
    row = (
        Subscription.objects.locked()
        .select_related("organization", "line", "price", "plan")
        .filter(stripe_id=answer.id)
        .first()
    )
    if row is None:
        return
    command = StripeCommand.objects.filter(target=target(row), state=CommandState.OPEN).first()
    if command is not None:
        raise inbox.CommandUnderWay(command.pk)
    take(row, answer, at)


def target(row: Subscription) -> str:
    """What commands on this subscription hold while they are open."""
    return f"subscription:{row.pk}"


def take(row: Subscription, answer: gateway.Subscription, at: datetime) -> None:
    """Write Stripe's state into `row` (locked by the caller) and book the difference in seats, each part to its cause."""
    before_period, before_price, was = row.period_starts_at, row.price, row.status
    before_end = row.period_ends_at
    split = copy_fields(row, answer, at)
    if not row.is_live:
        _end(row, at, was=was)
        dunning.settle(row, at=at, end_reason=(answer.cancellation_details and answer.cancellation_details.reason) or "")
        return
    quantity = int(split.main.quantity or 0)
    if row.is_in_trial:
        first_payments.settle(row, quantity, at)
        _try_out(row, at)
    elif "paused" in (was, row.status):
        first_payments.settle(row, quantity, at)
        resting.follow(row, answer, was=was, at=at)
    elif row.period_starts_at > before_period and not _begins_a_year(row, before_price):
        _renew(row, split, before_price, at)
    if row.period_ends_at != before_end:
        booked_ends.follow(row)
    _settle_waiting(row, split, before_price, at)
    if quantity != row.billed:
        ledger.book(row, kind=LedgerKind.STRIPE, delta=quantity - row.billed, origin=STRIPE, at=at)
    if row.price.interval == "year":
        _end_months(row, split, at)
    addon_items.follow(row, split, origin=STRIPE, at=at)
    people.fit(row, origin=STRIPE, at=at)


def copy_fields(row: Subscription, answer: gateway.Subscription, at: datetime) -> items.Split:
    """Everything but the quantity and the add-ons, which only the ledger's verbs write. Saves the row; returns the items."""
    split = items.split(answer)
    item = split.main
    if item.price.id != row.price.stripe_price_id:
        row.price = price_of(item.price.id)
        row.plan = row.price.plan
    pending = answer.pending_update
    asked = (pending.subscription_items if pending else None) or []
    row.status = answer.status
    row.stripe_item_id = item.id
    row.collection_method = answer.collection_method
    # Stripe keeps the days of who goes back to a card; they mean nothing then.
    row.days_until_due = answer.days_until_due if row.is_invoiced else None
    row.period_starts_at, row.period_ends_at = at_instant(item.current_period_start), at_instant(item.current_period_end)
    if row.pk is None or row.trial_ends_at is not None:
        row.trial_ends_at = instant(answer.trial_end)
    ends = answer.cancel_at_period_end or _is_closing(row, answer)
    row.cancel_at = instant(answer.cancel_at) or (row.period_ends_at if ends else None)
    row.canceled_at, row.ended_at = instant(answer.canceled_at), instant(answer.ended_at)
    row.pending_quantity = int(items.pending_main(asked, item).quantity or 0) if asked else None
    row.pending_expires_at = at_instant(pending.expires_at) if pending else None
    row.pending_invoice_id = stripe_id(answer.latest_invoice) if pending else ""
    row.schedule_id = stripe_id(answer.schedule)
    row.latest_invoice_id = stripe_id(answer.latest_invoice)
    row.own_method = methods.own(row, answer.default_payment_method, stripe_id(answer.default_payment_method))
    row.mirrored_at = at
    row.save()
    mirror_discounts.take(row, answer, at)
    return split


def _is_closing(row: Subscription, answer: gateway.Subscription) -> bool:
    """Whether its schedule ends it, which the subscription itself need not say: a month ends before the year does."""
    has_schedule = bool(answer.schedule) and row.pk is not None and row.price.interval == "year"
    return has_schedule and projection.has_pending_end(row)


def stripe_id(reference: object) -> str:
    """The id of a reference that may be expanded, an id, or missing."""
    return reference if isinstance(reference, str) else str(getattr(reference, "id", "") or "")


def price_of(stripe_price_id: str) -> Price:
    price = Price.objects.select_related("plan__line").filter(stripe_price_id=stripe_price_id).first()
    if price is None:
        raise UnknownPrice(f"{stripe_price_id} is in no catalog version; add it to the catalog or move the customer in Stripe.")
    return price


def _try_out(row: Subscription, at: datetime) -> None:
    """A trial goes on, ended without a card, or has become paid. Its end may have moved: an end that waits moves along."""
    if row.status not in ("trialing", "paused"):
        trials.convert(row, at=at)
        return
    row.scheduled.filter(state=ScheduledState.PENDING).exclude(effective_at=row.period_ends_at).update(
        effective_at=row.period_ends_at
    )
    trials.follow(row, at=at)


def _begins_a_year(row: Subscription, before: Price) -> bool:
    """Whether the period began with a change that has been paid just now, and not with the end of the one before."""
    if row.price.interval == before.interval:
        return False
    waiting = SeatChange.objects.filter(subscription=row, state=ChangeState.WAITING)
    return waiting.filter(kind=ChangeKind.PLAN, price_after=row.price).exists()


def _renew(row: Subscription, split: items.Split, before: Price, at: datetime) -> None:
    """A new period began: what waited for it has happened, if Stripe's items say so. `before` was its price until then."""
    pending = row.scheduled.filter(state=ScheduledState.PENDING, effective_at__lte=row.period_starts_at)
    due = list(pending.exclude(kind=ScheduledKind.END).select_related("addon", "price_after").order_by("id"))
    quantity = int(split.main.quantity or 0)
    if row.unbilled and due and quantity == row.quantity + sum(change.delta for change in due):
        window_rows.renewed(row, at=at)
    journal.append(
        kind="billing.subscription.renewed",
        organization=row.organization,
        at=row.period_starts_at,
        origin=Origin.stripe(),
        data={"subscription": row.pk, "quantity": quantity},
    )
    if not due:
        return
    if quantity != row.billed + sum(change.delta for change in due) or not all(_has_happened(one, split) for one in due):
        _missed(row, due, split, at)
        return
    # The plan first, at which the others are counted; then increases: the sum never dips below what either order leaves.
    for change in sorted(due, key=lambda change: (change.kind != ScheduledKind.PLAN, -change.delta)):
        _apply(row, change, split, before)
    # Nothing waits any more (or less does): Stripe's schedule has done its part.
    projection.want(row)


def _end_months(row: Subscription, split: items.Split, at: datetime) -> None:
    """Add-ons by the month that were to end within the year have ended, if Stripe's items say so."""
    waiting = row.scheduled.filter(kind=ScheduledKind.ADDON, state=ScheduledState.PENDING, effective_at__lte=at)
    for change in waiting.filter(effective_at__lt=row.period_ends_at).select_related("addon").order_by("id"):
        if _has_happened(change, split):
            _apply(row, change, split, row.price)
            projection.want(row)
        elif addon_items.ends_at(row, change.addon_id, split) > change.effective_at:
            _missed(row, [change], split, at)


def _has_happened(change: ScheduledChange, split: items.Split) -> bool:
    """Whether Stripe has a change's plan, or as many of its add-on as were to be had."""
    if change.price_after is not None:
        return bool(split.main.price.id == change.price_after.stripe_price_id)
    return change.addon_id is None or split.number(change.addon_id) == change.addon_after


def _apply(row: Subscription, change: ScheduledChange, split: items.Split, before: Price) -> None:
    origin, at, why = Origin(actor=change.actor, source=Source.SCHEDULE), change.effective_at, change.reason[:200]
    if change.price_after is not None:
        plan_rows.book(row, before, split, delta=0, origin=origin, at=at, reason=why)
    elif change.addon is not None:
        addon_items.have(row, change.addon, change.addon_after, split, origin=origin, at=at, reason=why)
    else:
        for release in change.releases.select_related("assignment"):
            people.unassign(assignment=release.assignment, origin=origin, at=at)
        ledger.book(row, kind=LedgerKind.RENEWED, delta=change.delta, origin=origin, at=at, reason=why)
    change.state, change.ended_at = ScheduledState.APPLIED, change.effective_at
    change.save(update_fields=["state", "ended_at"])


def _missed(row: Subscription, due: list[ScheduledChange], split: items.Split, at: datetime) -> None:
    """The period began before Stripe heard of the change: it waits for the next one, and somebody is told."""
    for change in due:
        change.effective_at = addon_items.ends_at(row, change.addon_id, split)
        change.save(update_fields=["effective_at"])
    journal.append(
        kind="billing.schedule.missed",
        organization=row.organization,
        at=at,
        origin=Origin.stripe(),
        data={"subscription": row.pk, "changes": [change.pk for change in due]},
    )
    projection.want(row)


def _settle_waiting(row: Subscription, split: items.Split, before: Price, at: datetime) -> None:
    """An increase that waited for its payment: paid, or gone. `before` was the price of the row until now."""
    mine = SeatChange.objects.filter(subscription=row, kind__in=INCREASES, state=ChangeState.WAITING)
    waiting = mine.select_for_update(of=("self",))
    change = waiting.select_related("addon_price__addon", "price_after__plan").first()
    if change is None or row.pending_quantity is not None:
        return
    if is_there(row, change, split):
        conclude_increase(row, change, split, before, at=at)
    else:
        change.state, change.concluded_at, change.invite = ChangeState.EXPIRED, at, []
        change.save(update_fields=["state", "concluded_at", "invite"])
        if change.kind == ChangeKind.WINDOW:
            window_rows.unpaid(row, change, at=at)
        else:
            notices.increase_expired(change, at=at)
            quote_rows.failed(change, at)


def is_there(row: Subscription, change: SeatChange, split: items.Split) -> bool:
    """Whether Stripe has what the change is about."""
    price = change.addon_price
    if price is None:
        is_of_plan = change.price_after is None or split.main.price.id == change.price_after.stripe_price_id
        if change.kind == ChangeKind.WINDOW:
            return int(split.main.quantity or 0) == change.quantity_after
        return is_of_plan and int(split.main.quantity or 0) == row.quantity + change.quantity_after - change.quantity_before
    return split.number(price.addon_id) == (row.quantity if change.addon_after is None else change.addon_after)


def conclude_increase(
    row: Subscription,
    change: SeatChange,
    split: items.Split,
    before: Price,
    *,
    at: datetime,
    command: StripeCommand | None = None,
) -> None:
    """Book an increase that has been paid, give its seats to whom they were bought for, and let the schedule follow.

    `before` was the price of the row until Stripe said that it is paid.
    """
    origin = Origin(actor=change.actor, source=Source(change.source))
    if change.addon_price is not None:
        _conclude_addon(row, change, split, at=at, command=command)
        return
    gained = change.quantity_after - change.quantity_before
    booked: dict[str, Any] = {"delta": gained, "origin": origin, "at": at, "command": command}
    booked["stripe_invoice_id"] = change.stripe_invoice_id
    if change.price_after is not None:
        plan_rows.book(row, before, split, **booked)
    elif change.kind != ChangeKind.WINDOW and gained:
        ledger.book(row, kind=LedgerKind.ADDED if gained > 0 else LedgerKind.REMOVED, **booked)
    change.state, change.concluded_at, change.message = ChangeState.DONE, at, ""
    change.save(update_fields=["state", "concluded_at", "stripe_invoice_id", "message"])
    quote_rows.made(change, at)
    seat_takers.give(row, change, origin=origin, at=at)
    window_rows.billed(row, change, at=at)
    if row.schedule_id or row.scheduled.filter(state=ScheduledState.PENDING).exists():
        projection.want(row)
    if change.kind == ChangeKind.WINDOW:
        return
    if change.price_after is not None:
        notices.plan_changed(change, at=at)
    elif row.is_in_trial:
        people.fit(row, origin=origin, at=at)  # somebody may have got a seat since fewer were asked for
        trial_mails.seats_changed(change, at=at)
    else:
        notices.increased(change, at=at)


def _conclude_addon(
    row: Subscription, change: SeatChange, split: items.Split, *, at: datetime, command: StripeCommand | None
) -> None:
    """Book an add-on that has been paid."""
    assert change.addon_price is not None
    addon_items.have(
        row,
        change.addon_price.addon,
        change.addon_after,
        split,
        origin=Origin(actor=change.actor, source=Source(change.source)),
        at=at,
        command=command,
        stripe_invoice_id=change.stripe_invoice_id,
    )
    change.state, change.concluded_at, change.message = ChangeState.DONE, at, ""
    change.save(update_fields=["state", "concluded_at", "stripe_invoice_id", "message"])
    quote_rows.made(change, at)
    window_rows.billed(row, change, at=at)
    if row.schedule_id or row.scheduled.filter(state=ScheduledState.PENDING).exists():
        projection.want(row)
    notices.addon_added(change, at=at)


def _end(row: Subscription, at: datetime, *, was: str) -> None:
    """The subscription is over: its seats, and whatever waited."""
    ended_at = row.ended_at or at
    window_rows.end(row, at=ended_at)
    if row.quantity:
        before = 0 if was == "paused" else None  # what rested was no revenue
        ledger.book(row, kind=LedgerKind.ENDED, delta=-row.quantity, origin=STRIPE, at=ended_at, counted_before_minor=before)
        if not pilots.end(row, at=at):
            notices.ended(row, at=at)
    addon_items.end(row, at=ended_at)
    people.fit(row, origin=STRIPE, at=ended_at)
    bundles.leave(row, at=ended_at)
    pending = row.scheduled.filter(state__in=(ScheduledState.PENDING, ScheduledState.BOOKED))
    ends = pending.filter(kind=ScheduledKind.END, state=ScheduledState.PENDING)
    ends.update(state=ScheduledState.APPLIED, ended_at=ended_at)
    pending.update(state=ScheduledState.SUPERSEDED, ended_at=ended_at)
    first_payments.end(row, at)
    resting.end(row, ended_at)
    waiting = SeatChange.objects.filter(subscription=row, state=ChangeState.WAITING)
    waiting.update(state=ChangeState.EXPIRED, concluded_at=at, invite=[])
    trials.end(row)
    projection.settled(row)
