"""The three breaths of a write to Stripe.

1. `open_command` in the caller's transaction: the intent, its idempotency key, and the claim on its target.
2. `execute` calls the handler's `send` outside any transaction, under a lease.
3. the handler's `conclude` (or `decline`, `fail`) in one transaction with the command's own end.

A process may die between any two: the row stays open, its lease runs out, and the pulse repeats breath 2 with the same key and
parameters for up to 20 hours (Stripe keeps keys for 24). Later, or when Stripe replays a saved failure, nothing is sent again:
the handler reads back what is and concludes from that.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.module_loading import import_string

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import journal
from billing import gateway
from billing.models import CommandState, StripeCommand
from config import clock, pulse

LEASE = timedelta(seconds=30)
# The opener executes at once; the pulse steps in when that did not happen.
GRACE = timedelta(seconds=5)
RESEND_FOR = timedelta(hours=20)
LONGEST_WAIT = timedelta(minutes=10)
BATCH = 20
# Failed commands that a person may send again: money of a customer's is still with us, or a contract has not moved in.
REOPENED: Final = frozenset({"checkout.return", "adoption.release"})

HANDLERS: Final[Mapping[str, str]] = {
    "adoption.release": "billing.services.adopting.releasing.Release",
    "checkout.open": "billing.services.selling.checkout.OpenSession",
    "checkout.invoice": "billing.services.selling.invoiced.BuyOnInvoice",
    "checkout.return": "billing.services.selling.checkout_returns.ReturnDuplicate",
    "card.setup": "billing.services.selling.cards.OpenCardSetup",
    "card.use": "billing.services.selling.cards.UseCard",
    "adjustment.note": "billing.services.refunds.giving_back.Note",
    "adjustment.credit": "billing.services.refunds.giving_back.Credit",
    "customer.merged": "billing.services.merging.Merged",
    "dispute.accept": "billing.services.recovery.dispute_answers.Accept",
    "dispute.answer": "billing.services.recovery.dispute_answers.Answer",
    "dispute.hold": "billing.services.books.dispute_holds.Hold",
    "dunning.end": "billing.services.recovery.dunning_ends.EndUnpaid",
    "invoice.replace": "billing.services.refunds.replacing.Replace",
    "pilot.convert": "billing.services.trying.pilot_conversions.Convert",
    "promotion.apply": "billing.services.changes.promotions.Apply",
    "seats.increase": "billing.services.changes.seat_increases.Increase",
    "seats.undo": "billing.services.renewing.expansion_undo.Undo",
    "seats.drop": "billing.services.changes.seat_increases.DropWaiting",
    "seats.credit": "billing.services.changes.seat_increases.CreditDifference",
    "difference.resend": "billing.services.reconciliation.reconciling_commands.Resend",
    "difference.uncoupon": "billing.services.reconciliation.reconciling_commands.Uncoupon",
    "subscription.collect": "billing.services.selling.collecting.Switch",
    "subscription.pause": "billing.services.leaving.pauses.Rest",
    "subscription.end": "billing.services.leaving.endings.End",
    "schedule.project": "billing.services.books.projection.Project",
    "trial.extend": "billing.services.trying.trial_changes.Extend",
    "trial.end": "billing.services.trying.trial_changes.End",
    "trial.resume": "billing.services.leaving.resuming.Resume",
    "terms.discount": "billing.services.agreeing.terms_discounts.Put",
    "tax.apply": "billing.services.tax.tax_commands.Apply",
    "tax_id.add": "billing.services.tax.tax_commands.AddId",
    "tax_id.remove": "billing.services.tax.tax_commands.RemoveId",
}
log = structlog.get_logger(__name__)


class Busy(Exception):
    """Another command holds the target: a change is being made."""

    def __init__(self, target: str) -> None:
        super().__init__(f"A change is already being made on {target}.")
        self.target = target


class Handler(ABC):
    """What a kind of command does. Instances are made once and keep no state."""

    @abstractmethod
    def send(self, command: StripeCommand) -> Any:
        """Breath 2: call Stripe with `command.idempotency_key` (suffixed for several steps). Raises the gateway's errors."""

    @abstractmethod
    def conclude(self, command: StripeCommand, answer: Any, at: datetime) -> dict[str, Any]:
        """Breath 3: book the effect. Returns what the command keeps as its result."""

    def decline(self, command: StripeCommand, decline: gateway.Declined, at: datetime) -> None:
        """Breath 3 after a decline: an outcome that the buyer can act on; where there is none, a refusal like any other."""
        self.fail(command, decline, at)

    @abstractmethod
    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Breath 3 after a refusal: undo what breath 1 promised."""

    @abstractmethod
    def read_back(self, command: StripeCommand) -> Any:
        """What `send` would have answered, read from Stripe; None when the effect did not take place."""


@dataclass(frozen=True)
class Sent:
    """How breath 2 ended: one of the four is set."""

    answer: Any = None
    declined: gateway.Declined | None = None
    refused: gateway.GatewayError | None = None
    unknown: gateway.Unreachable | None = None


@cache
def handler(kind: str) -> Handler:
    return import_string(HANDLERS[kind])()  # type: ignore[no-any-return] # a dotted name has no type


def known(idempotency_key: str) -> StripeCommand | None:
    """The command that was opened under a key."""
    return StripeCommand.objects.filter(idempotency_key=idempotency_key).first()


def known_or_opened(
    idempotency_key: str, open_it: Callable[[], StripeCommand], *, overtaken: tuple[type[Exception], ...]
) -> StripeCommand:
    """The command of a token that may be confirmed twice at once: the later one gets what the earlier one opened.

    `overtaken` are the refusals of `open_it` that mean nothing if it did: what they are about is how it ended.
    """
    try:
        return known(idempotency_key) or open_it()
    except overtaken:
        made = known(idempotency_key)
        if made is None:
            raise
        return made


def open_command(
    *,
    kind: str,
    target: str,
    organization: Organization | None,
    payload: dict[str, Any],
    origin: Origin,
    at: datetime,
    idempotency_key: str | None = None,
    for_the_pulse: bool = False,
) -> StripeCommand:
    """Breath 1. Call inside the transaction that records the intent.

    The caller executes it after its transaction; with `for_the_pulse` it leaves that to the pulse, which begins at once.

    Raises Busy when the target has an open command (the database decides, so two clicks at once cannot both pass). Of two that
    ask under one `idempotency_key` the later gets the earlier one's command.
    """
    try:
        with transaction.atomic():
            return StripeCommand.objects.create(
                kind=kind,
                target=target,
                organization=organization,
                idempotency_key=idempotency_key or f"{kind}:{uuid.uuid4()}",
                payload=payload,
                due_at=clock.wall() + (timedelta(0) if for_the_pulse else GRACE),
                actor=origin.actor,
                source=origin.source,
                request_id=origin.request_id,
                created_at=at,
            )
    except IntegrityError as error:
        known = StripeCommand.objects.filter(idempotency_key=idempotency_key).first() if idempotency_key else None
        if known is not None:
            return known
        if "stripe_command_open_unique" in str(error):
            raise Busy(target) from error
        raise


def execute(command_id: int) -> StripeCommand:
    """Breaths 2 and 3, if nobody else is at it. Returns the command as it then is; still open means Stripe did not answer."""
    command = _claim(command_id)
    if command is None:
        return StripeCommand.objects.get(pk=command_id)
    with structlog.contextvars.bound_contextvars(request_id=command.request_id, command=command.pk):
        sent = _send(command)
        return _conclude(command, sent)


def try_again(command_id: int, *, origin: Origin, at: datetime) -> bool:
    """Have an open command sent at once, or one of REOPENED that failed begin anew (the admin's button).

    False for a command that ended otherwise: its outcome stands, and whoever asked for it can ask again.
    """
    with transaction.atomic():
        held = StripeCommand.objects.select_for_update(of=("self",)).select_related("organization").get(pk=command_id)
        if held.state == CommandState.FAILED and held.kind in REOPENED:
            # A new key: under the old one Stripe would replay the failure. The handler looks before it acts.
            held.idempotency_key = f"{held.kind}:{uuid.uuid4()}"
            held.state, held.concluded_at, held.first_sent_at = CommandState.OPEN, None, None
        elif held.state != CommandState.OPEN:
            return False
        held.due_at = clock.wall()
        held.attempts = 0
        held.save()
        journal.append(
            kind="billing.command.tried_again",
            organization=held.organization,
            at=at,
            origin=origin,
            data={"command": held.pk, "command_kind": held.kind, "target": held.target},
        )
    return True


def drain(now: datetime) -> pulse.Drained:
    """The pulse's lane: execute what is due and not under a live lease."""
    due = StripeCommand.objects.filter(state=CommandState.OPEN).order_by("due_at", "id")
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    ids = list(due.filter(free, due_at__lte=now).values_list("pk", flat=True)[:BATCH])
    handled = sum(execute(pk).state != CommandState.OPEN for pk in ids)
    next_due_at = due.filter(due_at__gt=now).values_list("due_at", flat=True).first()
    return pulse.Drained(handled=handled, next_due_at=next_due_at)


def _claim(command_id: int) -> StripeCommand | None:
    """Take the lease by one conditional UPDATE; its row count says who got it."""
    wall = clock.wall()
    free = Q(lease_until=None) | Q(lease_until__lt=wall)
    claimed = StripeCommand.objects.filter(free, pk=command_id, state=CommandState.OPEN).update(
        lease_until=wall + LEASE, fence=F("fence") + 1, attempts=F("attempts") + 1
    )
    if not claimed:
        return None
    command = StripeCommand.objects.select_related("organization", "actor").get(pk=command_id)
    if command.first_sent_at is None:
        command.first_sent_at = wall
        command.save(update_fields=["first_sent_at"])
    return command


def _send(command: StripeCommand) -> Sent:
    does = handler(command.kind)
    assert command.first_sent_at is not None
    try:
        if clock.wall() - command.first_sent_at < RESEND_FOR:
            try:
                return Sent(answer=does.send(command))
            except gateway.ReplayedFailure:
                log.warning("stripe_command_replayed_failure", command=command.pk, kind=command.kind)
        answer = does.read_back(command)
    except gateway.Declined as declined:
        return Sent(declined=declined)
    except gateway.Unreachable as unknown:
        return Sent(unknown=unknown)
    except gateway.GatewayError as refused:
        return Sent(refused=refused)
    if answer is None:
        return Sent(refused=gateway.Refused("Stripe did not make the change; nothing was charged."))
    return Sent(answer=answer)


def _conclude(command: StripeCommand, sent: Sent) -> StripeCommand:
    at = clock.now()
    does = handler(command.kind)
    with transaction.atomic(durable=True):
        held = StripeCommand.objects.select_for_update(of=("self",)).select_related("organization", "actor").get(pk=command.pk)
        if held.fence != command.fence or held.state != CommandState.OPEN:
            log.info("stripe_command_lost_lease", command=command.pk, kind=command.kind)
            return held
        if sent.unknown is not None:
            _put_off(held, sent.unknown)
        else:
            _end(held, does, sent, at)
        held.lease_until = None
        held.save()
    return held


def _end(held: StripeCommand, does: Handler, sent: Sent, at: datetime) -> None:
    if sent.declined is not None:
        held.state, held.error = CommandState.DECLINED, sent.declined.message
        does.decline(held, sent.declined, at)
    elif sent.refused is not None:
        held.state, held.error = CommandState.FAILED, sent.refused.message
        log.error("stripe_command_failed", command=held.pk, kind=held.kind, code=sent.refused.code, param=sent.refused.param)
        does.fail(held, sent.refused, at)
    else:
        held.state, held.error = CommandState.DONE, ""
        held.result = does.conclude(held, sent.answer, at)
    held.concluded_at = at


def _put_off(held: StripeCommand, unknown: gateway.Unreachable) -> None:
    wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(held.attempts, 12)))
    held.due_at = clock.wall() + wait
    held.error = unknown.message
    log.warning("stripe_command_put_off", command=held.pk, kind=held.kind, seconds=wait.total_seconds())
