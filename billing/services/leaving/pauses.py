"""Pausing for some months: unused time given back as it was shown, nothing charged meanwhile, going on by itself at the end.

The schedule is released first (Stripe pauses none that has one); what waits stays as rows, and is put in place again when it
goes on (billing.services.books.resting). Going on, sooner or then, is that of a trial that ended without a card (resuming).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts.origin import Origin
from accounts.queries import policies, profiles
from billing import gateway, gateway_endings
from billing.models import Pause, PauseState, StripeCommand, Subscription
from billing.queries import pauses as queries
from billing.queries import pilots
from billing.rules import pauses as rules
from billing.rules.pauses import Refusal
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.changes import committed, paying_first, seats
from billing.services.leaving import unused_time
from billing.services.leaving.unused_time import Credit
from billing.services.mirroring import mirror

KIND: Final = "subscription.pause"
WHAT: Final = "pause"
HOW: Final[dict[str, Any]] = {
    "type": "subscription",
    "invoicing_behavior": "invoice",
    "bill_for": {"unused_time_from": {"type": "now"}, "outstanding_usage_through": {"type": "none"}},
}


class Refused(seats.SeatsError):
    """It cannot be paused: `why`; at most `most_months`; `next_at` says from when on, where it was paused too lately."""

    def __init__(self, why: Refusal, *, most_months: int, next_at: datetime | None = None) -> None:
        super().__init__(f"It cannot be paused: {why}.")
        self.why, self.most_months, self.next_at = why, most_months, next_at


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What pausing now gives back, until when, and the token that confirms exactly that until `expires_at`."""

    credit: Credit
    months: int
    resumes_at: datetime
    token: str
    expires_at: datetime


def offer(row: Subscription, *, months: int, at: datetime) -> Offer:
    """One Stripe call; nothing is written. Raises Refused and the other SeatsErrors, and the gateway's errors."""
    check(row, months=months, at=at)
    credit = _price(row)
    return Offer(
        credit=credit,
        months=months,
        resumes_at=rules.resumes_at(at, months),
        token=unused_time.sign(row, WHAT, credit, months=months),
        expires_at=at + unused_time.holds(at),
    )


def pause(row: Subscription, *, token: str, origin: Origin, at: datetime) -> Pause:
    """Pause it now, as agreed; the same token again finds the same pause: on, failed, or still being made.

    Raises what `offer` raises, seats.Stale when something but the time has changed, and commands.Busy.
    """
    wanted = unused_time.agreed(row, WHAT, token, at)
    try:
        made = _known(wanted) or _begin(row, wanted, origin=origin, at=at)
    except (seats.SeatsError, commands.Busy, gateway.Refused):
        known = _known(wanted)
        if known is None:
            raise
        made = known
    if made.state == PauseState.SENDING and made.command_id is not None:
        command = commands.execute(made.command_id)
        made.refresh_from_db()
        inbox.read_now(command.result.get("invoice", ""), command.result.get("customer", ""))
    return made


def check(row: Subscription, *, months: int, at: datetime) -> None:
    """Raises the SeatsError that says why it cannot be paused for so many months."""
    if not row.is_live:
        raise seats.NotLive("The subscription has ended.")
    if row.status == "paused":
        raise seats.Paused("It is paused already.")
    if pilots.running(row) is not None:
        raise seats.InPilot("A pilot ends by itself.")
    committed.check_now(row)
    why = queries.refusal(row, months=months, at=at)
    if why is Refusal.PAY_FIRST:
        paying_first.check(row)
    if why is Refusal.WAITS:
        seats.refuse_while_waiting(row)
        raise commands.Busy(mirror.target(row))
    if why is Refusal.ENDS:
        raise seats.EndsSoon("The subscription ends then; take the cancellation back first.")
    if why is not None:
        most = policies.value("billing.pause_months", at, profiles.segment(row.organization_id))
        raise Refused(why, most_months=most, next_at=queries.next_at(row, at) if why is Refusal.TOO_SOON else None)


def _price(row: Subscription) -> Credit:
    """Of a subscription under a schedule Stripe previews no pause: ending it would give back as much."""
    return unused_time.ask(row, unused_time.OF_ENDING if row.schedule_id else {"pause": HOW})


def _known(wanted: unused_time.Agreed) -> Pause | None:
    return Pause.objects.filter(nonce=wanted.nonce).first()


def _begin(row: Subscription, wanted: unused_time.Agreed, *, origin: Origin, at: datetime) -> Pause:
    months = wanted.more["months"]
    unused_time.check_same(row, wanted)
    check(row, months=months, at=at)
    unused_time.check_price(wanted, _price(row))
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization").get(pk=row.pk)
        known = _known(wanted)
        if known is not None:
            return known
        unused_time.check_same(locked, wanted)
        payload = {
            "subscription": locked.stripe_id,
            "agreed_minor": wanted.credit_minor,
            "latest": locked.latest_invoice_id,
        }
        command = commands.open_command(
            kind=KIND, target=mirror.target(locked), organization=locked.organization, payload=payload, origin=origin, at=at
        )
        return Pause.objects.create(
            subscription=locked,
            nonce=wanted.nonce,
            months=months,
            credit_minor=wanted.credit_minor,
            currency=locked.currency,
            asked_at=at,
            command=command,
            actor=origin.actor,
            source=origin.source,
        )


class Rest(commands.Handler):
    """The command: the schedule goes, it is paused, and what Stripe gives back is made up to what was agreed."""

    def send(self, command: StripeCommand) -> gateway.Subscription:
        asked, key = command.payload, command.idempotency_key
        now = gateway.subscription(asked["subscription"])
        if now.status != "paused":
            held = mirror.stripe_id(now.schedule)
            if held:
                gateway.release_schedule(held, key=f"{key}:release")
            gateway_endings.pause_subscription(now.id, HOW, key=key)
            now = gateway.subscription(now.id)
        unused_time.make_up(now, agreed_minor=asked["agreed_minor"], before=asked["latest"], key=key)
        return now

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        rows = Subscription.objects.locked().select_related("organization", "plan", "price", "line")
        row = rows.get(stripe_id=answer.id)
        mirror.take(row, answer, at)
        invoice, customer = mirror.stripe_id(answer.latest_invoice), mirror.stripe_id(answer.customer)
        inbox.touch(Kind.INVOICE, invoice)
        inbox.touch(Kind.CUSTOMER, customer)
        return {"invoice": invoice, "customer": customer}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Nothing was changed for the customer; the schedule, if it went, is put in place again."""
        Pause.objects.filter(command=command, state=PauseState.SENDING).update(state=PauseState.FAILED, ended_at=at)
        inbox.touch(Kind.SUBSCRIPTION, command.payload["subscription"])

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        now = gateway.subscription(command.payload["subscription"])
        return self.send(command) if now.status == "paused" else None
