"""From a pilot to the plan it leads to, by a click: shown to the cent, agreed to, then charged exactly that or not at all.

While the pilot runs the click ends it and the plan's first period begins. Once it is over the plan is bought like any other.
"""

import functools
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import transaction

from accounts.origin import Origin
from accounts.queries import policies
from billing import gateway
from billing.models import ChangeKind, CommandState, Customer, PilotRun, Price, StripeCommand, Subscription
from billing.queries import catalog, terms
from billing.queries import pilots as queries
from billing.rules import debits, pricing
from billing.rules import pilots as rules
from billing.rules.preview import FirstCharge
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox, people
from billing.services.books import first_payments, projection
from billing.services.changes import seats
from billing.services.mirroring import first_charges, mirror, payment_refusals

SALT = "billing.pilots.conversion"
KIND = "pilot.convert"


class NoPilot(seats.NotLive):
    """No pilot runs here: it is over, or has become the plan."""


class NotOnSale(seats.SeatsError):
    """The plan is no longer sold at this interval: a person finds the one that fits."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What `quantity` seats of the plan cost from now on, every `interval`; `fee_minor` of the charge's discount is the fee.

    The token stands for exactly that, until `expires_at` (store time).
    """

    charge: FirstCharge
    quantity: int
    interval: str
    unit_minor: int
    fee_minor: int
    token: str
    expires_at: datetime


def least(row: Subscription) -> int:
    """With how many seats the plan can begin. One query."""
    return rules.least_seats(plan_min=row.plan.seats_min, taken=people.in_use(row).count())


def offer(row: Subscription, *, quantity: int, interval: str, at: datetime) -> Offer:
    """What going on with the plan costs now. One Stripe call; nothing is written.

    Raises NoPilot, NotOnSale, seats.BelowMinimum, seats.BelowSeatsInUse, seats.AboveMaximum, and the gateway's errors.
    """
    run, price = _check(row, quantity, interval)
    charge = _ask(row, run, price, quantity)
    body = {"s": row.pk, "q": quantity, "i": interval, "n": secrets.token_urlsafe(16), "c": _plain(charge)}
    return Offer(
        charge=charge,
        quantity=quantity,
        interval=interval,
        unit_minor=pricing.average_unit(catalog.tiers_of(price), price.scheme, quantity),
        fee_minor=min(run.fee.amount_minor, charge.discount_minor) if _coupon(run) else 0,
        token=signing.dumps(body, salt=SALT, compress=True),
        expires_at=at + timedelta(minutes=policies.value("billing.preview_minutes", at=at)),
    )


def confirm(row: Subscription, *, token: str, origin: Origin, at: datetime) -> StripeCommand:
    """Go on with the plan, as the token says; the same token again finds the same command.

    Returns the command: done, declined, failed (the price had moved), or still open. Where the bank wants to be asked the
    command is done and its change waits (first_payments.of_command). Raises seats.Stale for a token that no longer holds,
    seats.WaitsForPayment while another one's payment is to be finished, commands.Busy, and what `offer` raises.
    """
    body = _read(row, token, at)
    key = f"{KIND}:{body['n']}"
    opened = functools.partial(_open, row, body, key, origin=origin, at=at)
    command = commands.known_or_opened(key, opened, overtaken=(seats.SeatsError,))
    if command.state != CommandState.OPEN:
        return command
    done = commands.execute(command.pk)
    projection.follow(row.pk)
    return done


def _open(row: Subscription, body: dict[str, Any], key: str, *, origin: Origin, at: datetime) -> StripeCommand:
    """Breath 1, if everything is as it was agreed to."""
    seats.refuse_while_waiting(row)
    run, price = _check(row, body["q"], body["i"])
    if _plain(_ask(row, run, price, body["q"])) != body["c"]:
        raise seats.Stale
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization").get(pk=row.pk)
        seats.refuse_while_waiting(locked)
        if commands.known(key) is None and queries.running(locked) is None:
            raise NoPilot("Another one began the plan meanwhile.")
        return commands.open_command(
            kind=KIND,
            target=mirror.target(locked),
            organization=locked.organization,
            payload={
                "subscription": locked.stripe_id,
                "item": locked.stripe_item_id,
                "price": price.stripe_price_id,
                "quantity": body["q"],
                "coupon": _coupon(run),
                "due_minor": body["c"]["due_minor"],
                "is_debited": Customer.objects.filter(organization=row.organization_id, method_kind__in=debits.DEBITS).exists(),
            },
            origin=origin,
            at=at,
            idempotency_key=key,
        )


