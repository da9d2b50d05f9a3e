"""Going on after a trial that ended without a card, or a pause: shown to the cent, and charged exactly that or not at all.

Whoever has a card on file pays it by a click; whoever has none adds it on Stripe's page, and the agreed amount goes along in
that session's metadata, so that the first charge never depends on a second click.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import transaction

from accounts.origin import Origin
from billing import gateway
from billing.models import ChangeKind, Customer, StripeCommand, Subscription
from billing.queries import payers
from billing.rules.preview import FirstCharge
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.books import first_payments, pause_failures
from billing.services.changes import seats
from billing.services.mirroring import first_charges, mirror, payment_refusals

SALT = "billing.resuming"
# The amount that was agreed to decides, not its age; a token only says which it was.
HOLDS = timedelta(days=1)
KIND = "trial.resume"


class NoCard(Exception):
    """There is no card that could be charged: it is added on Stripe's page, with what was agreed to."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What going on costs now, and the token that stands for exactly that."""

    charge: FirstCharge
    token: str


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """What somebody has said yes to: `due_minor` for the subscription `stripe_id`."""

    stripe_id: str
    due_minor: int
    currency: str

    @property
    def metadata(self) -> dict[str, str]:
        return {"resume": self.stripe_id, "resume_due_minor": str(self.due_minor), "resume_currency": self.currency}


def offer(row: Subscription) -> Offer:
    """One Stripe call; nothing is written. Raises seats.NotLive where nothing is paused, and the gateway's errors."""
    if row.status != "paused":
        raise seats.NotLive("There is nothing to go on with.")
    charge = first_charges.of_resuming(row)
    body = [row.stripe_id, charge.due_minor, charge.currency]
    return Offer(charge=charge, token=signing.dumps(body, salt=SALT))


def agreed(row: Subscription, token: str) -> Agreed:
    """What a token stands for. Raises seats.Stale for one that is none, is old, or is of another subscription."""
    try:
        stripe_id, due_minor, currency = signing.loads(token, salt=SALT, max_age=HOLDS)
    except (signing.BadSignature, ValueError) as error:
        raise seats.Stale from error
    if stripe_id != row.stripe_id:
        raise seats.Stale
    return Agreed(stripe_id=stripe_id, due_minor=due_minor, currency=currency)


def of_metadata(session: gateway.Session) -> Agreed | None:
    """What was agreed to before the card page was opened; None for a card that is only added."""
    stripe_id, due = gateway.metadata(session, "resume"), gateway.metadata(session, "resume_due_minor")
    if not stripe_id or not due.isascii() or not due.isdigit():
        return None
    return Agreed(stripe_id=stripe_id, due_minor=int(due), currency=gateway.metadata(session, "resume_currency"))


def resume(row: Subscription, *, token: str, origin: Origin, at: datetime) -> StripeCommand:
    """Go on now, with the card on file. Returns the command: done, declined, failed (the price had moved), or still open.

    Where the bank wants to be asked the command is done and its change waits (first_payments.of_command); while it does,
    every further click finds that command. Raises NoCard, seats.Stale, seats.NotLive, commands.Busy.
    """
    wanted = agreed(row, token)
    if not Customer.objects.filter(organization=row.organization_id).exclude(payment_method_id="").exists():
        raise NoCard
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization").get(pk=row.pk)
        if locked.status != "paused":
            raise seats.NotLive("It goes on already.")
        change = first_payments.waiting(locked)
        if change is not None and change.command is not None:
            return change.command
        command = _open(locked, wanted, origin=origin, at=at)
    return commands.execute(command.pk)


def open_after_card(plain: dict[str, Any], *, key: str, at: datetime) -> None:
    """The card is there: charge what was agreed to, once a session. Call inside a transaction."""
    wanted = Agreed(**plain)
    row = Subscription.objects.locked().select_related("organization").filter(stripe_id=wanted.stripe_id).first()
    if row is None or row.status != "paused" or StripeCommand.objects.filter(idempotency_key=key).exists():
        return
    if first_payments.waiting(row) is not None:
        return  # that payment is to be finished, on the page that any card can be given to
    # Somebody else's click is being carried out: that one counts.
    with contextlib.suppress(commands.Busy):
        _open(row, wanted, origin=Origin.stripe(), at=at, key=key)


