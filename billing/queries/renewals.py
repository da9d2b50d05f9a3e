"""A renewal as pages, programs and notices say it: what is charged when, by how much use, what was told before."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from accounts.models import Segment
from accounts.queries import policies, rows
from billing.queries import standing_rows
from billing.queries.overview import Standing
from billing.rules import addons, balances, commitments, pricing
from billing.rules import renewals as rules

SEGMENTS: Final = ("", *Segment.values)
# Whoever has come lately, or is invited, is no idle seat, nor is one that is given back already. Of the idle ones come first
# those of people who never came, then those unseen for longest; owners' last.
STATEMENT: Final = """
WITH policy AS (
    SELECT COALESCE(o.segment, '') AS segment, (%(days)s::jsonb ->> COALESCE(o.segment, ''))::int AS days
    FROM (SELECT 1) one LEFT JOIN accounts_organizationprofile o ON o.organization_id = %(organization)s
), seat AS (
    SELECT a.id, a.membership_id, m.role, a.last_seen_on, a.assigned_at, COALESCE(NULLIF(u.name, ''), u.email, '') AS name,
        EXISTS (SELECT 1 FROM billing_seatrelease r JOIN billing_scheduledchange c ON c.id = r.change_id
            WHERE r.assignment_id = a.id AND c.state = 'pending') AS leaves,
        a.membership_id IS NULL OR COALESCE(a.last_seen_on >= (%(at)s - make_interval(days => p.days))::date, FALSE)
            OR a.assigned_at >= %(at)s - make_interval(days => p.days) AS is_active
    FROM billing_seatassignment a CROSS JOIN policy p
    LEFT JOIN accounts_membership m ON m.id = a.membership_id LEFT JOIN accounts_user u ON u.id = m.user_id
    WHERE a.subscription_id = %(subscription)s AND a.ended_at IS NULL
)
SELECT p.segment, p.days,
    (SELECT count(*) FROM seat WHERE NOT leaves), (SELECT count(last_seen_on) FROM seat),
    (SELECT json_agg(json_build_array(id, membership_id, name)
        ORDER BY role = 'owner', last_seen_on NULLS FIRST, assigned_at, id) FROM seat WHERE NOT is_active AND NOT leaves),
    (SELECT json_agg(json_build_object('sent_at', n.sent_at, 'amount_minor', n.amount_minor, 'seats', n.seats)
        ORDER BY n.sent_at, n.id) FROM billing_renewalnotice n
        WHERE n.subscription_id = %(subscription)s AND n.period_ends_at = %(ends_at)s AND n.sent_at IS NOT NULL),
    (SELECT json_build_object('price', v.price_after_id, 'is_end', v.is_end, 'closes_at', v.closes_at,
        'asked_at', v.asked_at, 'scheme', r.scheme, 'tiers', r.tiers)
        FROM billing_pricemove v LEFT JOIN billing_price r ON r.id = v.price_after_id
        WHERE v.subscription_id = %(subscription)s AND v.period_ends_at = %(ends_at)s AND v.state = 'open')
FROM policy p
"""


@dataclass(frozen=True)
class Leaving:
    """A member who has not been seen lately, by their seat."""

    seat: int
    member: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Advice:
    """How many seats to renew, by use. `amount_minor` is charged then; those `leaving` lose theirs then."""

    seats: int
    amount_minor: int
    leaving: tuple[Leaving, ...]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a notice of this renewal said."""

    sent_at: datetime
    amount_minor: int
    seats: int


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The price is sold no more: `price` (a row's key) instead, for `amount_minor` at the renewal, or another plan.

    Without price the plan itself is sold no more. Until `closes_at` nothing is settled; then it ends (`is_end`) or stays.
    `is_answered`: another plan, or the new price, waits for the renewal.
    """

    price: int | None
    amount_minor: int | None
    is_end: bool
    asked_at: datetime
    closes_at: datetime
    is_answered: bool


@dataclass(frozen=True, kw_only=True)
class Use:
    """Of `bought` seats `active` are used: seen in the last `days` days, given lately, or held for somebody invited.

    None where the product does not say who was seen. `advice` is how many to renew instead, if fewer would do; `told` what
    was said of this renewal before, oldest first; `asked` what there is to decide about the price.
    """

    bought: int
    days: int
    active: int | None
    advice: Advice | None
    told: tuple[Told, ...]
    asked: Asked | None


def use(standing: Standing, at: datetime) -> Use:
    """How its seats are used, what that recommends for the renewal, and what was said of it. One query."""
    row = standing.row
    values = {
        "organization": row.organization_id,
        "subscription": row.pk,
        "ends_at": row.period_ends_at,
        "at": at,
        "days": json.dumps({name: policies.value("billing.seat_active_days", at, name or None) for name in SEGMENTS}),
    }
    segment, days, taken, seen, idle, told, asked = rows.fetch(STATEMENT, values)[0]
    free = [Leaving(*one) for one in idle or ()]
    active = taken - len(free)
    return Use(
        bought=standing.coming,
        days=days,
        active=active if seen else None,
        advice=_advice(standing, rules.Use(active=active, seen=seen), free, at, segment or None),
        asked=_asked(standing, standing_rows.instants(asked)) if asked and standing.next_charge else None,
        told=tuple(Told(**standing_rows.instants(plain)) for plain in told or ()),
    )


def _advice(standing: Standing, used: rules.Use, idle: Sequence[Leaving], at: datetime, segment: str | None) -> Advice | None:
    """Another plan that waits is a decision of its own, as is an end."""
    if standing.next_charge is None or standing.coming_plan is not None or standing.row.is_in_trial:
        return None
    headroom = policies.value("billing.seat_headroom_bps", at, segment)
    least = standing.row.plan.seats_min
    wanted = rules.recommended(use=used, coming=standing.coming, least=least, headroom_bps=headroom)
    held = standing.commitment
    if wanted is None or (held and commitments.waits(held.value.get("seats"), now=standing.coming, wanted=wanted)):
        return None
    too_many = max(used.active + len(idle) - wanted, 0)
    return Advice(seats=wanted, amount_minor=amount_minor(standing, wanted), leaving=tuple(idle[:too_many]))


def amount_minor(standing: Standing, seats: int) -> int:
    """What the renewal comes to with `seats` seats: the very sum of the next charge, with discounts, tax and balance."""
    charged = standing.charged_minor(seats, standing.row.period_ends_at)
    return charged + balances.applied_minor(standing.renewal_balance_minor, charged)


def at_price(standing: Standing, rate: pricing.Rate) -> int:
    """What the renewal comes to at another price of the same plan and interval: seats, add-ons, discounts, tax, balance."""
    seats, at = standing.coming, standing.row.period_ends_at
    parts = addons.parts(rate.total(seats), standing.coming_addons, seats)
    net = [part - off for part, off in zip(parts, addons.off(standing.renewal_discounts, parts, at), strict=True)]
    charged = sum(net) + standing.levy.added(*net)
    return charged + balances.applied_minor(standing.renewal_balance_minor, charged)


def _asked(standing: Standing, plain: dict[str, Any]) -> Asked:
    scheme, tiers = plain.pop("scheme"), plain.pop("tiers")
    rate = tiers and pricing.Rate(tuple(pricing.Tier(**tier) for tier in tiers), scheme, standing.row.price.interval)
    is_answered = standing.coming_plan is not None
    return Asked(amount_minor=at_price(standing, rate) if rate and not is_answered else None, is_answered=is_answered, **plain)
