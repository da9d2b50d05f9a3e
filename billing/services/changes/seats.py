"""More seats, now (in a trial fewer, too): what it would cost, and doing exactly that.

Preview asks Stripe once and signs what it showed. Confirm asks again for the same instant, refuses on any difference, and only
then updates the subscription so that it takes effect only if the payment succeeds (billing.services.changes.seat_increases).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies
from billing.models import ChangeState, ScheduledChange, ScheduledKind, SeatChange, StripeCommand, Subscription
from billing.queries import coming, credit, pilots, terms, windows
from billing.rules import limits, preview
from billing.services import commands, people
from billing.services.books import credit_room, projection, window_rows
from billing.services.changes import change_prices, fitting_seats, held_prices, paying_first, seat_errors, seat_tokens
from billing.services.changes.change_prices import Wanted

SeatsError = seat_errors.SeatsError


class NotLive(SeatsError):
    """There is no active subscription: it ended, or was never paid."""


class Paused(NotLive):
    """The trial ended without a card: everything is kept, and nothing can be changed until somebody pays."""


class InTrial(SeatsError):
    """In a trial a change of seats is free and takes effect at once; there is nothing to wait for."""


class InPilot(SeatsError):
    """A pilot's seats are in its fee, and it ends by itself; the plan can be begun at any time."""


class NothingChanges(SeatsError):
    """That many seats are bought already."""


class BelowMinimum(SeatsError):
    def __init__(self, minimum: int) -> None:
        super().__init__(f"The plan starts at {minimum} seats.")
        self.minimum = minimum


class AboveMaximum(SeatsError):
    """More than self-service sells of this plan: the way leads to a person, and `maximum` can be had meanwhile."""

    def __init__(self, maximum: int, asked: int) -> None:
        super().__init__(f"Self-service sells up to {maximum} seats of this plan.")
        self.maximum, self.asked = maximum, asked


class BelowSeatsInUse(SeatsError):
    """People would lose their seats: name `missing` more who give theirs back."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} more people have a seat than would be left.")
        self.missing = missing


class WaitsForPayment(SeatsError):
    """An earlier increase waits for its payment: finish or drop it first."""

    def __init__(self, change: SeatChange) -> None:
        super().__init__("An earlier change waits for its payment.")
        self.change = change


class Conflicts(SeatsError):
    """What waits for the period's end does not go with it: take `change` back first.

    The plan of one of the two is sold with `minimum` to `maximum` seats.
    """

    def __init__(self, change: ScheduledChange, minimum: int, maximum: int) -> None:
        super().__init__(f"A scheduled change is in the way: the plan is sold with {minimum} to {maximum} seats.")
        self.change, self.minimum, self.maximum = change, minimum, maximum


class TooManyChanges(SeatsError):
    def __init__(self, next_at: datetime) -> None:
        super().__init__(f"The next change can be made at {next_at.isoformat()}.")
        self.next_at = next_at


class EndsSoon(SeatsError):
    """The subscription ends with this period; take the cancellation back first."""


class BeyondCredit(SeatsError):
    """More would be open on invoices, or with a bank, than may be: pay what is open first, pay by card, or talk to a person."""

    def __init__(self, beyond: credit.Beyond) -> None:
        super().__init__("More would be open on invoices than may be.")
        self.beyond = beyond


class Stale(SeatsError):
    """The price or the subscription changed since the preview, or the preview is too old. Nothing was charged."""

    def __init__(self, fresh: "Offer | None" = None) -> None:
        super().__init__("The preview no longer holds.")
        self.fresh = fresh


# Whether a change may be made; raises the SeatsError that says why not.
Check = Callable[[Subscription, Wanted, datetime], None]


@dataclass(frozen=True)
class Offer:
    """A preview and the token that confirms exactly it, until `expires_at` (store time, as every instant of a preview)."""

    preview: preview.Preview
    token: str
    expires_at: datetime


def current(organization: Organization, *, line: str | None = None) -> Subscription:
    """The organization's live subscription (of a product line, if it has several). Raises NotLive."""
    row = live(organization, line=line).first()
    if row is None:
        raise NotLive("There is no active subscription.")
    return row


def live(organization: Organization, *, line: str | None = None) -> QuerySet[Subscription]:
    """The organization's live subscriptions (those of a product line), as `current` chooses among them."""
    rows = Subscription.objects.live().filter(organization=organization, **({"line__code": line} if line is not None else {}))
    return rows.select_related("organization__customer", "plan", "price", "line").order_by("line__rank", "pk")


def of_token(organization: Organization, token: str) -> Subscription | None:
    """The organization's live subscription that a preview was for; None for what is no token, or one of others."""
    body = seat_tokens.read(token)
    return live(organization).filter(pk=body.get("s", 0)).first() if body is not None else None


