"""A first charge that the bank wants to be asked about: of a trial that goes on, or of a pilot that becomes its plan.

Until it is paid it is a SeatChange of its own kind, so that whatever waits for a payment is shown, finished and dropped in one
way. A conversion's update Stripe keeps for 23 hours at most; a resumption's invoice it would keep for a year and try again, so
the store voids that one itself, after as long (docs/decisions/first-payments.md).
"""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import models, transaction

from accounts.origin import Origin, Source
from billing import gateway
from billing.models import (
    FIRST_PAYMENTS,
    ChangeKind,
    ChangeState,
    CommandState,
    Invoice,
    LedgerKind,
    SeatChange,
    StripeCommand,
    Subscription,
)
from billing.services import commands
from billing.services.books import first_payment_mails, ledger
from config import clock, pulse

PAYABLE_FOR: Final = timedelta(hours=23)
AFTER_REFUSAL: Final = timedelta(minutes=10)
COMMANDS: Final = ("trial.resume", "pilot.convert")
DROP: Final = "seats.drop"
BATCH: Final = 20


def waiting(row: Subscription) -> SeatChange | None:
    """The first charge of this subscription that waits for its payment. One query."""
    rows = SeatChange.objects.filter(subscription=row, kind__in=FIRST_PAYMENTS, state=ChangeState.WAITING)
    return rows.select_related("command").first()


def of_command(command: StripeCommand) -> SeatChange | None:
    """What became of a command whose payment had to wait; None for one that was paid, or declined, at once."""
    return SeatChange.objects.filter(command=command).first() if command.pk else None


def is_being_made(row: Subscription | None) -> bool:
    """Whether a first charge is on its way: its invoice may be heard of before the command that caused it has ended."""
    if row is None or not (row.is_in_trial or row.status == "paused"):
        return False
    target = f"subscription:{row.pk}"
    return StripeCommand.objects.filter(target=target, state=CommandState.OPEN, kind__in=COMMANDS).exists()


def unless_declined(answer: gateway.Subscription, refusal: str, *, key: str) -> gateway.Subscription:
    """The answer to hand on: paid, or waiting for a confirmation. What the bank declined is voided and raised as Declined."""
    invoice = answer.latest_invoice
    if refusal and isinstance(invoice, gateway.Invoice) and invoice.id:
        gateway.void_invoice(invoice.id, key=f"{key}:void")
        raise gateway.Declined(refusal)
    return answer


def wait(
    command: StripeCommand,
    row: Subscription,
    *,
    kind: ChangeKind,
    quantity: int,
    invoice_id: str,
    expires_at: datetime,
    at: datetime,
) -> dict[str, str]:
    """The bank wants to be asked: until when, for what, and a mail that says so. The caller holds the row's lock.

    Returns what the command's result says of it: `payment_url`, the store's page on which a person finishes or drops it.
    """
    due_minor = command.payload["due_minor"]
    change = SeatChange.objects.create(
        subscription=row,
        nonce=secrets.token_urlsafe(16),
        kind=kind,
        quantity_before=row.quantity,
        quantity_after=quantity,
        preview={"due_now_minor": due_minor},
        due_now_minor=due_minor,
        currency=row.currency,
        state=ChangeState.WAITING,
        command=command,
        stripe_invoice_id=invoice_id,
        actor=command.actor,
        source=command.source,
        created_at=command.created_at,
        expires_at=expires_at,
    )
    first_payment_mails.waits(change, at=at)
    return {"payment_url": first_payment_mails.page(change)}


def begin_with(row: Subscription, quantity: int, *, origin: Origin, at: datetime, command: StripeCommand | None = None) -> None:
    """Before it is revenue: the plan begins with as many seats as were chosen. The caller holds the row's lock."""
    if quantity != row.quantity and row.is_in_trial:
        kind = LedgerKind.ADDED if quantity > row.quantity else LedgerKind.REMOVED
        ledger.book(row, kind=kind, delta=quantity - row.quantity, origin=origin, at=at, command=command)


