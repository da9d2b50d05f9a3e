"""The add-ons a subscription has, as rules know them."""

from collections.abc import Iterable

from django.db.models import Prefetch

from billing.models import AddonPrice, ScheduledChange, ScheduledKind, ScheduledState, Subscription, SubscriptionAddon
from billing.queries import catalog
from billing.rules import addons

LIVE = SubscriptionAddon.objects.filter(ended_at=None).select_related("addon", "price").order_by("id")
# For lists: rows then have `live_addons`.
PREFETCH = Prefetch("addons", LIVE, to_attr="live_addons")


def of(row: Subscription) -> tuple[addons.Item, ...]:
    """Those it has now, in the order in which they were added. One query."""
    return items(LIVE.filter(subscription=row))


def items(rows: Iterable[SubscriptionAddon]) -> tuple[addons.Item, ...]:
    return tuple(item(one) for one in rows)


def item(one: SubscriptionAddon) -> addons.Item:
    return addons.Item(
        code=one.addon.code,
        name=one.addon.name,
        number=one.quantity,
        scheme=one.price.scheme,
        tiers=catalog.tiers_of(one.price),
        stripe_price_id=one.price.stripe_price_id,
        stripe_item_id=one.stripe_item_id,
        interval=one.price.interval,
        period_ends_at=one.period_ends_at,
        features=tuple(one.addon.features),
    )


def waiting(changes: Iterable[ScheduledChange]) -> list[addons.Wanted]:
    """What pending changes (with their add-on) say about add-ons."""
    return [
        addons.Wanted(code=change.addon.code, number=change.addon_after or 0)
        for change in changes
        if change.kind == ScheduledKind.ADDON and change.addon is not None
    ]


def coming(row: Subscription) -> tuple[addons.Item, ...]:
    """Those it has from the next period on. Two queries."""
    pending = (
        row.scheduled.filter(state=ScheduledState.PENDING, kind=ScheduledKind.ADDON).select_related("addon").order_by("id")
    )
    return addons.after(of(row), waiting(pending))


def prices(stripe_price_ids: Iterable[str]) -> dict[str, AddonPrice]:
    """Which of these prices are add-ons', by Stripe's id, whether they are on sale or not. One query."""
    rows = AddonPrice.objects.filter(stripe_price_id__in=list(stripe_price_ids)).select_related("addon")
    return {row.stripe_price_id: row for row in rows}
