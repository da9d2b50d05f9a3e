"""Taking back seats that were added by themselves, within a window, for all that they cost.

One update counts the time from the instant at which they were added, so that Stripe's proration gives back the whole charge
with its tax, as credit on the customer's balance. Stripe rounds each line towards minus infinity, so seats and add-ons that
follow them would give back some cents more than was charged: those are billed by a line of their own, and what comes back is
what was paid. It turns adding off. Nothing else may have changed since: then fewer seats are had from the renewal on, as
always.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts.origin import Origin
from accounts.queries import policies
from billing import gateway
from billing.models import AUTOMATIC, UNDOING, AutoExpansion, ChangeState, SeatChange, StripeCommand, Subscription
from billing.rules.preview import Preview
from billing.services import commands, people
from billing.services.books import projection
from billing.services.changes import change_prices, seats
from billing.services.changes.change_prices import Wanted
from billing.services.changes.seat_increases import Increase, Made

# Tax on the cents may bring a cent more.
TRIES: Final = 3


class TooLate(seats.SeatsError):
    """The window is over, it was undone already, or something else has changed since."""


def until(change: SeatChange, at: datetime) -> datetime | None:
    """Until when an expansion can be undone by its age alone; None: it is none, or not done."""
    if not change.nonce.startswith(AUTOMATIC) or change.state != ChangeState.DONE or change.concluded_at is None:
        return None
    return change.concluded_at + timedelta(hours=policies.value("billing.expansion_undo_hours", at=at))


def offer(change: SeatChange, at: datetime) -> Preview:
    """What comes back: `-total_minor`, as credit. One Stripe call; nothing is written. Raises TooLate, BelowSeatsInUse."""
    row = change.subscription
    _check(row, change, at)
    return _whole(change)[0]


def _whole(change: SeatChange) -> tuple[Preview, int]:
    """What taking it back comes to, and the cents that are billed with it so that it is no more than was charged."""
    row, wanted = change.subscription, Wanted(seats=change.quantity_before)
    cents, over = 0, 0
    for _ in range(TRIES):
        cents += over
        shown = change_prices.ask(row, wanted, _instant(change), held_minor=-cents)
        over = -shown.total_minor - change.preview["total_minor"]
        if over <= 0:
            break
    return shown, cents


def undo(change: SeatChange, *, back_minor: int, origin: Origin, at: datetime) -> SeatChange:
    """Take the seats back for `back_minor`, as it was shown. Undoing twice finds the first.

    Raises TooLate, BelowSeatsInUse, seats.Stale when another amount would come back, and commands.Busy.
    """
    nonce = f"{UNDOING}{change.public_id}"
    known = SeatChange.objects.filter(nonce=nonce).first()
    if known is not None:
        return known
    _check(change.subscription, change, at)
    shown, cents = _whole(change)
    if -shown.total_minor != back_minor:
        raise seats.Stale
    made = _open(change, nonce, (shown, cents), origin, at)
    if made.command_id is not None and made.state == ChangeState.SENDING:
        commands.execute(made.command_id)
        made.refresh_from_db()
        projection.follow(made.subscription_id)
    return made


class Undo(Increase):
    """Fewer seats since the instant at which there were more: paid for already, so nothing can be declined."""

    def send(self, command: StripeCommand) -> Made:
        asked = command.payload
        params = {
            "items": asked["items"],
            "proration_behavior": "always_invoice",
            "proration_date": asked["proration_date"],
            **{name: asked[name] for name in ("discounts", "add_invoice_items") if asked.get(name)},
        }
        return Made(gateway.update_subscription(asked["subscription"], params, key=command.idempotency_key))


def _instant(change: SeatChange) -> datetime:
    return datetime.fromtimestamp(change.preview["proration_at"], UTC)


def _check(row: Subscription, change: SeatChange, at: datetime) -> None:
    ends_at = until(change, at)
    is_same = row.status == "active" and row.quantity == change.quantity_after
    is_last = not SeatChange.objects.filter(subscription=row, pk__gt=change.pk, state=ChangeState.DONE).exists()
    if ends_at is None or at >= ends_at or not is_same or not is_last or _instant(change) < row.period_starts_at:
        raise TooLate("It can no longer be undone.")
    taken = people.in_use(row).count()
    if taken > change.quantity_before:
        raise seats.BelowSeatsInUse(taken - change.quantity_before)
    seats.refuse_while_waiting(row)


@transaction.atomic(durable=True)
def _open(change: SeatChange, nonce: str, agreed: tuple[Preview, int], origin: Origin, at: datetime) -> SeatChange:
    shown, cents = agreed
    rows = Subscription.objects.locked().select_related("organization__customer", "price", "plan", "line")
    row = rows.get(pk=change.subscription_id)
    known = SeatChange.objects.filter(nonce=nonce).first()
    if known is not None:
        return known
    _check(row, change, at)
    wanted, instant = Wanted(seats=change.quantity_before), _instant(change)
    payload: dict[str, Any] = {
        "subscription": row.stripe_id,
        "items": change_prices.update_of(row, wanted),
        "proration_date": int(instant.timestamp()),
        **({"add_invoice_items": [change_prices.taken_off(-cents, row.currency)]} if cents else {}),
        **change_prices.discounts_of(row, wanted, instant),
    }
    command = commands.open_command(
        kind="seats.undo",
        target=f"subscription:{row.pk}",
        organization=row.organization,
        payload=payload,
        origin=origin,
        at=at,
    )
    # Or they would be added again at once, as all are in use.
    AutoExpansion.objects.filter(subscription=row).update(is_on=False, due_at=None)
    return SeatChange.objects.create(
        subscription=row,
        nonce=nonce,
        quantity_before=row.quantity,
        quantity_after=change.quantity_before,
        preview=shown.as_json(),
        due_now_minor=shown.due_now_minor,
        currency=shown.currency,
        command=command,
        actor=origin.actor,
        source=origin.source,
        created_at=at,
    )
