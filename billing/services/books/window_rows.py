"""The rows of an invoice window: seats had before they are billed, billed, not paid, given back.

Everything here runs in the caller's transaction, under the subscription's lock. What asks Stripe is changes.windows.
"""

from datetime import datetime
from typing import Any

from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal
from billing.models import (
    ChangeKind,
    ChangeState,
    InvoiceWindow,
    LedgerKind,
    ScheduledKind,
    ScheduledState,
    SeatChange,
    StripeCommand,
    Subscription,
    WindowState,
)
from billing.queries import windows as queries
from billing.rules import dunning, schedule, windows
from billing.services import people
from billing.services.books import ledger, projection, seat_takers, window_mails


def have(row: Subscription, change: SeatChange, *, origin: Origin, at: datetime) -> None:
    """Have the seats of a change at once (or no more: those added in the same window), and bill them when the window closes.

    `change` is not saved yet; `row` is the subscription, locked.
    """
    window = queries.running(row)
    is_new = window is None
    if window is None:
        window = InvoiceWindow(subscription=row, opened_at=at, currency=change.currency)
    delta = change.quantity_after - change.quantity_before
    window.closes_at = _instant(change)
    window.seats = row.unbilled + delta
    window.agreed, window.due_minor = change.preview, change.due_now_minor
    if window.seats == 0:
        window.state, window.closed_at = WindowState.NOTHING, at
    window.save()
    change.window, change.state, change.concluded_at = window, ChangeState.DONE, at
    change.save()
    _book(row, window, delta, LedgerKind.ADDED if delta > 0 else LedgerKind.REMOVED, origin=origin, at=at)
    seat_takers.give(row, change, origin=origin, at=at)
    people.fit(row, origin=origin, at=at)  # somebody may have got a seat since fewer were asked for
    if row.schedule_id or row.scheduled.filter(state=ScheduledState.PENDING).exists():
        projection.want(row)
    if is_new:
        window_mails.opened(window, change, at=at)


def _instant(change: SeatChange) -> datetime:
    return datetime.fromtimestamp(change.preview["charged_at"], tz=change.created_at.tzinfo)


def _book(
    row: Subscription, window: InvoiceWindow, delta: int, kind: LedgerKind, *, origin: Origin, at: datetime, **more: Any
) -> None:
    """Seats that Stripe knows nothing of, or no more of them. There are never more of those than of all."""
    after = row.unbilled + delta
    if delta < 0:
        _unbill(row, after)
    ledger.book(row, kind=kind, delta=delta, origin=origin, at=at, window=window, **more)
    _unbill(row, after)


def _unbill(row: Subscription, count: int) -> None:
    """Stripe knows of all seats but these."""
    row.unbilled = count
    row.save(update_fields=["unbilled"])


def _keep_least(row: Subscription, *, origin: Origin, at: datetime) -> None:
    """What was planned for the next period leaves as many seats as the plan is sold with, now that some have gone."""
    planned = list(row.scheduled.filter(kind=ScheduledKind.SEATS, state=ScheduledState.PENDING).order_by("id"))
    missing = row.plan.seats_min - row.quantity - sum(change.delta for change in planned)
    if missing <= 0:
        return
    for change, delta in zip(planned, schedule.shortened([change.delta for change in planned], missing), strict=True):
        if delta == 0:
            change.state, change.ended_at, change.ended_by = ScheduledState.SUPERSEDED, at, origin.actor
        else:
            change.delta = delta
        change.save(update_fields=["delta", "state", "ended_at", "ended_by"])


def billed(row: Subscription, change: SeatChange, *, at: datetime) -> None:
    """All seats are billed now, by `change`: the window's own, or another that came before its end."""
    window = queries.running(row)
    if window is None:
        return
    window.state, window.billed_by, window.closed_at = WindowState.BILLED, change, at
    window.save(update_fields=["state", "billed_by", "closed_at"])
    _unbill(row, 0)
    along = {} if change.kind == ChangeKind.WINDOW else {"seats": window.seats, "along_with": change.public_id}
    _tell("billed", row, window, at, change=change.pk, invoice=change.stripe_invoice_id, **along)
    if change.kind == ChangeKind.WINDOW:
        window_mails.billed(window, change, at=at)


def renewed(row: Subscription, *, at: datetime) -> None:
    """The period began with all seats: its charge is theirs too."""
    window = queries.running(row)
    if window is not None:
        window.state, window.closed_at = WindowState.BILLED, at
        window.save(update_fields=["state", "closed_at"])
    _unbill(row, 0)


def unpaid(row: Subscription, change: SeatChange, *, at: datetime) -> None:
    """The window's charge did not go through: it is tried again, and until then the seats stay for some days."""
    window = queries.running(row)
    if window is None:
        return
    if window.unpaid_at is None:
        days = policies.value("billing.window_unpaid_days", at=at)
        window.unpaid_at = at
        # As nobody is cut off on a weekend, nobody's seat is taken back on one.
        window.release_at = dunning.working(windows.release(at, days), row.organization.time_zone)
        window_mails.unpaid(window, change, at=at)
        _tell("unpaid", row, window, at, change=change.pk, release_at=window.release_at.isoformat())
    window.state = WindowState.UNPAID
    if change.state != ChangeState.EXPIRED:  # an update that Stripe forgot failed when it was made
        window.next_attempt_at = windows.next_attempt(at)
    window.save(update_fields=["state", "unpaid_at", "release_at", "next_attempt_at"])


def release(row: Subscription, *, origin: Origin, at: datetime, command: StripeCommand | None = None) -> None:
    """The seats that were not paid go back, the newest people's first."""
    window = queries.running(row)
    if window is None:
        return
    count = row.unbilled
    window.state, window.closed_at = WindowState.RELEASED, at
    window.save(update_fields=["state", "closed_at"])
    _book(row, window, -count, LedgerKind.RELEASED, origin=origin, at=at, command=command)
    _keep_least(row, origin=origin, at=at)
    people.fit(row, origin=origin, at=at)
    if row.schedule_id or row.scheduled.filter(state=ScheduledState.PENDING).exists():
        projection.want(row)
    _tell("released", row, window, at, seats=count)
    window_mails.released(window, row, count=count, at=at)


def end(row: Subscription, *, at: datetime) -> None:
    """The subscription is over before its window was: nothing is billed any more."""
    window = queries.running(row)
    if window is not None:
        window.state, window.closed_at = WindowState.ENDED, at
        window.save(update_fields=["state", "closed_at"])
    if row.unbilled:
        _unbill(row, 0)


def _tell(verb: str, row: Subscription, window: InvoiceWindow, at: datetime, **data: Any) -> None:
    journal.append(
        kind=f"billing.window.{verb}",
        organization=row.organization,
        at=at,
        data={"subscription": row.pk, "window": window.pk, **data},
    )
