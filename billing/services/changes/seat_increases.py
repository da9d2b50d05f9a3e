"""The commands behind more seats: the increase itself, dropping one that waits for payment, crediting a difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import journal
from billing import gateway
from billing.models import ChangeKind, ChangeState, SeatChange, StripeCommand, Subscription
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox, notices
from billing.services.books import booked_ends, first_payments, quote_rows, window_rows
from billing.services.mirroring import mirror, payment_refusals

log = structlog.get_logger(__name__)

# What an update says of its instant, and of what is taken off, where it does (billing.services.changes.held_prices.update_of).
WHEN_AND_LESS: Final = ("proration_date", "billing_cycle_anchor", "add_invoice_items", "discounts")


def drop(change: SeatChange, *, origin: Origin, at: datetime) -> SeatChange:
    """Give up an increase that waits for its payment: its invoice is voided, nothing is charged. Safe to click twice.

    Raises commands.Busy while another change is being made. If it was paid in the meantime, it stands: look at its state.
    """
    if change.state != ChangeState.WAITING:
        return change
    row = change.subscription
    command = commands.open_command(
        kind="seats.drop",
        target=mirror.target(row),
        organization=row.organization,
        payload={"subscription": row.stripe_id, "invoice": change.stripe_invoice_id, "change": change.pk},
        origin=origin,
        at=at,
    )
    commands.execute(command.pk)
    inbox.read_now(change.stripe_invoice_id)
    change.refresh_from_db()
    return change


def _held(command: StripeCommand) -> tuple[Subscription, SeatChange]:
    """The subscription and the change, locked in this order everywhere."""
    wanted = Subscription.objects.filter(changes__command=command).values("pk")
    row = Subscription.objects.locked().select_related("organization", "price", "line", "plan").get(pk__in=wanted)
    mine = SeatChange.objects.select_for_update(of=("self",)).select_related("addon_price__addon", "price_after__plan")
    change = mine.get(command=command)
    change.subscription, change.command = row, command  # or the mails fetch them again, with all they name
    return row, change


@dataclass(frozen=True)
class Made:
    """The subscription after an increase. `refusal`: while its payment waits, what the bank said if it declined.

    It is empty where the bank wants a confirmation (3-D Secure).
    """

    subscription: gateway.Subscription
    refusal: str = ""


def _made(answer: gateway.Subscription) -> Made:
    """The answer with the reason why it waits, which is the payment's to say: one more call, only while it waits."""
    invoice = answer.latest_invoice
    if answer.pending_update is None or not isinstance(invoice, gateway.Invoice):
        return Made(answer)
    return Made(answer, payment_refusals.of(invoice))


class Increase(commands.Handler):
    """Update with `pending_if_incomplete` and `always_invoice`: the seats are there only if the payment succeeds.

    A bank debit takes days, for which no update waits: the seats are there at once, within the credit limit (changes.seats).
    """

    def send(self, command: StripeCommand) -> Made:
        asked = command.payload
        if asked.get("is_free"):
            return Made(self._in_trial(command))
        if asked.get("is_unbilled"):
            # Nothing to charge: an invoice over nothing is none that anybody wants.
            free = {"items": _items(asked), "proration_behavior": "none"}
            return Made(gateway.update_subscription(asked["subscription"], free, key=command.idempotency_key))
        params = {
            "items": _items(asked),
            "proration_behavior": "always_invoice",
            # What is paid on invoices, or by a bank, is had at once: Stripe has no pending updates there.
            **({} if asked.get("is_invoiced") or asked.get("is_debited") else {"payment_behavior": "pending_if_incomplete"}),
            **{name: asked[name] for name in WHEN_AND_LESS if asked.get(name)},
        }
        return _made(gateway.update_subscription(asked["subscription"], params, key=command.idempotency_key))

    def _in_trial(self, command: StripeCommand) -> gateway.Subscription:
        """A trial's seats cost nothing: not if it is over by now, as then they would. Raises gateway.Refused."""
        asked = command.payload
        now = gateway.subscription(asked["subscription"])
        if now.status != "trialing":
            raise gateway.Refused("The trial is over; nothing was changed.")
        params = {"items": _items(asked), "proration_behavior": "none"}
        return gateway.update_subscription(asked["subscription"], params, key=command.idempotency_key)

    def conclude(self, command: StripeCommand, answer: Made, at: datetime) -> dict[str, Any]:
        row, change = _held(command)
        before, before_end = row.price, row.period_ends_at
        made, change.message = answer.subscription, answer.refusal[:300]
        invoice = None if command.payload.get("is_unbilled") else made.latest_invoice
        change.stripe_invoice_id = mirror.stripe_id(invoice)
        split = mirror.copy_fields(row, made, at)
        if made.pending_update is not None:
            self._wait(row, change, made, at)
        else:
            if row.period_ends_at != before_end:  # first, as the mail says when it ends then
                booked_ends.follow(row)
            mirror.conclude_increase(row, change, split, before, at=at, command=command)
            if isinstance(invoice, gateway.Invoice):
                _compare(row, change, invoice, at)
        if change.stripe_invoice_id:
            inbox.touch(Kind.INVOICE, change.stripe_invoice_id)
        return {"invoice": change.stripe_invoice_id, "state": change.state}

    def _wait(self, row: Subscription, change: SeatChange, answer: gateway.Subscription, at: datetime) -> None:
        assert answer.pending_update is not None
        change.state = ChangeState.WAITING
        change.expires_at = datetime.fromtimestamp(answer.pending_update.expires_at, UTC)
        change.save(update_fields=["state", "expires_at", "stripe_invoice_id", "message"])
        if change.kind == ChangeKind.WINDOW:
            window_rows.unpaid(row, change, at=at)
        else:
            notices.increase_waits(change, at=at)

    def decline(self, command: StripeCommand, decline: gateway.Declined, at: datetime) -> None:
        row, change = _held(command)
        _close(change, ChangeState.DECLINED, decline.message, at)
        quote_rows.failed(change, at)
        if change.kind == ChangeKind.WINDOW:
            window_rows.unpaid(row, change, at=at)

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        row, change = _held(command)
        _close(change, ChangeState.FAILED, refusal.message, at)
        quote_rows.failed(change, at)
        if change.kind == ChangeKind.WINDOW:
            window_rows.unpaid(row, change, at=at)
        inbox.touch(Kind.SUBSCRIPTION, row.stripe_id)

    def read_back(self, command: StripeCommand) -> Made | None:
        """The target was held all along, so seats at the asked number (or waiting to be) are this command's doing."""
        asked = command.payload
        now = gateway.subscription(asked["subscription"])
        waiting = (now.pending_update.subscription_items if now.pending_update else None) or []
        is_there = any(all(_has(held, one) for one in _items(asked)) for held in (now["items"].data, waiting))
        return _made(now) if is_there else None


