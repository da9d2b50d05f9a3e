"""What is charged when from now on, in the order of its dates: add-ons by the month beside a plan by the year, then renewals.

The one place where the customer's credit is used up by what comes first; home, pages, mails and API read what it leaves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from billing.models import Subscription
from billing.queries.standing_facts import Between, Scheduled
from billing.rules import addons, balances, intervals, promotions, tax
from billing.rules.addons import Item


@dataclass(frozen=True)
class Due:
    """`minor` is charged at `at`, after discounts and with tax, before the balance; `is_month`: of this one, by the month."""

    at: datetime
    minor: int
    is_month: bool = False


def months(
    row: Subscription,
    items: Sequence[Item],
    scheduled: Sequence[Scheduled],
    discounts: Sequence[promotions.Held],
    levy: tax.Levy,
) -> Iterator[Between]:
    """What `items`, by the month, are charged before the plan's year is over, one month after the other, before the balance."""
    held = [one for one in discounts if one.is_for_addons]
    for at in _dates(row, items):
        given_back = [one for one in scheduled if one.is_addon and one.effective_at <= at]
        left = addons.after(items, [addons.Wanted(code=one.addon, number=one.addon_after or 0) for one in given_back])
        if not left:
            return
        parts = tuple(item.total(row.quantity) for item in left)
        off = addons.off(held, parts, at)
        taxes = levy.on(*(part - less for part, less in zip(parts, off, strict=True)))
        yield Between(at=at, items=left, total_minor=sum(parts), discount_minor=sum(off), taxes=taxes, currency=row.currency)
        held = [one for one in held if not one.is_once] if sum(off) else held


def _dates(row: Subscription, items: Sequence[Item]) -> Iterator[datetime]:
    """The end of the present month, and the same day of those that follow, within the year."""
    at = min((item.period_ends_at for item in items if item.period_ends_at), default=row.period_ends_at)
    for count in range(13):
        if at >= row.period_ends_at:
            return
        following = intervals.months_after(row.period_starts_at, count)
        if following > at:
            yield at
            at = following


def lasting(discounts: Sequence[promotions.Held], months: Sequence[Between]) -> list[promotions.Held]:
    """The discounts without those for a single invoice that one of `months` has used."""
    is_used = any(charge.discount_minor for charge in months)
    return [one for one in discounts if not (is_used and one.is_once and one.is_for_addons)]


def in_order(months: Sequence[Between], others: Iterable[Due]) -> list[Due]:
    """All charges by their dates."""
    mine = [Due(one.at, one.charged_minor, is_month=True) for one in months]
    return sorted([*mine, *others], key=lambda due: due.at)


def with_balance(months: Sequence[Between], others: Iterable[Due], balance_minor: int) -> Between | None:
    """The next charge by the month, with what the balance does to it and what of the credit all use; None: none comes."""
    if not months:
        return None
    applied = []
    for due in in_order(months, others):
        if due.is_month:
            applied.append(balances.applied_minor(balance_minor, due.minor))
        balance_minor = balances.left_minor(balance_minor, [due.minor], months[0].currency)
    return replace(months[0], balance_minor=applied[0], credit_minor=sum(-one for one in applied if one < 0))
