"""Complimentary time: what so many days or months of a subscription cost is credited, and the next charge is less by it.

The dates stay: Stripe knows free time only as a trial, which would move the renewal, void what is scheduled, and let seats be
changed for nothing (docs/decisions/refunds-and-credits.md).
"""

from datetime import datetime

from billing.models import Subscription
from billing.queries import overview
from billing.queries.overview import Standing
from billing.rules import giving_back as rule
from billing.services.refunds import giving_back
from billing.services.refunds.giving_back import Gift, GivingError, Wanted


class NoRenewal(GivingError):
    """Nothing is charged any more, or not yet: it ends, rests, or is tried. Free time would be worth nothing."""


def gift(row: Subscription, wanted: Wanted, at: datetime) -> tuple[Gift, Standing]:
    """What time is worth at the coming renewal's price, with its discounts and tax, before credit; and how it stands.

    Raises NoRenewal, NoCustomer.
    """
    assert wanted.span is not None
    standing = overview.standing(row.organization, row.line.code)
    charge = standing.next_charge if standing is not None and row.status == "active" else None
    if standing is None or standing.row.pk != row.pk or charge is None or charge.at <= at:
        raise NoRenewal
    whole = charge.total_minor - charge.discount_minor + charge.tax_minor
    days = (standing.next_period_ends_at - charge.at).days
    interval = standing.coming_rate.interval
    amount = rule.worth(wanted.span, charge_minor=whole, interval=interval, days=days)
    if amount == 0:
        raise NoRenewal
    params = giving_back.on_balance(row.organization, amount, row.currency)
    found = Gift(
        organization=row.organization,
        wanted=wanted,
        amount_minor=amount,
        currency=row.currency,
        params=params,
        subscription=row,
    )
    return found, standing
