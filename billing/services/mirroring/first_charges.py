"""What is charged when a trial ends, or when one that ended without a card goes on: asked of Stripe, never worked out."""

from collections.abc import Sequence
from typing import Any

from billing import gateway
from billing.models import Subscription
from billing.queries import tax as tax_queries
from billing.rules.preview import FirstCharge
from billing.services.mirroring import mirror


def at_trial_end(row: Subscription, *, seats: int | None = None, items: Sequence[dict[str, Any]] = ()) -> FirstCharge:
    """The first invoice, if `items` were changed and there were `seats` then. One call. Raises the gateway's errors."""
    details: dict[str, Any] = {"proration_behavior": "none"}
    if items:
        details["items"] = list(items)
    return _ask(row, details, row.quantity if seats is None else seats)


def of_resuming(row: Subscription) -> FirstCharge:
    """The invoice of a period that begins now. One call. Raises the gateway's errors."""
    return _ask(row, {"resume_at": "now", "billing_cycle_anchor": {"type": "now"}}, row.quantity)


def of_ending_now(row: Subscription, change: dict[str, Any], *, seats: int, discounts: list[dict[str, str]]) -> FirstCharge:
    """The invoice of a period that begins now instead of at the trial's end, after `change`. One call, as above."""
    return _ask(row, {**change, "trial_end": "now"}, seats, {"discounts": discounts} if discounts else {})


def _ask(row: Subscription, details: dict[str, Any], seats: int, more: dict[str, Any] | None = None) -> FirstCharge:
    answer = gateway.preview_invoice(
        {
            "customer": row.organization.customer.stripe_id,
            "subscription": row.stripe_id,
            "subscription_details": details,
            **(more or {}),
        }
    )
    waits = row.status == "trialing" and "trial_end" not in details
    return FirstCharge(
        at=row.trial_ends_at if waits and row.trial_ends_at else mirror.at_instant(answer.created),
        quantity=seats,
        currency=answer.currency,
        subtotal_minor=answer.subtotal,
        discount_minor=sum(part.amount for part in answer.total_discount_amounts or []),
        tax_minor=sum(one.amount for one in answer.total_taxes or []),
        taxes=tax_queries.lines(answer.total_taxes or [], exempt=answer.customer_tax_exempt or ""),
        total_minor=answer.total,
        balance_applied_minor=answer.total - answer.amount_due,
        due_minor=answer.amount_due,
    )