def settle(row: Subscription, quantity: int, at: datetime) -> None:
    """What Stripe says of a subscription in a trial (`quantity` seats), before it is booked: paid, gone, or still waiting.

    The caller holds the row's lock, and has written Stripe's state into it.
    """
    change = _held(row)
    if change is None:
        return
    if row.status not in ("trialing", "paused") and quantity == change.quantity_after:
        begin_with(row, quantity, origin=Origin(actor=change.actor, source=Source(change.source)), at=at)
        _close(change, ChangeState.DONE, at)
    elif not _still_waits(row, change):
        _close(change, ChangeState.EXPIRED, at)
        tell_over(change, at=at)


def _still_waits(row: Subscription, change: SeatChange) -> bool:
    if change.kind == ChangeKind.CONVERSION:
        return row.status == "trialing" and row.pending_expires_at is not None
    return row.status == "paused" and not Invoice.objects.filter(stripe_id=change.stripe_invoice_id, status="void").exists()


def end(row: Subscription, at: datetime) -> None:
    """The subscription is over, and what waits can no longer be paid: Stripe voids an update's invoice, no resumption's."""
    change = _held(row)
    if change is None:
        return
    _close(change, ChangeState.EXPIRED if change.kind == ChangeKind.CONVERSION else ChangeState.DROPPED, at)
    if change.kind == ChangeKind.RESUMPTION:
        _open_drop(change, target=f"invoice:{change.stripe_invoice_id}", at=at)


def tell_over(change: SeatChange, *, at: datetime) -> None:
    """Mail that nothing was charged, and how to try again; of a first charge alone."""
    if change.kind in FIRST_PAYMENTS:
        first_payment_mails.over(change, at=at)


def put_off(change_id: int, *, at: datetime) -> None:
    """Stripe would not void it: the lane comes back when what is true has been read."""
    late = SeatChange.objects.filter(pk=change_id, state=ChangeState.WAITING, kind=ChangeKind.RESUMPTION, expires_at__lte=at)
    late.update(expires_at=at + AFTER_REFUSAL)


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = """EXISTS (SELECT 1 FROM billing_seatchange
    WHERE kind = 'resumption' AND state = 'waiting' AND expires_at <= %(at)s)"""


def drain(now: datetime) -> pulse.Drained:
    """The lane: resumptions that were not paid in time, on store time, are voided."""
    at, handled = clock.now(), 0
    for change in _late().filter(expires_at__lte=at).select_related("subscription__organization")[:BATCH]:
        try:
            with transaction.atomic(durable=True):
                command = _open_drop(change, target=f"subscription:{change.subscription_id}", at=at, state=ChangeState.EXPIRED)
        except commands.Busy:
            continue  # what is being made meanwhile may be its end
        handled += commands.execute(command.pk).state != CommandState.OPEN
    return pulse.Drained(handled=handled)


def next_due_at() -> datetime | None:
    """When the next one runs out, in store time."""
    return _late().values_list("expires_at", flat=True).first()


def _late() -> models.QuerySet[SeatChange]:
    return SeatChange.objects.filter(kind=ChangeKind.RESUMPTION, state=ChangeState.WAITING).order_by("expires_at", "pk")


def _open_drop(change: SeatChange, *, target: str, at: datetime, state: ChangeState = ChangeState.DROPPED) -> StripeCommand:
    row = change.subscription
    return commands.open_command(
        kind=DROP,
        target=target,
        organization=row.organization,
        payload={
            "subscription": row.stripe_id,
            "invoice": change.stripe_invoice_id,
            "change": change.pk,
            "state": state,
        },
        origin=Origin.system(),
        at=at,
        for_the_pulse=True,
    )


def _held(row: Subscription) -> SeatChange | None:
    rows = SeatChange.objects.select_for_update(of=("self",)).select_related("actor", "subscription__organization")
    return rows.filter(subscription=row, kind__in=FIRST_PAYMENTS, state=ChangeState.WAITING).first()


def _close(change: SeatChange, state: ChangeState, at: datetime) -> None:
    change.state, change.concluded_at = state, at
    change.save(update_fields=["state", "concluded_at"])
