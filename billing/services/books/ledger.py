"""The seat ledger: the only writer of a subscription's quantity. The sum of the entries is the quantity, always."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Sum

from accounts.origin import Origin
from accounts.services import journal
from billing.models import Addon, InvoiceWindow, LedgerKind, Price, SeatLedgerEntry, StripeCommand, Subscription
from billing.queries import addons
from billing.rules import addons as addon_rules
from billing.rules import pricing
from billing.rules.addons import Item, parts


def counted_mrr_minor(subscription: Subscription, quantity: int) -> int:
    """MRR with `quantity` seats and the add-ons there are; none before a trial is paid, and none in a pause."""
    return counted_at_minor(subscription, quantity, subscription.price)


def counted_at_minor(subscription: Subscription, quantity: int, price: Price) -> int:
    """The same at another price of a plan."""
    if is_uncounted(subscription) or quantity == 0:
        return 0
    return of_all_minor(price, quantity, addons.of(subscription))


def is_uncounted(subscription: Subscription) -> bool:
    """Whether nobody pays for it now: it is not paid for yet (docs/decisions/trials.md), or rests."""
    return subscription.is_in_trial or subscription.status == "paused"


def listed_mrr_minor(subscription: Subscription) -> int:
    """The MRR counted now of a row of a list, which has its add-ons at hand (billing.queries.addons.PREFETCH)."""
    if is_uncounted(subscription) or subscription.quantity == 0:
        return 0
    live = getattr(subscription, "live_addons", None)
    held = addons.of(subscription) if live is None else addons.items(live)
    return of_all_minor(subscription.price, subscription.quantity, held)


def of_all_minor(price: Price, quantity: int, items: Sequence[Item]) -> int:
    """The MRR of a plan and add-ons that are paid for: of the sum, rounded once. Those by the month count as they are."""
    plan = pricing.total([pricing.Tier(**tier) for tier in price.tiers], price.scheme, quantity)
    apart = addon_rules.between(items, price.interval)
    together = [item for item in items if item not in apart]
    monthly = sum(item.total(quantity) for item in apart)
    return pricing.monthly(sum(parts(plan, together, quantity)), price.interval) + monthly


def convert(subscription: Subscription, *, at: datetime) -> SeatLedgerEntry:
    """A trial has become paid: no seat more, and all of them are revenue from here on. The caller holds the lock."""
    return book(
        subscription,
        kind=LedgerKind.CONVERTED,
        delta=0,
        origin=Origin.stripe(),
        at=at,
        counted_before_minor=0,
        stripe_invoice_id=subscription.latest_invoice_id,
    )


def book(
    subscription: Subscription,
    *,
    kind: LedgerKind,
    delta: int,
    origin: Origin,
    at: datetime,
    reason: str = "",
    command: StripeCommand | None = None,
    stripe_invoice_id: str = "",
    counted_before_minor: int | None = None,
    addon: Addon | None = None,
    addon_after: int | None = None,
    price_after: Price | None = None,
    window: InvoiceWindow | None = None,
) -> SeatLedgerEntry:
    """Append an entry and set `subscription.quantity` (saved). The caller holds the subscription's lock.

    `counted_before_minor`: the MRR counted so far, where it is not that of the seats and add-ons there were.
    With `addon` the entry is about it: no seat more, and `addon_after` of it are had now. With `price_after` it is about the
    plan, which was another one; with `window` about seats that are billed when that closes.

    Raises ValueError when the sum would fall below zero.
    """
    before = subscription.ledger.aggregate(sum=Sum("delta"))["sum"] or 0
    after = before + delta
    was_minor = counted_mrr_minor(subscription, before) if counted_before_minor is None else counted_before_minor
    if after < 0:
        raise ValueError(f"{delta:+d} would leave {after} seats")
    entry = SeatLedgerEntry.objects.create(
        subscription=subscription,
        kind=kind,
        delta=delta,
        quantity_after=after,
        mrr_delta_minor=counted_mrr_minor(subscription, after) - was_minor,
        currency=subscription.currency,
        actor=origin.actor,
        source=origin.source,
        reason=reason,
        command=command,
        stripe_invoice_id=stripe_invoice_id,
        addon=addon,
        addon_after=addon_after,
        price_after=price_after,
        window=window,
        occurred_at=at,
    )
    subscription.quantity = after
    subscription.save(update_fields=["quantity"])
    journal.append(
        kind=f"billing.seats.{kind}",
        organization=subscription.organization,
        at=at,
        origin=origin,
        data={
            "subscription": subscription.pk,
            "entry": entry.pk,
            "line": subscription.line.code,
            "delta": delta,
            "quantity": after,
            "mrr_delta_minor": entry.mrr_delta_minor,
            "currency": subscription.currency,
            **({"addon": addon.code, "addon_after": addon_after} if addon else {}),
            **({"plan": price_after.plan.code, "interval": price_after.interval} if price_after else {}),
        },
    )
    return entry
