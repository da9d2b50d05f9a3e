"""What a preview says of the renewal that follows the change: its seats and price, with add-ons, discounts and tax."""

from dataclasses import dataclass
from datetime import UTC, datetime
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

    `price` is the plan's then, and `now` the plan's until then.
    """

    seats: int
    coming: int
    price: Price
    now: Price
    held: tuple[addons.Item, ...] = ()
    held_then: tuple[addons.Item, ...] = ()


def after(row: Subscription, then: After, answer: gateway.Invoice | None, *, at: datetime) -> dict[str, Any]:
    """The fields of a Preview about the renewal at the instant `at`; `answer` is the invoice to come (None: none does).

    A discount for one invoice that this one, or a month before the renewal, uses is over by then. Add-ons by the month beside
    a plan by the year are charged at `between_at` before that, and each month.
    """
    held = discounts.of(row, then.price.plan)
    used = {mirror.stripe_id(one) for line in (answer.lines.data if answer else ()) for one in line.discounts or []}
    lasting = [one for one in held if not (one.is_once and one.stripe_id in used)]
    levy = tax_queries.levy(row.organization)
    apart, between_at = _between(then, answer, at)
    their = tuple(item.total(then.seats) for item in apart)
    their_off = addons.off([one for one in lasting if one.is_for_addons], their, between_at) if between_at else ()
    their_net = [part - less for part, less in zip(their, their_off, strict=True)] if between_at else []
    if sum(their_off):
        lasting = [one for one in lasting if not (one.is_once and one.is_for_addons)]
    parts = _parts(then)
    off = addons.off(lasting, parts, at)
    net = [part - less for part, less in zip(parts, off, strict=True)]
    return {
        "between_minor": sum(their_net),
        "between_at": between_at,
        "between_tax_minor": levy.added(*their_net) if their_net else 0,
        "quantity_at_renewal": then.coming,
        "renewal_minor": sum(net),
        "renewal_at": at,
        "renewal_discount_minor": sum(off),
        "renewal_tax_minor": levy.added(*net),
        "renewal_full_minor": sum(parts) + levy.added(*parts),
        "discounts": held,
    }


def _between(then: After, answer: gateway.Invoice | None, at: datetime) -> tuple[tuple[addons.Item, ...], datetime | None]:
    """What is charged more often than the plan, and when next; None: nothing is before the renewal."""
    apart = addons.between(then.held, then.now.interval)
    ids = {item.stripe_price_id for item in apart}
    billed = [line for line in (answer.lines.data if answer else ()) if line.amount > 0 and _price_id(line) in ids]
    ends = [datetime.fromtimestamp(line.period.end, UTC) for line in billed]
    ends += [item.period_ends_at for item in apart if item.period_ends_at is not None] if not ends else []
    first = min(ends, default=at)
    return (apart, first) if first < at else ((), None)


def _price_id(line: Any) -> str:
    details = line.pricing.price_details if line.pricing else None
    return str(details.price) if details else ""


def _parts(then: After) -> tuple[int, ...]:
    if then.coming < 1:
        return (0,)
    tiers = [pricing.Tier(**tier) for tier in then.price.tiers]
    return addons.parts(pricing.total(tiers, then.price.scheme, then.coming), then.held_then, then.coming)