def _check(row: Subscription, quantity: int, interval: str) -> tuple[PilotRun, Price]:
    run = queries.running(row) if row.status == "trialing" else None
    if run is None:
        raise NoPilot("No pilot runs here.")
    price = catalog.price_row(plan_id=row.plan_id, interval=interval, currency=row.currency)
    if price is None:
        raise NotOnSale(f"{row.plan.name} is no longer sold like this.")
    if quantity < row.plan.seats_min:
        raise seats.BelowMinimum(row.plan.seats_min)
    if quantity > (most := terms.most_seats(row.organization_id, row.plan, quantity)):
        raise seats.AboveMaximum(most, quantity)
    taken = people.in_use(row).count()
    if quantity < taken:
        raise seats.BelowSeatsInUse(taken - quantity)
    return run, price


def _coupon(run: PilotRun) -> str:
    return run.fee.stripe_coupon_id if run.is_credited else ""


def _change(item: str, price: str, quantity: int) -> dict[str, Any]:
    return {"items": [{"id": item, "price": price, "quantity": quantity}], "proration_behavior": "none"}


def _ask(row: Subscription, run: PilotRun, price: Price, quantity: int) -> FirstCharge:
    change = _change(row.stripe_item_id, price.stripe_price_id, quantity)
    coupon = _coupon(run)
    return first_charges.of_ending_now(row, change, seats=quantity, discounts=[{"coupon": coupon}] if coupon else [])


def _plain(charge: FirstCharge) -> dict[str, Any]:
    """What is agreed to: the money, not the second in which it was asked."""
    return {name: value for name, value in asdict(charge).items() if name not in ("at", "taxes")}


def _read(row: Subscription, token: str, at: datetime) -> dict[str, Any]:
    try:
        holds = timedelta(minutes=policies.value("billing.preview_minutes", at=at))
        body: dict[str, Any] = signing.loads(token, salt=SALT, max_age=holds)
    except signing.BadSignature as error:
        raise seats.Stale from error
    if body.get("s") != row.pk:
        raise seats.Stale
    return body


class Convert(commands.Handler):
    """The command: end the pilot now against payment of the plan's first period; until that is paid everything is as it was."""

    def send(self, command: StripeCommand) -> gateway.Subscription:
        asked = command.payload
        now = gateway.subscription(asked["subscription"])
        if now.status == "active":
            return now  # an earlier try took effect
        if now.status != "trialing":
            raise gateway.Refused("The pilot is over; nothing was charged.")
        params: dict[str, Any] = {
            **_change(asked["item"], asked["price"], asked["quantity"]),
            "trial_end": "now",
            "cancel_at_period_end": False,
            # Only against payment: a subscription that went on without its first one would be a debt nobody agreed to.
            # What a bank is asked for arrives days later, and no update waits so long.
            "payment_behavior": "allow_incomplete" if asked.get("is_debited") else "pending_if_incomplete",
        }
        if asked["coupon"]:
            params["discounts"] = [{"coupon": asked["coupon"]}]
        answer = gateway.update_subscription(asked["subscription"], params, key=command.idempotency_key)
        return self._unless_declined(answer, command.idempotency_key)

    def _unless_declined(self, answer: gateway.Subscription, key: str) -> gateway.Subscription:
        invoice = answer.latest_invoice
        if answer.pending_update is None or not isinstance(invoice, gateway.Invoice):
            return answer
        return first_payments.unless_declined(answer, payment_refusals.of(invoice), key=key)

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        rows = Subscription.objects.locked().select_related("organization", "plan", "price", "line")
        row = rows.get(stripe_id=answer.id)
        quantity, invoice = int(answer["items"].data[0].quantity or 0), mirror.stripe_id(answer.latest_invoice)
        origin = command.origin
        first_payments.begin_with(row, quantity, origin=origin, at=at, command=command)
        mirror.take(row, answer, at)
        said = {"status": answer.status, "invoice": invoice}
        if answer.pending_update is not None:
            until = mirror.at_instant(answer.pending_update.expires_at)
            more: dict[str, Any] = {"invoice_id": invoice, "expires_at": until, "at": at}
            quantity = command.payload["quantity"]
            said |= first_payments.wait(command, row, kind=ChangeKind.CONVERSION, quantity=quantity, **more)
        inbox.touch(Kind.INVOICE, invoice)
        return said

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Nothing was charged, and the pilot goes on to its end; the page says why (the command's error)."""
        inbox.touch(Kind.SUBSCRIPTION, command.payload["subscription"])

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        now = gateway.subscription(command.payload["subscription"])
        is_there = now.status == "active" or now.pending_update is not None
        return self._unless_declined(now, command.idempotency_key) if is_there else None
