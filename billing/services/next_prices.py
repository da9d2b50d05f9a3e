"""What a preview says of the renewal that follows the change: its seats and price, with discounts and tax."""

from typing import Any

from billing import gateway
from billing.models import Subscription
from billing.queries import discounts
from billing.queries import tax as tax_queries
from billing.rules import pricing, promotions, schedule
from billing.services import mirror, projection


def after(row: Subscription, seats: int, answer: gateway.Invoice) -> dict[str, Any]:
    """The fields of a Preview about the renewal, if the subscription had `seats` seats; `answer` is the invoice to come.

    A discount for one invoice that this one uses is over by then.
    """
    coming = schedule.coming_quantity(seats, projection.waiting(row))
    total = pricing.total([pricing.Tier(**tier) for tier in row.price.tiers], row.price.scheme, coming)
    held = discounts.of(row)
    used = {mirror.stripe_id(one) for line in answer.lines.data for one in line.discounts or []}
    lasting = (one for one in held if not (one.is_once and one.stripe_id in used))
    off = promotions.total_off(lasting, total, row.period_ends_at)
    levy = tax_queries.levy(row.organization)
    return {
        "quantity_at_renewal": coming,
        "renewal_minor": total - off,
        "renewal_at": row.period_ends_at,
        "renewal_discount_minor": off,
        "renewal_tax_minor": levy.added(total - off),
        "renewal_full_minor": total + levy.added(total),
        "discounts": held,
    }
