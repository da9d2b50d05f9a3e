"""What a customer does to a trial: make it longer once, or end it for good when it ended without a card.

Both are commands on the subscription: nothing else is changed meanwhile, and a second click finds the first.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.origin import Origin
from billing import gateway
from billing.models import CommandState, StripeCommand, Subscription, Trial
from billing.queries import trials as queries
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.books import projection, trials
from billing.services.changes import seats
from billing.services.mirroring import mirror


class CannotExtend(Exception):
    """The one extension was had, its time has not come, or the trial is to end: nothing was changed."""


def extend(row: Subscription, *, origin: Origin, at: datetime, nonce: str = "") -> StripeCommand:
    """Let a trial go on, once, by as many days as the policy register says. Returns the command: done, failed, or still open.

    `nonce` names what a caller asks: the same once more finds what it came to, unless that failed. Raises CannotExtend, and
    commands.Busy while another change is being made.
    """
    with transaction.atomic(durable=True):
        locked = _lock(row)
        if nonce and (known := _asked_before(locked, nonce)) is not None:
            return known
        trial = Trial.objects.select_for_update(of=("self",)).filter(subscription=locked).first()
        until = _extended_end(locked, trial, at)
        command = commands.open_command(
            kind="trial.extend",
            target=mirror.target(locked),
            organization=locked.organization,
            payload={"subscription": locked.stripe_id, "trial_end": int(until.timestamp()), "nonce": nonce},
            origin=origin,
            at=at,
        )
    return commands.execute(command.pk)


def _asked_before(row: Subscription, nonce: str) -> StripeCommand | None:
    mine = StripeCommand.objects.filter(kind="trial.extend", target=mirror.target(row), payload__nonce=nonce)
    return mine.exclude(state=CommandState.FAILED).first()


def _extended_end(row: Subscription, trial: Trial | None, at: datetime) -> datetime:
    if trial is None or row.status != "trialing" or row.trial_ends_at is None:
        raise CannotExtend("There is no trial that goes on.")
    if row.cancel_at is not None or projection.has_pending_end(row):
        raise CannotExtend("The trial is to end: take that back first.")
    until = queries.extended_end(ends_at=row.trial_ends_at, extended_at=trial.extended_at, at=at)
    if until is None:
        raise CannotExtend("A trial is made longer once, in its last days.")
    return until


def end(row: Subscription, *, origin: Origin, at: datetime) -> StripeCommand:
    """End a subscription that is paused, at once: there is no period that it could end with. Nothing is charged.

    Raises seats.NotLive for one that is not paused, and commands.Busy.
    """
    with transaction.atomic(durable=True):
        locked = _lock(row)
        if locked.status != "paused":
            raise seats.NotLive("Only what is paused ends at once.")
        command = commands.open_command(
            kind="trial.end",
            target=mirror.target(locked),
            organization=locked.organization,
            payload={"subscription": locked.stripe_id},
            origin=origin,
            at=at,
        )
    ended = commands.execute(command.pk)
    inbox.read_now(ended.result.get("invoice", ""))
    return ended


def _lock(row: Subscription) -> Subscription:
    return Subscription.objects.locked().select_related("organization", "plan", "price", "line").get(pk=row.pk)


class _OfTheSubscription(commands.Handler):
    """What both commands do alike: their answer is the subscription, and everything is taken over from it."""

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        rows = Subscription.objects.locked().select_related("organization", "plan", "price", "line")
        row = rows.get(stripe_id=command.payload["subscription"])
        mirror.take(row, answer, at)
        self._booked(row, command, at)
        inbox.touch(Kind.INVOICE, mirror.stripe_id(answer.latest_invoice))
        return {"status": answer.status, "invoice": mirror.stripe_id(answer.latest_invoice)}

    def _booked(self, row: Subscription, command: StripeCommand, at: datetime) -> None:
        """What else there is to write down."""

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Stripe's side is not as we think: what is true is read from it."""
        inbox.touch(Kind.SUBSCRIPTION, command.payload["subscription"])


class Extend(_OfTheSubscription):
    def send(self, command: StripeCommand) -> gateway.Subscription:
        asked = command.payload
        params = {"trial_end": asked["trial_end"], "proration_behavior": "none"}
        return gateway.update_subscription(asked["subscription"], params, key=command.idempotency_key)

    def _booked(self, row: Subscription, command: StripeCommand, at: datetime) -> None:
        trials.extended(row, by=command.actor, at=at)

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        now = gateway.subscription(command.payload["subscription"])
        return now if now.trial_end == command.payload["trial_end"] else None


class End(_OfTheSubscription):
    def send(self, command: StripeCommand) -> gateway.Subscription:
        now = gateway.subscription(command.payload["subscription"])
        if now.status == "canceled":
            return now
        if now.status != "paused":
            raise gateway.Refused("It goes on meanwhile; nothing was changed.")
        invoice = now.latest_invoice
        if isinstance(invoice, gateway.Invoice) and invoice.id and invoice.status == "open":
            # Its going on waits to be paid: what has ended must not be charged.
            gateway.void_invoice(invoice.id, key=f"{command.idempotency_key}:void")
        return gateway.cancel_subscription(now.id, {"invoice_now": False, "prorate": False}, key=command.idempotency_key)

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        now = gateway.subscription(command.payload["subscription"])
        return now if now.status == "canceled" else None
