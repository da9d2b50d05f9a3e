"""The discounts a subscription has, as rules know them."""

from billing.models import Subscription
from billing.rules.promotions import Held


def of(row: Subscription) -> tuple[Held, ...]:
    """Those in force, oldest first; `row` with its plan and line. One query."""
    plan = f"{row.line.code}/{row.plan.code}"
    held = row.discounts.filter(ended_at=None).select_related("promotion").order_by("pk")
    return tuple(
        Held(
            stripe_id=one.stripe_id,
            code=one.promotion.code if one.promotion else "",
            name=one.promotion.name if one.promotion else {"en": one.name},
            percent_bps=one.percent_bps,
            amount_minor=one.amount_minor,
            duration=one.duration,
            ends_at=one.ends_at,
            counts=one.promotion is None or one.promotion.terms.covers(plan),
            is_for_addons=one.promotion is None or not one.promotion.plans,
        )
        for one in held
    )