def offer(row: Subscription, *, seats: int, at: datetime, nonce: str = "", is_gathered: bool = True) -> Offer:
    """What going to `seats` seats costs at the instant `at`, with its token. One Stripe call; nothing is written.

    `nonce` (up to 40 characters) names the change to be; a caller who may have to ask again gives one of their own. Small
    additions are gathered in an invoice window, unless `is_gathered` is False: then they are charged at once.

    Raises the SeatsErrors above, and the gateway's errors when Stripe does not answer.
    """
    check_increase(row, seats, at)
    return sign(row, Wanted(seats=seats), at=at, nonce=nonce, is_gathered=is_gathered)


def sign(row: Subscription, wanted: Wanted, *, at: datetime, nonce: str = "", is_gathered: bool = True) -> Offer:
    """The price of a change that may be made, with its token. One Stripe call; nothing is written."""
    # Our clock may be behind Stripe's, which prices nothing before the period: whoever has just bought could not go on.
    instant = max(at.replace(microsecond=0), row.period_starts_at)
    closes_at = windows.closing(row, wanted.seats, at) if wanted.is_of_seats and is_gathered else None
    shown = change_prices.ask(row, wanted, closes_at or instant, is_later=closes_at is not None)
    if (beyond := credit_room.beyond(row, shown.due_now_minor, at)) is not None:
        raise BeyondCredit(fitting_seats.of(beyond, row, wanted, shown.proration_at, at))
    token = seat_tokens.sign(row, shown, nonce=nonce, **wanted.plain)
    return Offer(preview=shown, token=token, expires_at=(at if closes_at else shown.proration_at) + seat_tokens.holds(at))


def confirm(  # what was agreed, by whom, and who gets the seats
    row: Subscription,
    *,
    token: str,
    origin: Origin,
    at: datetime,
    assign_to: list[int] | None = None,
    invite: Sequence[str] = (),
    external_id: str | None = None,
    check: Check | None = None,
) -> SeatChange:
    """Make the change a token stands for; the same token again finds the same change.

    The addresses in `invite` are invited to the new seats once they are there, and nobody before or without that.
    `check` says whether it may be made: that of seats, unless another kind of change gives its own.

    Two Stripe calls: the preview at the token's instant, then the update. Returns the change as it then is: done, waiting for
    payment, declined, or (when Stripe does not answer) still being made. Raises Stale with a fresh offer, commands.Busy while
    another change is being made, and the SeatsErrors.
    """
    body = seat_tokens.read(token, seat_tokens.holds(at))
    if body is None or body.get("s") != row.pk:
        raise Stale
    given: dict[str, Any] = {"assign_to": assign_to or [], "invite": list(invite), "external_id": external_id}
    try:
        return _known(row, body) or _confirm(row, body, origin=origin, at=at, check=check, **given)
    except SeatsError:
        # Whoever confirmed it in the same moment has changed what it is compared with.
        made = _known(row, body)
        if made is None:
            raise
        return made


def _known(row: Subscription, body: dict[str, Any]) -> SeatChange | None:
    """The change that a token has become."""
    return SeatChange.objects.filter(nonce=body["n"], subscription=row).first()


def _confirm(
    row: Subscription, body: dict[str, Any], *, origin: Origin, at: datetime, check: Check | None, **given: Any
) -> SeatChange:
    wanted = change_prices.of_plain(body)
    if wanted is None or wanted.is_of_seats != (check is None):
        raise Stale
    check = check or _check_seats
    refuse_while_waiting(row)
    if body["f"] != seat_tokens.fingerprint(row) or at >= min(row.period_ends_at, seat_tokens.holds_until(body, at)):
        raise Stale(_offer_again(row, wanted, check, at))
    check(row, wanted, at)
    held_minor = held_prices.again(row, wanted, body["p"], at)
    if held_minor is None:
        raise Stale(_offer_again(row, wanted, check, at))
    change = _open(row, _Agreed(body, wanted, held_minor), origin=origin, at=at, **given)
    if change.command_id is not None and change.state == ChangeState.SENDING:
        commands.execute(change.command_id)
        change.refresh_from_db()
        projection.follow(row.pk)
    elif change.window_id is not None:
        projection.follow(row.pk)
    return change


def _check_seats(row: Subscription, wanted: Wanted, at: datetime) -> None:
    check_increase(row, wanted.seats, at)


def check_increase(row: Subscription, seats: int, at: datetime) -> None:
    """Whether self-service may go to `seats` seats now. Raises the SeatsError that says why not."""
    if row.status == "paused":
        raise Paused("The trial is over: add a card first, and it goes on.")
    if paying_first.settled_status(row) not in ("active", "trialing"):
        raise NotLive("The subscription is not active.")
    if pilots.running(row) is not None:
        raise InPilot("A pilot's seats are in its fee.")
    if seats == row.quantity and not _is_unpaid(row):
        raise NothingChanges(f"You have {seats} seats already.")
    if seats < row.quantity:
        _check_fewer(row, seats, at)
    if seats > (most := terms.most_seats(row.organization_id, row.plan, seats)):
        raise AboveMaximum(most, seats)
    refuse_while_waiting(row)
    check_coming_plan(row, seats)
    check_rate(row, at)


