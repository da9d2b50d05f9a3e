"""The seat ledger: the only writer of a subscription's quantity. The sum of the entries is the quantity, always."""

from datetime import datetime

from django.db.models import Sum

from accounts.origin import Origin, Source
from accounts.services import journal
from billing.models import LedgerKind, Price, SeatLedgerEntry, StripeCommand, Subscription
from billing.rules import pricing


def mrr_minor(price: Price, quantity: int) -> int:
    """Monthly recurring revenue of `quantity` seats at `price`, minor units of its currency."""
    tiers = [pricing.Tier(**tier) for tier in price.tiers]
    return pricing.mrr(tiers, price.scheme, quantity, price.interval)


def counted_mrr_minor(subscription: Subscription, quantity: int) -> int:
    """The same for this subscription; a trial's seats are no revenue before it has become paid (docs/decisions/trials.md)."""
    return 0 if subscription.is_in_trial else mrr_minor(subscription.price, quantity)


def convert(subscription: Subscription, *, at: datetime) -> SeatLedgerEntry:
    """A trial has become paid: no seat more, and all of them are revenue from here on. The caller holds the lock."""
    return book(
        subscription,
        kind=LedgerKind.CONVERTED,
        delta=0,
        origin=Origin(source=Source.STRIPE),
        at=at,
        counted_before_minor=0,
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
) -> SeatLedgerEntry:
    """Append an entry and set `subscription.quantity` (saved). The caller holds the subscription's lock.

    `counted_before_minor`: the MRR counted so far, where it is not that of the seats there were.

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
        occurred_at=at,
    )
    subscription.quantity = after
    subscription.save(update_fields=["quantity"])
    journal.append(
        kind=f"billing.seats.{kind}",
        organization=subscription.organization,
        at=at,
        actor=origin.actor,
        source=origin.source,
        request_id=origin.request_id,
        data={
            "subscription": subscription.pk,
            "line": subscription.line.code,
            "delta": delta,
            "quantity": after,
            "mrr_delta_minor": entry.mrr_delta_minor,
            "currency": subscription.currency,
        },
    )
    return entry
