"""An agreed discount at Stripe: a coupon of its own, put on the subscription when it begins and taken off when it is over.

Stripe knows no discount that ends on a given day, so it is one without end, and taken off by us: after the last charge before
its day, and at the earliest an hour ahead, so that no charge of that day is made with it. Nothing is prorated: charges before
its day are less, those from then on are not. What is added to a period that began with it is less too, by a second coupon for
one invoice (queries.discounts.of_added).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction

from accounts.origin import Origin
from billing import gateway
from billing.models import (
    ChangeState,
    SeatChange,
    StripeCommand,
    Subscription,
    SubscriptionDiscount,
    Terms,
    TermsKind,
    TermsState,
)
from billing.rules.stripe_events import Kind
from billing.rules.terms import OFF_AHEAD
from billing.services import commands, inbox
from billing.services.books import projection
from billing.services.mirroring import mirror
from billing.services.offering import agreed_coupons

KIND: Final = "terms.discount"
AHEAD: Final = OFF_AHEAD
SOON: Final = timedelta(minutes=1)
AFTER_REFUSAL: Final = timedelta(hours=1)
BILLED: Final = ("trialing", "active", "past_due")
log = structlog.get_logger(__name__)


def follow(found: Mapping[int, datetime | None], at: datetime) -> None:
    """Have the subscriptions of these discounts bear them, or not any more. Call outside a transaction.

    `found` says when each is to be looked at next, if nothing is in the way.
    """
    rows = Terms.objects.filter(pk__in=found, kind=TermsKind.DISCOUNT).select_related("organization").order_by("pk")
    for row in rows:
        wait = _follow(row, at)
        instants = [one for one in (found[row.pk], at + wait if wait is not None else None) if one is not None]
        # Only if nobody has changed it meanwhile: then it is due for that.
        Terms.objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=min(instants, default=None))


def is_wanted(row: Terms, subscription: Subscription, at: datetime) -> bool:
    """Whether a charge of now, or of the period's end, is still to be less."""
    if row.state != TermsState.APPROVED or row.began_at is None or at >= row.ends_at:
        return False
    return subscription.period_ends_at < row.ends_at or at < row.ends_at - AHEAD


def _follow(row: Terms, at: datetime) -> timedelta | None:
    """One discount; how long until it is to be looked at again, where something is in the way."""
    live = Subscription.objects.filter(organization=row.organization_id, line=row.line_id, status__in=BILLED)
    subscription = live.select_related("organization").order_by("pk").first()
    if subscription is None:
        return None
    coupon = agreed_coupons.coupon_id(row)
    is_had = SubscriptionDiscount.objects.filter(subscription=subscription, stripe_coupon_id=coupon, ended_at=None).exists()
    wanted = is_wanted(row, subscription, at)
    if wanted == is_had:
        is_last = wanted and at >= row.ends_at - AHEAD  # one more charge before its day
        return max(subscription.period_ends_at - at, timedelta()) + SOON if is_last else None
    if SeatChange.objects.filter(subscription=subscription, state=ChangeState.WAITING).exists():
        return SOON  # an update would void what waits for its payment
    try:
        command = _open(row, subscription, is_on=wanted, at=at)
    except commands.Busy:
        return SOON
    done = commands.execute(command.pk)
    projection.follow(subscription.pk)
    return None if done.result else AFTER_REFUSAL


def _open(row: Terms, subscription: Subscription, *, is_on: bool, at: datetime) -> StripeCommand:
    """Breath 1."""
    with transaction.atomic(durable=True):
        return commands.open_command(
            kind=KIND,
            target=mirror.target(subscription),
            organization=row.organization,
            payload={
                "subscription": subscription.stripe_id,
                **agreed_coupons.asked(row),
                "is_on": is_on,
            },
            origin=Origin.system(),
            at=at,
        )


class Put(commands.Handler):
    """The command: put the coupon on, or take it off. Nothing is prorated, so nothing is charged."""

    def send(self, command: StripeCommand) -> gateway.Subscription:
        asked, key = command.payload, command.idempotency_key
        if asked["is_on"]:
            agreed_coupons.make(asked, key=key)
        now = gateway.subscription(asked["subscription"])
        if _has(now, asked["coupon"]) == asked["is_on"]:
            return now
        wanted = [{"discount": mirror.stripe_id(one)} for one in now.discounts or [] if _coupon(one) != asked["coupon"]]
        wanted += [{"coupon": asked["coupon"]}] if asked["is_on"] else []
        params = {"discounts": wanted or "", "proration_behavior": "none"}
        return gateway.update_subscription(asked["subscription"], params, key=key)

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        row = Subscription.objects.locked().select_related("organization", "price", "plan", "line").get(stripe_id=answer.id)
        mirror.copy_fields(row, answer, at)
        if row.schedule_id:
            projection.want(row)  # its phases name the discounts they keep
        return {"discounts": [mirror.stripe_id(one) for one in answer.discounts or []], "is_on": command.payload["is_on"]}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        """What is true is read from Stripe; the sweep tries again in an hour."""
        inbox.touch(Kind.SUBSCRIPTION, command.payload["subscription"])
        log.warning("agreed_discount_refused", command=command.pk, terms=command.payload["terms"])

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        now = gateway.subscription(command.payload["subscription"])
        return now if _has(now, command.payload["coupon"]) == command.payload["is_on"] else None


def _coupon(discount: Any) -> str:
    return "" if isinstance(discount, str) else mirror.stripe_id(discount.source.coupon)


def _has(answer: gateway.Subscription, coupon: str) -> bool:
    return any(_coupon(one) == coupon for one in answer.discounts or [])
