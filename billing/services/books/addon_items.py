"""What a subscription has of add-ons: taken over from Stripe, each change booked in the ledger with what it did to MRR.

Everything here runs in the caller's transaction, under the subscription's lock.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from accounts.origin import Origin
from billing.models import Addon, AddonKind, AddonPrice, LedgerKind, StripeCommand, Subscription, SubscriptionAddon
from billing.services.books import ledger
from billing.services.books.items import Split


def start(row: Subscription, split: Split, *, at: datetime) -> None:
    """Those that a new subscription begins with: its first entry counts them."""
    for price, item in split.held:
        _create(row, price, number_of(price.addon, int(item.quantity or 0)), item, at)


def follow(row: Subscription, split: Split, *, origin: Origin, at: datetime) -> None:
    """Whatever Stripe has that nobody commanded: booked as Stripe's. One query while there are none."""
    live = {one.addon_id: one for one in _live(row)}
    there = {price.addon_id: (price, item) for price, item in split.held}
    for addon_id, one in live.items():
        if addon_id not in there:
            have(row, one.addon, 0, split, origin=origin, at=at, kind=LedgerKind.STRIPE)
    for addon_id, (price, item) in there.items():
        held, number = live.get(addon_id), int(item.quantity or 0)
        if held is None or held.price_id != price.pk:
            have(row, price.addon, number_of(price.addon, number), split, origin=origin, at=at, kind=LedgerKind.STRIPE)
        elif held.quantity is not None and held.quantity != number and number:
            have(row, price.addon, number, split, origin=origin, at=at, kind=LedgerKind.STRIPE)
        elif (held.stripe_item_id, held.period_ends_at) != (item.id, ends_at := own_end(row, price, item)):
            SubscriptionAddon.objects.filter(pk=held.pk).update(stripe_item_id=item.id, period_ends_at=ends_at)


def have(  # what, how many, as Stripe has it, by whom and why
    row: Subscription,
    addon: Addon,
    number: int | None,
    split: Split,
    *,
    origin: Origin,
    at: datetime,
    kind: LedgerKind = LedgerKind.ADDON,
    reason: str = "",
    command: StripeCommand | None = None,
    stripe_invoice_id: str = "",
) -> None:
    """Have `number` of an add-on from now on (None: one for each seat; 0: none), with its entry in the ledger."""
    before_minor = ledger.counted_mrr_minor(row, row.quantity)
    _write(row, addon, number, split, at)
    ledger.book(
        row,
        kind=kind,
        delta=0,
        origin=origin,
        at=at,
        reason=reason,
        command=command,
        stripe_invoice_id=stripe_invoice_id,
        counted_before_minor=before_minor,
        addon=addon,
        addon_after=row.quantity if number is None else number,
    )


def go_along(row: Subscription, split: Split, *, at: datetime) -> list[int]:
    """With another plan: those that Stripe has no more have ended, the others have its price. Returns the add-ons that ended.

    Nothing is booked: the plan's entry counts them.
    """
    prices = {price.addon_id: price for price, _item in split.held}
    gone = []
    for held in _live(row):
        if held.addon_id not in prices:
            gone.append(held.addon_id)
            _write(row, held.addon, 0, split, at)
        elif prices[held.addon_id].pk != held.price_id:
            _write(row, held.addon, held.quantity, split, at)
    return gone


def end(row: Subscription, *, at: datetime) -> None:
    """The subscription is over, and its last entry has taken the add-ons' revenue along."""
    SubscriptionAddon.objects.filter(subscription=row, ended_at=None).update(ended_at=at)


def number_of(addon: Addon, quantity: int) -> int | None:
    """How many a new row has, when Stripe has `quantity`; None: one for each seat."""
    return None if addon.kind == AddonKind.PER_SEAT else max(quantity, 1)


def own_end(row: Subscription, price: AddonPrice, item: Any) -> datetime | None:
    """When the period of one that is charged more often than the plan ends; None: with the plan's."""
    if (row.price.interval, price.interval) != ("year", "month"):
        return None
    return datetime.fromtimestamp(item.current_period_end, UTC)


def ends_at(row: Subscription, addon_id: int | None, split: Split) -> datetime:
    """When the present period of an add-on ends, or (None) the plan's."""
    own = (own_end(row, price, item) for price, item in split.held if price.addon_id == addon_id)
    return next(own, None) or row.period_ends_at


def _write(row: Subscription, addon: Addon, number: int | None, split: Split, at: datetime) -> None:
    held = _live(row).filter(addon=addon).first()
    price, item = next(((price, item) for price, item in split.held if price.addon_id == addon.pk), (None, None))
    if held is not None and (number == 0 or (price is not None and price.pk != held.price_id)):
        held.ended_at = at
        held.save(update_fields=["ended_at"])
        held = None
    if number == 0 or price is None or item is None:
        return
    if held is None:
        _create(row, price, number, item, at)
    else:
        held.quantity, held.stripe_item_id, held.period_ends_at = number, item.id, own_end(row, price, item)
        held.save(update_fields=["quantity", "stripe_item_id", "period_ends_at"])


def _live(row: Subscription) -> QuerySet[SubscriptionAddon]:
    return SubscriptionAddon.objects.filter(subscription=row, ended_at=None).select_related("addon", "price").order_by("id")


def _create(row: Subscription, price: AddonPrice, number: int | None, item: Any, at: datetime) -> None:
    SubscriptionAddon.objects.create(
        subscription=row,
        addon=price.addon,
        price=price,
        quantity=number,
        stripe_item_id=item.id,
        period_ends_at=own_end(row, price, item),
        added_at=at,
    )
