"""What an organization had of a subscription that has ended: for buying it once more by one click."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from accounts.queries import rows
from billing.models import Subscription
from billing.queries import catalog, terms
from billing.queries.catalog import LineOnSale, PlanOnSale

# Seats as the ledger took them away, add-ons and seats that ended with it; people who are members still, owners first.
HAD: Final = """
SELECT (SELECT -e.delta FROM billing_seatledgerentry e WHERE e.subscription_id = s.id AND e.kind = 'ended'
        ORDER BY e.id DESC LIMIT 1),
    (SELECT json_object_agg(b.code, e.quantity) FROM billing_subscriptionaddon e JOIN billing_addon b ON b.id = e.addon_id
    WHERE e.subscription_id = s.id AND e.ended_at >= s.ended_at),
    (SELECT json_agg(m.id ORDER BY m.role <> 'owner', a.assigned_at, a.id) FROM billing_seatassignment a
    JOIN accounts_membership m ON m.id = a.membership_id AND m.left_at IS NULL
    WHERE a.subscription_id = s.id AND a.ended_at >= s.ended_at)
FROM billing_subscription s WHERE s.id = %(subscription)s
"""


@dataclass(frozen=True, kw_only=True)
class Had:
    """`seats`, `addons` (code to how many; None: one for each seat), and the `people` (membership ids) who had one."""

    seats: int
    addons: Mapping[str, int | None]
    people: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Again:
    """What can be bought of it now, at what it is sold for now. `left_out`: add-ons that are sold no more, or not with it."""

    plan: PlanOnSale
    interval: str
    currency: str
    seats: int
    addons: Mapping[str, int | None]
    left_out: tuple[str, ...]
    people: tuple[int, ...]

    @property
    def is_same(self) -> bool:
        return not self.left_out


def had(row: Subscription) -> Had | None:
    """None of one that has not ended, or ended without a seat. One query."""
    if row.is_live or row.ended_at is None:
        return None
    seats, addons, people = rows.fetch(HAD, {"subscription": row.pk})[0]
    return Had(seats=seats, addons=addons or {}, people=tuple(people or ())) if seats else None


def again(row: Subscription) -> Again | None:
    """What of it is on sale: its plan, or the largest that is no larger. None where nothing is. One query."""
    before = had(row)
    line = catalog.on_sale().line(row.line.code)
    if before is None or line is None:
        return None
    plan = _plan(line, row)
    if plan is None:
        return None
    seats = min(max(before.seats, plan.seats_min), terms.most_of(row.organization, plan, before.seats))
    addons = {code: number for code, number in before.addons.items() if _is_sold(line, plan, row, code, number)}
    return Again(
        plan=plan,
        interval=row.price.interval,
        currency=row.currency,
        seats=seats,
        addons=addons,
        left_out=tuple(code for code in before.addons if code not in addons),
        people=before.people,
    )


def _plan(line: LineOnSale, row: Subscription) -> PlanOnSale | None:
    """Its own plan while that is sold; else the one in its place."""
    sold = [plan for plan in line.plans if plan.price(row.price.interval, row.currency) is not None]
    own = next((plan for plan in sold if plan.code == row.plan.code), None)
    return own or next(iter(sold[: row.plan.rank][::-1]), sold[0] if sold else None)


def _is_sold(line: LineOnSale, plan: PlanOnSale, row: Subscription, code: str, number: int | None) -> bool:
    addon = line.addon(code)
    if addon is None or plan.code not in addon.plans or addon.price(row.price.interval, row.currency) is None:
        return False
    return addon.is_per_seat or (number is not None and addon.quantity_min <= number <= addon.quantity_max)
