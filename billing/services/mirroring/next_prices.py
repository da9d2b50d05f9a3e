"""What a preview says of the renewal that follows the change: its seats and price, with add-ons, discounts and tax."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing import gateway
from billing.models import Price, Subscription
from billing.queries import discounts
from billing.queries import tax as tax_queries
from billing.rules import addons, pricing
from billing.services.mirroring import mirror


@dataclass(frozen=True, kw_only=True)
class After:
    """What there is after a change: `seats` with the add-ons `held`, and `coming` with `held_then` from the next period on.

    `price` is the plan's then.
    """

    seats: int
    coming: int
    price: Price
    held: tuple[addons.Item, ...] = ()
    held_then: tuple[addons.Item, ...] = ()


def after(row: Subscription, then: After, answer: gateway.Invoice | None, *, at: datetime) -> dict[str, Any]:
    """The fields of a Preview about the renewal at the instant `at`; `answer` is the invoice to come (None: none does).

    A discount for one invoice that this one uses is over by then.
    """
    held = discounts.of(row, then.price.plan)
    used = {mirror.stripe_id(one) for line in (answer.lines.data if answer else ()) for one in line.discounts or []}
    lasting = [one for one in held if not (one.is_once and one.stripe_id in used)]
    parts = _parts(then)
    off = addons.off(lasting, parts, at)
    levy = tax_queries.levy(row.organization)
    net = [part - less for part, less in zip(parts, off, strict=True)]
    return {
        "quantity_at_renewal": then.coming,
        "renewal_minor": sum(net),
        "renewal_at": at,
        "renewal_discount_minor": sum(off),
        "renewal_tax_minor": levy.added(*net),
        "renewal_full_minor": sum(parts) + levy.added(*parts),
        "discounts": held,
    }


def _parts(then: After) -> tuple[int, ...]:
    if then.coming < 1:
        return (0,)
    tiers = [pricing.Tier(**tier) for tier in then.price.tiers]
    return addons.parts(pricing.total(tiers, then.price.scheme, then.coming), then.held_then, then.coming)
