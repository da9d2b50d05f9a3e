"""Telling Stripe what we say: one command a difference, in three breaths like every other write.

Nothing is charged or credited by it: quantities and prices are set back without proration, and a subscription that we do not
sell is ended without a last invoice. Money that moved meanwhile is given back by a person (docs/runbook.md).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts.origin import Origin
from billing import gateway, gateway_promotions
from billing.models import Difference, DifferenceKind, DifferenceState, StripeCommand, Subscription
from billing.rules import reconciling
from billing.rules.stripe_events import Kind
from billing.services import commands, inbox
from billing.services.books import projection
from billing.services.reconciliation import reconciling_reading, reconciling_rows
from billing.services.reconciliation.reconciling_books import CannotDecide
from config import clock

# What is sent as the difference says it of us.
AS_OURS: Final[Mapping[DifferenceKind, tuple[str, ...]]] = {
    DifferenceKind.QUANTITY: ("quantity",),
    DifferenceKind.DISCOUNT: ("coupons",),
    DifferenceKind.ITEM: ("items",),
    DifferenceKind.TAX: ("tax_rates", "automatic_tax"),
    DifferenceKind.COLLECTION: ("collection_method", "days_until_due"),
}
ENDED = {"canceled", "incomplete_expired"}


def open_command(held: Difference, theirs: reconciling.Theirs | None, *, origin: Origin, at: datetime) -> StripeCommand:
    """Breath 1, in the transaction of the decision. Raises CannotDecide and commands.Busy."""
    if held.kind == DifferenceKind.COUPON:
        asked = {"difference": held.pk, "customer": held.subject, "coupon": held.stripes["coupon"]}
        return commands.open_command(
            kind="difference.uncoupon",
            target=f"customer:{held.subject}",
            organization=held.organization,
            payload=asked,
            origin=origin,
            at=at,
        )
    if theirs is None:
        raise CannotDecide(_("Stripe does not know the subscription any more."))
    is_cancelling = held.kind in (DifferenceKind.UNKNOWN, DifferenceKind.DUPLICATE)
    payload = {
        "difference": held.pk,
        "subscription": theirs.stripe_id,
        "cancel": is_cancelling,
        "wanted": {} if is_cancelling else _wanted(held, theirs),
    }
    target = f"subscription:{held.subscription_id}" if held.subscription_id else f"stripe:{theirs.stripe_id}"
    return commands.open_command(
        kind="difference.resend", target=target, organization=held.organization, payload=payload, origin=origin, at=at
    )


def ends_elsewhere(held: Difference) -> bool:
    """Whether both sides end the subscription, at different instants: the projection only knows whether it ends."""
    return held.kind == DifferenceKind.ENDING and bool(held.ours["cancel_at"]) and bool(held.stripes["cancel_at"])


def _wanted(held: Difference, theirs: reconciling.Theirs) -> dict[str, Any]:
    """What shall be true at Stripe: only what the difference is about."""
    row = held.subscription
    if row is None:
        raise CannotDecide(_("The store has no such subscription any more."))
    if held.kind in (DifferenceKind.PRICE, DifferenceKind.UNKNOWN_PRICE):
        return {"price": row.price.stripe_price_id, "quantity": row.quantity, "interval": row.price.interval}
    if held.kind in AS_OURS:
        return {name: held.ours[name] for name in AS_OURS[DifferenceKind(held.kind)]}
    if held.kind == DifferenceKind.TRIAL:
        return {"trial_end": _trial_end(held)}
    return {"ends_at": int(row.period_ends_at.timestamp())}


def _trial_end(held: Difference) -> int:
    """The agreed end. Raises CannotDecide where none was agreed, or it is over: ending the trial now would charge at once."""
    agreed = held.ours["trial_ends_at"]
    ends_at = datetime.fromisoformat(agreed) if agreed else None
    if ends_at is None or ends_at <= clock.now():
        raise CannotDecide(_("No end that is still to come is agreed: accept the free period, or end it at Stripe."))
    return int(ends_at.timestamp())


def _items(wanted: list[list[Any]], there: list[Any]) -> list[dict[str, Any]]:
    """What makes the items beside the plan's those that are wanted (price, quantity): the others are taken off."""
    left: dict[str, int] = {one[0]: one[1] for one in wanted}
    params: list[dict[str, Any]] = []
    for item in there:
        quantity = left.pop(item.price.id, None)
        if quantity is None:
            params.append({"id": item.id, "deleted": True})
        elif quantity != item.quantity:
            params.append({"id": item.id, "quantity": quantity})
    return params + [{"price": price, "quantity": quantity} for price, quantity in left.items()]


