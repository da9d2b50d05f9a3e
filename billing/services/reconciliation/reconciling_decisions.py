"""The two buttons of a difference, and who looks after it.

Accepting books what Stripe says, as it says it this moment; re-sending has Stripe told what we say, by a command. Both look
first: what is no longer so is closed, and what has changed since the person looked is shown again instead of decided.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.origin import Origin
from billing import gateway
from billing.models import Difference, DifferenceKind, DifferenceState, StripeCommand
from billing.rules import reconciling
from billing.services import commands
from billing.services.books import projection
from billing.services.reconciliation import (
    reconciling_books,
    reconciling_commands,
    reconciling_looks,
    reconciling_reading,
    reconciling_rows,
)
from billing.services.reconciliation.reconciling_books import CannotDecide
from config import clock

MOST_REASON = 300


class NotOpen(CannotDecide):
    """Somebody decided it before, or it is gone."""


class Moved(CannotDecide):
    """Stripe or the store says something else than what was shown; the row now says what."""


def accept(row: Difference, *, reason: str, origin: Origin, at: datetime) -> Difference:
    """Take over what Stripe says. Raises CannotDecide (NotOpen, Moved) and the gateway's errors; call outside a transaction."""
    book = ACCEPTING.get(DifferenceKind(row.kind))
    if book is None:
        raise CannotDecide(_("This cannot be taken over: mend it at Stripe or send ours again."))
    theirs = _look(row, reason, at)
    with transaction.atomic(durable=True):
        held = _hold(row)
        book(held, theirs, reconciling_books.By(origin=origin, at=at, reason=reason))
        _decide(held, DifferenceState.ACCEPTED, reason, origin, at)
    return held


def resend(row: Difference, *, reason: str, origin: Origin, at: datetime) -> Difference:
    """Have Stripe told what we say. Raises CannotDecide (NotOpen, Moved), commands.Busy and the gateway's errors."""
    if row.kind not in RESENT:
        raise CannotDecide(_("Ours cannot be sent again: accept what Stripe says, or mend it in Stripe's dashboard."))
    theirs = _look(row, reason, at)
    command: StripeCommand | None = None
    with transaction.atomic(durable=True):
        held = _hold(row)
        if held.kind in PROJECTED and not reconciling_commands.ends_elsewhere(held):
            assert held.subscription is not None
            projection.want(held.subscription)
        elif held.kind != DifferenceKind.COMMAND:
            command = reconciling_commands.open_command(held, theirs, origin=origin, at=at)
        held.command = command
        _decide(held, DifferenceState.RESENT, reason, origin, at)
    _send(held, command, origin, at)
    held.refresh_from_db()
    return held


def _send(held: Difference, command: StripeCommand | None, origin: Origin, at: datetime) -> None:
    """Breath two, after the decision is written down; the pulse does it again if this process dies."""
    if command is not None:
        commands.execute(command.pk)
    elif held.kind == DifferenceKind.COMMAND:
        commands.try_again(int(held.subject.removeprefix("command:")), origin=origin, at=at)
    elif held.subscription_id is not None:
        projection.follow(held.subscription_id)


def assign(row: Difference, *, owner: User | None, origin: Origin, at: datetime) -> None:
    """Give it to somebody; None: back to revenue operations. Raises NotOpen."""
    with transaction.atomic():
        held = _hold(row)
        held.owner = owner
        held.save(update_fields=["owner"])
        reconciling_rows.tell(
            "assigned",
            held,
            at,
            owner=owner.pk if owner else None,
            origin=origin,
        )


def can_accept(row: Difference) -> bool:
    return row.state == DifferenceState.OPEN and row.kind in ACCEPTING


def can_resend(row: Difference) -> bool:
    return row.state == DifferenceState.OPEN and row.kind in RESENT


# --- Looking first ----------------------------------------------------------------------------------------------------


