"""Closing invoice windows: one net update bills all seats that were had meanwhile; what is not paid is given back at last.

The charge is never more than what was shown last for that instant: where the price has grown since (a discount ended, a tax
came), the difference is taken off. A renewal that came first bills them from its period's beginning on.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from accounts.origin import Origin, Source
from accounts.queries import rows as sql_rows
from billing import gateway
from billing.models import (
    ChangeKind,
    ChangeState,
    CommandState,
    InvoiceWindow,
    SeatChange,
    StripeCommand,
    Subscription,
    WindowState,
)
from billing.queries import windows as queries
from billing.rules import preview, windows
from billing.services import commands
from billing.services.books import projection, window_rows
from billing.services.changes import change_prices, held_prices, seat_increases
from billing.services.changes.change_prices import Wanted
from billing.services.mirroring import mirror
from config import clock, pulse

BATCH: Final = 20
SYSTEM: Final = Origin(source=Source.SYSTEM)


def drain(now: datetime) -> pulse.Drained:
    """A lane's share: what is due in store time."""
    at = clock.now()
    if not sql_rows.fetch(LOOK, {"at": at}):
        return pulse.Drained()  # nearly always; what follows takes three queries
    due = _due(at).values_list("pk", flat=True)[:BATCH]
    return pulse.Drained(handled=sum(_handle(pk, at) for pk in list(due)))


def next_due_at() -> datetime | None:
    """When the next of them falls due, in store time."""
    at = clock.now()
    later = {name: Min(name, filter=Q(**{f"{name}__gt": at}) & which) for name, which in DUE.items()}
    found = _running().aggregate(**{f"{name}_min": value for name, value in later.items()})
    return min((value for value in found.values() if value is not None), default=None)


# What is paused, or has another payment missing, is billed once it goes on: from that period's beginning at the earliest.
PAYING: Final = Q(subscription__status="active")
OPEN, UNPAID = Q(state=WindowState.OPEN), Q(state=WindowState.UNPAID)
DUE: Final = {"closes_at": OPEN & PAYING, "next_attempt_at": UNPAID & PAYING, "release_at": UNPAID}


LOOK: Final = """SELECT 1 FROM billing_invoicewindow WHERE (state = 'open' AND closes_at <= %(at)s)
    OR (state = 'unpaid' AND LEAST(next_attempt_at, release_at) <= %(at)s) LIMIT 1"""


def _running() -> QuerySet[InvoiceWindow]:
    return InvoiceWindow.objects.filter(OPEN | UNPAID)


def _due(at: datetime) -> QuerySet[InvoiceWindow]:
    """Whose time has come, where no other change is being made or waits for its payment (that bills them too)."""
    whole = Q()
    for name, which in DUE.items():
        whole |= Q(**{f"{name}__lte": at}) & which
    under_way = SeatChange.objects.filter(state__in=(ChangeState.SENDING, ChangeState.WAITING))
    others = under_way.exclude(kind=ChangeKind.WINDOW, state=ChangeState.WAITING)
    busy = StripeCommand.objects.filter(state=CommandState.OPEN, target__startswith="subscription:").values_list(
        "target", flat=True
    )
    held = [int(target.removeprefix("subscription:")) for target in busy]
    rows = _running().filter(whole).exclude(subscription__in=others.values("subscription"))
    return rows.exclude(subscription__in=held).order_by("closes_at", "pk")


def _handle(window_id: int, at: datetime) -> bool:
    window = InvoiceWindow.objects.filter(pk=window_id).first()
    if window is None or window.closed_at is not None:
        return False
    row = _subscription(window.subscription_id)
    if window.release_at is not None and window.release_at <= at:
        return _give_back(row, at)
    waiting = SeatChange.objects.filter(subscription=row, kind=ChangeKind.WINDOW, state=ChangeState.WAITING).exists()
    return False if waiting else _close(row, window, at)


def _subscription(pk: int) -> Subscription:
    return Subscription.objects.select_related("organization__customer", "plan", "price", "line").get(pk=pk)


def _close(row: Subscription, window: InvoiceWindow, at: datetime) -> bool:
    """Bill all seats there are, at the instant that was previewed. One or two Stripe calls, then the update."""
    wanted = Wanted(seats=row.quantity)
    instant = windows.instant(closes_at=window.closes_at, period_starts_at=row.period_starts_at)
    try:
        shown, held_minor = _price(row, wanted, window, instant)
    except gateway.GatewayError:
        return False  # the lane comes again
    change = _open(row, wanted, shown, held_minor, at)
    if change is None or change.command_id is None:
        return False
    commands.execute(change.command_id)
    projection.follow(row.pk)
    return True


def _price(row: Subscription, wanted: Wanted, window: InvoiceWindow, instant: datetime) -> tuple[preview.Preview, int]:
    """What is charged, and what is taken off so that it is no more than what was agreed."""
    shown = change_prices.ask(row, wanted, instant)
    grown = shown.total_minor - int(window.agreed["total_minor"])
    if grown <= 0 or instant != window.closes_at:
        return shown, 0
    return change_prices.ask(row, wanted, instant, held_minor=grown), grown


def _open(row: Subscription, wanted: Wanted, shown: preview.Preview, held_minor: int, at: datetime) -> SeatChange | None:
    """Breath 1: None where the window is no more what it was, or another change is being made."""
    agreed = shown.as_json()
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization", "price").get(pk=row.pk)
        window = queries.running(locked)
        under_way = SeatChange.objects.filter(subscription=locked, state__in=(ChangeState.SENDING, ChangeState.WAITING))
        is_same = (locked.quantity, locked.unbilled) == (row.quantity, row.unbilled)
        if window is None or not is_same or under_way.exists():
            return None
        try:
            command = commands.open_command(
                kind="seats.increase",
                target=mirror.target(locked),
                organization=row.organization,
                payload=held_prices.update_of(row, wanted, agreed, held_minor),
                origin=SYSTEM,
                at=at,
            )
        except commands.Busy:
            return None
        window.attempts += 1
        window.save(update_fields=["attempts"])
        return SeatChange.objects.create(
            subscription=locked,
            nonce=f"window:{window.pk}:{window.attempts}",
            kind=ChangeKind.WINDOW,
            quantity_before=locked.billed,
            quantity_after=locked.quantity,
            window=window,
            preview=agreed,
            due_now_minor=shown.due_now_minor,
            currency=shown.currency,
            command=command,
            source=Source.SYSTEM,
            created_at=at,
        )


def _give_back(row: Subscription, at: datetime) -> bool:
    """The time to pay is over: an open invoice is voided first, then the seats go."""
    waiting = SeatChange.objects.filter(subscription=row, kind=ChangeKind.WINDOW, state=ChangeState.WAITING).first()
    if waiting is not None:
        try:
            seat_increases.drop(waiting, origin=SYSTEM, at=at)
        except commands.Busy:
            return False
        return True
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization", "price", "line", "plan").get(pk=row.pk)
        window_rows.release(locked, origin=SYSTEM, at=at)
    projection.follow(row.pk)
    return True