def _open_again(command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
    """The difference is there still: it opens again and says why, unless the next night named it already."""
    held = Difference.objects.select_for_update().get(pk=command.payload["difference"])
    again = Difference.objects.open().filter(kind=held.kind, subject=held.subject).exists()
    if held.state == DifferenceState.RESENT and not again:
        held.state, held.note = DifferenceState.OPEN, refusal.message[:300]
        held.decided_at = held.decided_by = None
        held.save()
    reconciling_rows.tell("resend_failed", held, at, why=refusal.message)


class Uncoupon(commands.Handler):
    """Take a coupon off a customer, unless it is another one by now."""

    def send(self, command: StripeCommand) -> str:
        asked = command.payload
        if self._has_it(asked):
            gateway_promotions.delete_customer_discount(asked["customer"], key=command.idempotency_key)
        return str(asked["customer"])

    def _has_it(self, asked: dict[str, Any]) -> bool:
        now = reconciling_reading.customer(asked["customer"])
        return now is not None and reconciling_reading.coupon(now) == asked["coupon"]

    def conclude(self, command: StripeCommand, answer: str, at: datetime) -> dict[str, Any]:
        inbox.touch(Kind.CUSTOMER, answer)
        return {"customer": answer}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        _open_again(command, refusal, at)

    def read_back(self, command: StripeCommand) -> str | None:
        return None if self._has_it(command.payload) else str(command.payload["customer"])


class Resend(commands.Handler):
    """The command. It looks at the subscription's items first, and sends one update under one key."""

    def send(self, command: StripeCommand) -> gateway.Subscription:
        asked, key = command.payload, command.idempotency_key
        now = gateway.subscription(asked["subscription"])
        if asked["cancel"]:
            if now.status in ENDED:
                return now
            return gateway.cancel_subscription(now.id, {"invoice_now": False, "prorate": False}, key=f"{key}:cancel")
        return gateway.update_subscription(now.id, self._params(asked["wanted"], now), key=key)

    def _params(self, wanted: dict[str, Any], now: gateway.Subscription) -> dict[str, Any]:
        params: dict[str, Any] = {"proration_behavior": "none"}
        items = now["items"].data
        if "price" in wanted:
            self._refuse_new_period(wanted, items[0])
            params["items"] = [{"id": items[0].id, "price": wanted["price"], "quantity": wanted["quantity"]}]
        elif "quantity" in wanted:
            params["items"] = [{"id": items[0].id, "quantity": wanted["quantity"]}]
        elif "items" in wanted:
            params["items"] = _items(wanted["items"], items[1:])
        elif "coupons" in wanted:
            params["discounts"] = ""
        elif "trial_end" in wanted:
            params["trial_end"] = wanted["trial_end"]
        elif "tax_rates" in wanted:
            params["default_tax_rates"] = wanted["tax_rates"] or ""
            params["automatic_tax"] = {"enabled": wanted["automatic_tax"]}
            params["items"] = [{"id": item.id, "tax_rates": ""} for item in items]
        elif "collection_method" in wanted:
            params["collection_method"] = wanted["collection_method"]
            params |= {"days_until_due": wanted["days_until_due"]} if wanted["days_until_due"] else {}
        else:
            params["cancel_at"] = wanted["ends_at"]
        return params

    def _refuse_new_period(self, wanted: dict[str, Any], item: Any) -> None:
        """Another interval begins a new period, and charges for it at once. Raises gateway.Refused."""
        recurring = item.price.recurring
        if recurring is None or recurring.interval != wanted["interval"]:
            raise gateway.Refused(_("Setting the price back would start a new period and charge for it. Mend it at Stripe."))

    def conclude(self, command: StripeCommand, answer: gateway.Subscription, at: datetime) -> dict[str, Any]:
        row = Subscription.objects.locked().filter(stripe_id=answer.id).first()
        if row is not None:
            row.mirrored_at = at
            row.save(update_fields=["mirrored_at"])
            if row.schedule_id:
                projection.want(row)
        inbox.touch(Kind.SUBSCRIPTION, answer.id)
        return {"status": answer.status}

    def fail(self, command: StripeCommand, refusal: gateway.GatewayError, at: datetime) -> None:
        _open_again(command, refusal, at)

    def read_back(self, command: StripeCommand) -> gateway.Subscription | None:
        """The subscription, if it is as it was to be."""
        asked = command.payload
        now = gateway.subscription_terms(asked["subscription"])
        theirs = reconciling_reading.theirs(now)
        if asked["cancel"]:
            return now if theirs.status in ENDED else None
        is_there = {
            "price": theirs.price == asked["wanted"].get("price"),
            "items": [item.said() for item in sorted(theirs.items)] == asked["wanted"].get("items"),
            "quantity": theirs.quantity == asked["wanted"].get("quantity"),
            "interval": True,
            "coupons": not theirs.coupons,
            "tax_rates": sorted(set(theirs.tax_rates)) == asked["wanted"].get("tax_rates"),
            "automatic_tax": theirs.has_automatic_tax == asked["wanted"].get("automatic_tax"),
            "collection_method": now.collection_method == asked["wanted"].get("collection_method"),
            "days_until_due": now.days_until_due == asked["wanted"].get("days_until_due"),
            "trial_end": now.trial_end == asked["wanted"].get("trial_end"),
            "ends_at": theirs.cancel_at is not None and int(theirs.cancel_at.timestamp()) == asked["wanted"].get("ends_at"),
        }
        return now if all(is_there[name] for name in asked["wanted"]) else None
