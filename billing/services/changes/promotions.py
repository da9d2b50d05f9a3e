"""A promotion code for a subscription there is: what its next charge becomes, and having exactly that.

Nothing is charged now, so the price that is shown and agreed to is the renewal's, as Stripe itself would charge it. A customer
cannot take a discount off again; it ends by itself, or a person of ours ends it.
"""

import functools
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing
from django.db import transaction

from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal
from billing import gateway
from billing.models import CommandState, StripeCommand, Subscription
from billing.queries import promotions as queries
from billing.queries import tax as tax_queries
from billing.queries.promotions import Entered
from billing.rules import tax
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.books import projection
from billing.services.changes import paying_first, seats
from billing.services.mirroring import mirror

SALT = "billing.promotions.offer"
KIND = "promotion.apply"


class CodeRefused(Exception):
    """The code does not hold here; `entered.refusal` says why. Nothing was changed."""

    def __init__(self, entered: Entered) -> None:
        super().__init__(f"{entered.code}: {entered.refusal}")
        self.entered = entered


class Stale(Exception):
    """The renewal's price, or the subscription, changed since it was shown. Nothing was changed."""

    def __init__(self, fresh: "Offer | None" = None) -> None:
        super().__init__("What was shown no longer holds.")
        self.fresh = fresh


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The renewal with the code, in minor units of `currency`: `total_minor` is before discount and tax.

    `balance_applied_minor` is the credit used (positive) or debt collected (negative); `due_minor` is what is charged.
    """

    entered: Entered
    currency: str
    renewal_at: datetime
    total_minor: int
    off_minor: int
    tax_minor: int
    balance_applied_minor: int
    due_minor: int
    taxes: tuple[tax.TaxLine, ...] = ()
    token: str = ""
    expires_at: datetime | None = None

    def money(self) -> list[Any]:
        at = int(self.renewal_at.timestamp())
        amounts = [self.total_minor, self.off_minor, self.tax_minor, self.balance_applied_minor, self.due_minor]
        return [self.entered.code, self.currency, at, *amounts]


def offer(row: Subscription, *, code: str, at: datetime) -> Offer:
    """What the next charge becomes with a code, and its token. One Stripe call; nothing is written.

    Raises CodeRefused, seats.NotLive, seats.EndsSoon, seats.WaitsForPayment, and the gateway's errors.
    """
    entered = _check(row, code, at)
    shown = _ask(row, entered)
    body = {"s": row.pk, "c": entered.code, "n": secrets.token_urlsafe(16), "m": shown.money()}
    holds = timedelta(minutes=policies.value("billing.preview_minutes", at=at))
    return replace(shown, token=signing.dumps(body, salt=SALT, compress=True), expires_at=at + holds)


def confirm(row: Subscription, *, token: str, origin: Origin, at: datetime) -> StripeCommand:
    """Have the discount a token stands for; the same token again finds the same command.

    Returns the command: done, failed, or (when Stripe does not answer) open, and the pulse goes on. Raises Stale with a fresh
    offer, commands.Busy, and what `offer` raises.
    """
    body = _read(row, token, at)
    key = f"{KIND}:{body['n']}"
    opened = functools.partial(_open, row, body, key, origin=origin, at=at)
    command = commands.known_or_opened(key, opened, overtaken=(CodeRefused, Stale))
    if command.state != CommandState.OPEN:
        return command
    done = commands.execute(command.pk)
    projection.follow(row.pk)
    return done


def _open(row: Subscription, body: dict[str, Any], key: str, *, origin: Origin, at: datetime) -> StripeCommand:
    """Breath 1, if the renewal costs what was agreed to."""
    entered = _check(row, body["c"], at)
    if _ask(row, entered).money() != body["m"]:
        raise Stale(offer(row, code=body["c"], at=at))
    with transaction.atomic(durable=True):
        locked = Subscription.objects.locked().select_related("organization").get(pk=row.pk)
        return commands.open_command(
            kind=KIND,
            target=mirror.target(locked),
            organization=locked.organization,
            payload={"subscription": locked.stripe_id, "code": entered.code, **_as_discount(entered)},
            origin=origin,
            at=at,
            idempotency_key=key,
        )


def _check(row: Subscription, code: str, at: datetime) -> Entered:
    if paying_first.settled_status(row) not in ("active", "trialing"):
        raise seats.NotLive("The subscription is not active.")
    if row.cancel_at is not None or projection.has_pending_end(row):
        raise seats.EndsSoon("The subscription ends with this period.")
    seats.refuse_while_waiting(row)
    entered = queries.of_subscription(row, code, at=at)
    if not entered.is_taken:
        raise CodeRefused(entered)
    return entered


def _as_discount(entered: Entered) -> dict[str, str]:
    assert entered.row is not None
    if entered.row.stripe_promotion_code_id:
        return {"promotion_code": entered.row.stripe_promotion_code_id, "coupon": entered.row.stripe_coupon_id}
    return {"coupon": entered.row.stripe_coupon_id}


def _given(asked: dict[str, Any]) -> list[dict[str, str]]:
    """Stripe takes a code or a coupon; a code says the coupon itself."""
    if asked.get("promotion_code"):
        return [{"promotion_code": asked["promotion_code"]}]
    return [{"coupon": asked["coupon"]}]


def _ask(row: Subscription, entered: Entered) -> Offer:
    params = {
        "customer": row.organization.customer.stripe_id,
        "subscription": row.stripe_id,
        "discounts": _given(_as_discount(entered)),
    }
    answer = gateway.preview_invoice(params)
    off = sum(part.amount for part in answer.total_discount_amounts or [])
    return Offer(
        entered=entered,
        currency=answer.currency,
        renewal_at=row.period_ends_at,
        total_minor=answer.subtotal,
        off_minor=off,
        tax_minor=sum(one.amount for one in answer.total_taxes or []),
        taxes=tax_queries.lines(answer.total_taxes or [], exempt=answer.customer_tax_exempt or ""),
        balance_applied_minor=answer.total - answer.amount_due,
        due_minor=answer.amount_due,
    )


def _read(row: Subscription, token: str, at: datetime) -> dict[str, Any]:
    holds = timedelta(minutes=policies.value("billing.preview_minutes", at=at))
    try:
        body: dict[str, Any] = signing.loads(token, salt=SALT, max_age=holds)
    except signing.BadSignature as error:
        raise Stale from error
    if body.get("s") != row.pk or datetime.fromtimestamp(body["m"][2], UTC) != row.period_ends_at:
        raise Stale
    return body


class Apply(commands.Handler):
    """The command: set the discount; nothing is prorated, so nothing is charged now."""

    def send(self, command: StripeCommand) -> gateway.Subscription:
        params = {"discounts": _given(command.payload), "proration_behavior": "none"}
        return gateway.update_subscription(command.payload["subscription"], params, key=command.idempotency_key)

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        row = Subscription.objects.locked().select_related("organization", "price", "plan", "line").get(stripe_id=answer.id)
        mirror.copy_fields(row, answer, at)
        if row.schedule_id:
            projection.want(row)  # its phases name the discounts they keep
        journal.append(
            kind="billing.promotion.applied",
            organization=row.organization,
            at=at,
            origin=command.origin,
            data={"subscription": row.pk, "code": command.payload["code"]},
        )
        return {"discounts": [mirror.stripe_id(one) for one in answer.discounts or []]}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """Used up or switched off in this very moment: nothing was changed, and what is true is read from Stripe."""
        inbox.touch(Kind.SUBSCRIPTION, command.payload["subscription"])

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        now = gateway.subscription(command.payload["subscription"])
        held = [mirror.stripe_id(one.source.coupon) for one in now.discounts or [] if not isinstance(one, str)]
        return now if command.payload["coupon"] in held else None
