"""What an order costs at its first charge: after its code and with tax, as far as both are known before the payment page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Organization
from billing.models import AddonPrice, CheckoutAttempt
from billing.queries import agreed, balances, catalog, promotions
from billing.queries import tax as queries
from billing.rules import pricing, tax


@dataclass(frozen=True, kw_only=True)
class Charge:
    """In minor units. `is_before_tax`: tax is added that is worked out on the payment page alone. `is_later`: after a trial.

    `balance_applied_minor` is the credit used now (positive), or a debt collected (negative).
    """

    subtotal_minor: int
    discount_minor: int
    taxes: tuple[tax.TaxLine, ...]
    is_before_tax: bool
    is_later: bool
    balance_applied_minor: int = 0

    @property
    def tax_minor(self) -> int:
        """What comes on top of the prices."""
        return tax.on_top(self.taxes)

    @property
    def total_minor(self) -> int:
        return self.subtotal_minor - self.discount_minor + self.tax_minor

    @property
    def due_now_minor(self) -> int:
        return 0 if self.is_later else self.total_minor - self.balance_applied_minor


def of_parts(
    organization: Organization, parts: Sequence[int], off: Sequence[int], *, currency: str, at: datetime, is_later: bool = False
) -> Charge:
    """Of prices, and what a code takes off each (empty: there is none). No query if the organization's standing is at hand."""
    levy = queries.first_levy(organization, catalog.on_sale().tax, at)
    net = [part - less for part, less in zip(parts, off or [0] * len(parts), strict=True)]
    taxes = levy.on(*net)
    total = sum(net) + tax.on_top(taxes)
    return Charge(
        subtotal_minor=sum(parts),
        discount_minor=sum(off),
        taxes=taxes,
        balance_applied_minor=0 if is_later else balances.applied_minor(organization, total, currency),
        is_before_tax=levy.is_automatic and levy.exempt == tax.Exempt.NONE,
        is_later=is_later,
    )


def of_attempt(attempt: CheckoutAttempt) -> Charge:
    """Of a visit to the payment page, as it was opened. One query if it has add-ons, and those that `of_parts` says."""
    code, at = attempt.promotion, attempt.created_at
    parts = _parts(attempt)
    off = promotions.off_first(code, parts, currency=attempt.price.currency, at=at) if code else ()
    if attempt.agreed is not None:
        off = agreed.off(attempt.agreed.value["percent_bps"], parts, at)
    return of_parts(attempt.organization, parts, off, currency=attempt.price.currency, at=at, is_later=attempt.trial_days > 0)


def _parts(attempt: CheckoutAttempt) -> tuple[int, ...]:
    if attempt.pilot_fee is not None:
        return (attempt.pilot_fee.amount_minor,)
    price, seats = attempt.price, attempt.seats
    numbers = {one["stripe_price_id"]: one["number"] or seats for one in attempt.addons}
    rows = AddonPrice.objects.filter(stripe_price_id__in=numbers) if numbers else ()
    each = {row.stripe_price_id: pricing.total(catalog.tiers_of(row), row.scheme, numbers[row.stripe_price_id]) for row in rows}
    return (pricing.total(catalog.tiers_of(price), price.scheme, seats), *(each[stripe_id] for stripe_id in numbers))