def open_for(row: Subscription, wanted: Agreed, *, origin: Origin, at: datetime, key: str) -> StripeCommand:
    """Breath 1 of one that nobody clicks: the end of a pause. The caller holds the row's lock; once a `key`."""
    return _open(row, wanted, origin=origin, at=at, key=key)


def _open(row: Subscription, wanted: Agreed, *, origin: Origin, at: datetime, key: str | None = None) -> StripeCommand:
    return commands.open_command(
        kind=KIND,
        target=mirror.target(row),
        organization=row.organization,
        payload={"subscription": row.stripe_id, "due_minor": wanted.due_minor, "currency": wanted.currency},
        origin=origin,
        at=at,
        idempotency_key=key,
        for_the_pulse=key is not None,
    )


class Resume(commands.Handler):
    """The command: look once more, wake the subscription only against payment; what the bank declines is taken back."""

    def send(self, command: StripeCommand) -> gateway.Subscription:
        asked, key = command.payload, command.idempotency_key
        now = gateway.subscription(asked["subscription"])
        if now.status != "paused":
            return now
        row = Subscription.objects.select_related("organization__customer").get(stripe_id=now.id)
        charge = first_charges.of_resuming(row)
        if (charge.due_minor, charge.currency) != (asked["due_minor"], asked["currency"]):
            raise gateway.Refused("The price has moved; nothing was charged.", code="price_moved")
        if payers.is_debited(row):
            return self._by_debit(now.id, key)
        params = {"billing_cycle_anchor": {"type": "now"}, "payment_behavior": "resume_on_payment_success"}
        return self._unless_declined(gateway.resume_subscription(now.id, params, key=key), key)

    def _by_debit(self, stripe_id: str, key: str) -> gateway.Subscription:
        """A bank's answer takes days: it goes on as soon as the debit is on its way, and a late no is a failed payment."""
        params = {"billing_cycle_anchor": {"type": "now"}, "payment_behavior": "resume_on_payment_attempt"}
        answer = gateway.resume_subscription(stripe_id, params, key=key)
        invoice = answer.latest_invoice
        if answer.status == "paused" and isinstance(invoice, gateway.Invoice) and invoice.status == "open":
            gateway.pay_invoice(mirror.stripe_id(invoice), {}, key=f"{key}:pay")
        return gateway.subscription(stripe_id)

    def _unless_declined(self, answer: gateway.Subscription, key: str) -> gateway.Subscription:
        """Stripe has tried the card: without success it is paused still, and the invoice open."""
        invoice = answer.latest_invoice
        if answer.status != "paused" or not isinstance(invoice, gateway.Invoice) or invoice.status != "open":
            return answer
        return first_payments.unless_declined(answer, payment_refusals.of(invoice), key=key)

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        rows = Subscription.objects.locked().select_related("organization", "plan", "price", "line")
        row, invoice = rows.get(stripe_id=answer.id), mirror.stripe_id(answer.latest_invoice)
        mirror.take(row, answer, at)
        said = {"status": answer.status, "invoice": invoice}
        if row.status == "paused":
            until = at + first_payments.PAYABLE_FOR
            more: dict[str, Any] = {"quantity": row.quantity, "invoice_id": invoice, "expires_at": until, "at": at}
            said |= first_payments.wait(command, row, kind=ChangeKind.RESUMPTION, **more)
        inbox.touch(Kind.INVOICE, invoice)
        return said

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Nothing was charged, and it stays paused; the page says why (the command's error)."""
        pause_failures.tell(command, refusal.message, at)
        inbox.touch(Kind.SUBSCRIPTION, command.payload["subscription"])

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        now = gateway.subscription(command.payload["subscription"])
        invoice = now.latest_invoice
        is_asked = now.status == "paused" and isinstance(invoice, gateway.Invoice) and invoice.status == "open"
        return self._unless_declined(now, command.idempotency_key) if is_asked or now.status == "active" else None
