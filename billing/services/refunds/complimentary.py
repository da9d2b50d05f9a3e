"""Complimentary time: what so many days or months of a subscription cost is credited, and the next charge is less by it.

The dates stay: Stripe knows free time only as a trial, which would move the renewal, void what is scheduled, and let seats be
changed for nothing (docs/decisions/refunds-and-credits.md).
"""

from collections.abc import Iterator
from datetime import datetime

from billing.models import Subscription
from billing.queries import overview
from billing.queries.overview import Standing
from billing.queries.standing_facts import NextCharge
from billing.rules import giving_back as rule
from billing.rules import intervals
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
    amount = rule.worth(wanted.span, periods(standing, charge))
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


def monthly_minor(standing: Standing) -> int:
    """What of the coming renewal of a plan by the year is charged by the month, and so counts whole for a month."""
    charge, plan = standing.next_charge, standing.coming_rate.interval
    return sum(one.charged_minor for one in periods(standing, charge) if one.interval != plan) if charge else 0


def periods(standing: Standing, charge: NextCharge) -> Iterator[rule.Period]:
    """The parts of the coming renewal: an add-on by the month beside a plan by the year is charged for a month then."""
    plan = standing.coming_rate.interval
    intervals_of = (plan, *(item.interval or plan for item in charge.held_addons))
    for net, interval in zip(standing.net_parts(charge.seats, charge.at), intervals_of, strict=True):
        ends_at = standing.next_period_ends_at if interval == plan else intervals.end(charge.at, interval)
        yield rule.Period(net + standing.levy.added(net), interval, (ends_at - charge.at).days)