def _items(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of the update; a command of before there were add-ons names the plan's alone."""
    found: list[dict[str, Any]] = asked.get("items") or [{"id": asked["item"], "quantity": asked["quantity"]}]
    return found


def _has(held: Sequence[Any], wanted: dict[str, Any]) -> bool:
    """Whether an item of an update is among those held, with its quantity; one that was to be deleted is not."""
    if wanted.get("deleted"):
        return bool(held) and all(item.id != wanted["id"] for item in held)
    mine = (item for item in held if wanted.get("id") in (item.id, None) and wanted.get("price") in (item.price.id, None))
    return any(int(item.quantity or 0) == wanted["quantity"] for item in mine)


def _close(change: SeatChange, state: ChangeState, message: str, at: datetime) -> None:
    change.state, change.message, change.concluded_at, change.invite = state, message[:300], at, []
    change.save(update_fields=["state", "message", "concluded_at", "invite"])


def _compare(row: Subscription, change: SeatChange, invoice: gateway.Invoice, at: datetime) -> None:
    """The charge against what was agreed: it cannot differ while Stripe keeps its word; if it does, the buyer is made whole."""
    over = invoice.total - int(change.preview["total_minor"])
    if over == 0:
        return
    log.error("seat_change_charge_differs", change=change.pk, over_minor=over, currency=invoice.currency)
    journal.append(
        kind="billing.charge.differed",
        organization=row.organization,
        at=at,
        data={"change": change.pk, "over_minor": over, "currency": invoice.currency, "invoice": invoice.id},
    )
    if over > 0:
        _open_credit(row.organization, change, over, at)


def _open_credit(organization: Organization, change: SeatChange, over_minor: int, at: datetime) -> None:
    commands.open_command(
        kind="seats.credit",
        target=f"credit:change:{change.pk}",
        organization=organization,
        payload={
            "customer": organization.customer.stripe_id,
            "amount_minor": over_minor,
            "currency": change.currency,
            "change": change.pk,
        },
        origin=Origin.system(),
        at=at,
        idempotency_key=f"seats.credit:{change.public_id}",
        for_the_pulse=True,
    )


class CreditDifference(commands.Handler):
    """Put what was charged beyond the agreed amount on the customer's balance."""

    def send(self, command: StripeCommand) -> str:
        asked = command.payload
        gateway.credit_customer(
            asked["customer"],
            amount_minor=asked["amount_minor"],
            currency=asked["currency"],
            description="Difference to the confirmed preview",
            key=command.idempotency_key,
        )
        return "credited"

    def conclude(self, command: StripeCommand, answer: Any, at: datetime) -> dict[str, Any]:
        inbox.touch(Kind.CUSTOMER, command.payload["customer"])
        journal.append(kind="billing.charge.credited", organization=command.organization, at=at, data=command.payload)
        return {}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        journal.append(
            kind="billing.charge.credit_failed", organization=command.organization, at=at, data={"why": refusal.message}
        )

    def read_back(self, command: StripeCommand) -> None:
        """A credit cannot be told from another of the same amount: a person decides (the journal says so)."""
        return None  # noqa: RET501 - the protocol's answer for "did not take place"


class DropWaiting(commands.Handler):
    """Void the invoice that a change waits for; Stripe then forgets the update, or leaves paused what was to go on."""

    def send(self, command: StripeCommand) -> gateway.Subscription:
        invoice = command.payload["invoice"]
        try:
            gateway.void_invoice(invoice, key=command.idempotency_key)
        except gateway.Refused:
            if gateway.invoice(invoice).status != "void":
                raise
        return gateway.subscription(command.payload["subscription"])

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        row = Subscription.objects.locked().select_related("organization", "price", "plan", "line").get(stripe_id=answer.id)
        change = SeatChange.objects.select_for_update().get(pk=command.payload["change"])
        if change.state == ChangeState.WAITING:
            _close(change, ChangeState(command.payload.get("state", ChangeState.DROPPED)), "", at)
            first_payments.tell_over(change, at=at)
            quote_rows.failed(change, at)
            if change.kind == ChangeKind.WINDOW:
                window_rows.release(row, origin=command.origin, at=at)
        mirror.copy_fields(row, answer, at)
        inbox.touch(Kind.INVOICE, command.payload["invoice"])
        return {"state": change.state}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Already paid: what is true is read from Stripe."""
        first_payments.put_off(command.payload["change"], at=at)
        inbox.touch(Kind.SUBSCRIPTION, command.payload["subscription"])
        inbox.touch(Kind.INVOICE, command.payload["invoice"])

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        if gateway.invoice(command.payload["invoice"]).status != "void":
            return None
        return gateway.subscription(command.payload["subscription"])