def _look(row: Difference, reason: str, at: datetime) -> reconciling.Theirs | None:
    """What Stripe says now of a subscription, if the difference is still the one that was shown."""
    if not reason.strip():
        raise CannotDecide(_("Say why: the reason is kept with the decision."))
    if not Difference.objects.open().filter(pk=row.pk).exists():
        raise NotOpen(_("It was decided before, or is gone."))
    theirs, look = _ask(row)
    if row.subject in look.held:
        raise CannotDecide(_("A change is being made on it just now. Try again in a moment."))
    found = next((one.found for one in look.sightings if one.found.key == (row.kind, row.subject)), None)
    if found is None:
        with transaction.atomic(durable=True):
            reconciling_rows.close(_hold(row), at)
        raise NotOpen(_("It no longer exists: both sides say the same by now."))
    if (dict(found.ours), dict(found.stripes)) != (row.ours, row.stripes):
        with transaction.atomic(durable=True):
            held = _hold(row)
            held.ours, held.stripes, held.last_seen_at = dict(found.ours), dict(found.stripes), at
            held.save(update_fields=["ours", "stripes", "last_seen_at"])
        raise Moved(_("Something changed since: look at it again, then decide."))
    return theirs


def _ask(row: Difference) -> tuple[reconciling.Theirs | None, reconciling_looks.Look]:
    asked_at = clock.now()
    if row.kind == DifferenceKind.COMMAND:
        held = StripeCommand.objects.filter(pk=row.subject.removeprefix("command:"), state="open").select_related(
            "organization"
        )
        return None, reconciling_looks.commands(list(held))
    if row.kind == DifferenceKind.AMOUNT:
        return None, reconciling_looks.invoices([gateway.invoice(row.subject)])
    if row.kind == DifferenceKind.COUPON:
        holder = reconciling_reading.customer(row.subject)
        return None, reconciling_looks.customers([holder] if holder else [])
    theirs = reconciling_reading.subscription(row.subject)
    if theirs is not None:
        return theirs, reconciling_looks.subscriptions([theirs], asked_at=asked_at)
    return None, reconciling_looks.missing([row.subscription] if row.subscription else [], asked_at=asked_at)


def _hold(row: Difference) -> Difference:
    """Lock it, still open, with its subscription locked before it. Call inside a transaction; raises NotOpen."""
    subscription = reconciling_books.lock(row)
    held = Difference.objects.select_for_update(of=("self",)).select_related("organization", "invoice").get(pk=row.pk)
    if held.state != DifferenceState.OPEN:
        raise NotOpen(_("It was decided before, or is gone."))
    held.subscription = subscription
    return held


def _decide(held: Difference, state: DifferenceState, reason: str, origin: Origin, at: datetime) -> None:
    held.state, held.reason = state, reason.strip()[:MOST_REASON]
    held.decided_by, held.decided_at, held.note = origin.actor, at, ""
    held.save()
    reconciling_rows.tell(state, held, at, why=held.reason, origin=origin)


Booking = Callable[[Difference, reconciling.Theirs | None, reconciling_books.By], None]
ACCEPTING: Final[Mapping[DifferenceKind, Booking]] = {
    DifferenceKind.QUANTITY: reconciling_books.quantity,
    DifferenceKind.PRICE: reconciling_books.price,
    DifferenceKind.CURRENCY: reconciling_books.currency,
    DifferenceKind.UNKNOWN: reconciling_books.newcomer,
    DifferenceKind.MISSING: reconciling_books.end,
    DifferenceKind.ENDING: reconciling_books.ending,
    DifferenceKind.PHASES: reconciling_books.phases,
    DifferenceKind.PERIOD: reconciling_books.read_again,
    DifferenceKind.AMOUNT: reconciling_books.read_again,
    # Approved exceptions: nothing is booked, and they are not named again while Stripe says the same.
    DifferenceKind.DISCOUNT: reconciling_books.nothing,
    DifferenceKind.TAX: reconciling_books.nothing,
    DifferenceKind.TRIAL: reconciling_books.nothing,
    DifferenceKind.FOREIGN: reconciling_books.nothing,
    DifferenceKind.ITEM: reconciling_books.nothing,
    DifferenceKind.COUPON: reconciling_books.nothing,
    DifferenceKind.COLLECTION: reconciling_books.nothing,
}
# What the projection of scheduled changes puts right at Stripe.
PROJECTED: Final = frozenset({DifferenceKind.ENDING, DifferenceKind.PHASES})
RESENT: Final = PROJECTED | {
    DifferenceKind.QUANTITY,
    DifferenceKind.PRICE,
    DifferenceKind.UNKNOWN_PRICE,
    DifferenceKind.DISCOUNT,
    DifferenceKind.TAX,
    DifferenceKind.TRIAL,
    DifferenceKind.UNKNOWN,
    DifferenceKind.DUPLICATE,
    DifferenceKind.COMMAND,
    DifferenceKind.ITEM,
    DifferenceKind.COUPON,
    DifferenceKind.COLLECTION,
}