def check_coming_plan(row: Subscription, seats: int) -> None:
    """Whether `seats` seats go with what waits for the period's end. Raises Conflicts. One query."""
    pending = coming.pending(row)
    plan = next((change for change in pending if change.kind == ScheduledKind.PLAN), None)
    then = seats + sum(change.delta for change in pending)
    if plan is None or plan.price_after is None:
        fewer = next((change for change in pending if change.delta < 0), None)
        if fewer is not None and then < row.plan.seats_min:
            raise Conflicts(fewer, row.plan.seats_min, row.plan.seats_max)
        return
    sold = plan.price_after.plan
    if not sold.seats_min <= then <= terms.most_seats(row.organization_id, sold, then):
        raise Conflicts(plan, sold.seats_min, sold.seats_max)


def _is_unpaid(row: Subscription) -> bool:
    """Whether the seats of a window could not be charged: the same number, paid for, is something to have then."""
    window = windows.running(row)
    return window is not None and not window.is_open


def _check_fewer(row: Subscription, seats: int, at: datetime) -> None:
    """Fewer now is for what was not paid: a trial, and a window's seats; the others are paid for until the period's end."""
    if not row.is_in_trial and windows.closing(row, seats, at) is None:
        raise BelowMinimum(row.quantity)
    if seats < row.plan.seats_min:
        raise BelowMinimum(row.plan.seats_min)
    taken = people.in_use(row).count()
    if seats < taken:
        raise BelowSeatsInUse(taken - seats)


def refuse_while_waiting(row: Subscription) -> None:
    """Raises WaitsForPayment."""
    waits = SeatChange.objects.filter(subscription=row, state=ChangeState.WAITING).first()
    if waits is not None:
        raise WaitsForPayment(waits)


def check_rate(row: Subscription, at: datetime) -> None:
    """Raises TooManyChanges when Stripe's invoice limits for one subscription are close."""
    mine = SeatChange.objects.filter(subscription=row, window=None, created_at__gt=at - limits.DAY)
    made = mine.values_list("created_at", flat=True)
    allowed_at = limits.next_allowed_at(
        list(made),
        now=at,
        per_day=policies.value("billing.invoices_per_day", at=at),
        per_minute=policies.value("billing.invoices_per_minute", at=at),
    )
    if allowed_at > at:
        raise TooManyChanges(allowed_at)


# --- Behind the verbs -------------------------------------------------------------------------------------------------


def _offer_again(row: Subscription, wanted: Wanted, check: Check, at: datetime) -> Offer | None:
    row.refresh_from_db()
    try:
        check(row, wanted, at)
        return sign(row, wanted, at=at)
    except SeatsError:
        return None


@dataclass(frozen=True)
class _Agreed:
    """A token's content, what it wants, and what has to be taken off to charge exactly that."""

    body: dict[str, Any]
    wanted: Wanted
    held_minor: int


def _open(
    row: Subscription,
    agreed: _Agreed,
    *,
    origin: Origin,
    at: datetime,
    **given: Any,
) -> SeatChange:
    """Breath 1, under the subscription's lock: whoever comes second finds the first one's change."""
    body, wanted = agreed.body, agreed.wanted
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization__customer", "price").get(pk=row.pk)
        known = SeatChange.objects.filter(nonce=body["n"]).first()
        if known is not None:
            return known
        if seat_tokens.fingerprint(locked) != body["f"]:
            raise Stale
        credit_room.hold(locked)
        if (beyond := credit_room.beyond(locked, body["p"]["due_now_minor"], at)) is not None:
            raise BeyondCredit(beyond)
        change = SeatChange(
            subscription=locked,
            nonce=body["n"],
            quantity_before=locked.quantity,
            quantity_after=wanted.seats,
            addon_price=wanted.addon_price,
            addon_after=wanted.number,
            kind=wanted.kind,
            price_after=wanted.price,
            preview=body["p"],
            due_now_minor=body["p"]["due_now_minor"],
            currency=body["p"]["currency"],
            **given,
            actor=origin.actor,
            source=origin.source,
            created_at=at,
        )
        if body["p"]["charged_at"] is None:
            change.command = _open_command(locked, agreed, origin, at)
            change.save()
        else:
            window_rows.have(locked, change, origin=origin, at=at)
        return change


def _open_command(row: Subscription, agreed: _Agreed, origin: Origin, at: datetime) -> StripeCommand:
    return commands.open_command(
        kind="seats.increase",
        target=f"subscription:{row.pk}",
        organization=row.organization,
        payload=held_prices.update_of(row, agreed.wanted, agreed.body["p"], agreed.held_minor),
        origin=origin,
        at=at,
    )
