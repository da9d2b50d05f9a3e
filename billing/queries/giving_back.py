"""Who of the staff may give how much back, and what has been given."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum

from accounts.models import Organization, User
from accounts.queries import policies
from billing.models import Adjustment, AdjustmentState
from billing.rules import giving_back as rule
from billing.rules.giving_back import Limit
from billing.rules.policies import GIVING

MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Verdict:
    """Whether `actor` may; else up to what at once, and which groups may. All in US cents."""

    is_allowed: bool
    cents: int
    at_once: int
    left: int
    """Of the person's month with this organization."""
    groups: tuple[str, ...]
    """Who may, the narrowest first; administrators always may."""


def limits(at: datetime) -> dict[str, Limit]:
    return {
        group: Limit(
            policies.value(f"billing.give_back_{group}_minor", at), policies.value(f"billing.give_back_{group}_month_minor", at)
        )
        for group in GIVING
    }


def us_cents(amount_minor: int, currency: str, at: datetime) -> int:
    """Raises rule.NoRate."""
    rates: Iterable[str] = policies.value("billing.usd_rates", at)
    return rule.us_cents(amount_minor, currency, rates)


def given(organization: Organization, at: datetime) -> int:
    """What staff gave back to it in the last 30 days, in US cents, what is under way included."""
    rows = Adjustment.objects.filter(organization=organization, created_at__gt=at - MONTH)
    return int(rows.exclude(state=AdjustmentState.FAILED).aggregate(sum=Sum("us_cents"))["sum"] or 0)


def verdict(actor: User, organization: Organization, *, cents: int, at: datetime) -> Verdict:
    """Three queries at most: the person's groups, and what was given."""
    known, so_far = limits(at), given(organization, at)
    own = [known[name] for name in actor.groups.order_by("name").values_list("name", flat=True) if name in known]
    at_once = max((limit.at_once for limit in own), default=0)
    left = max((limit.in_a_month - so_far for limit in own), default=0)
    is_allowed = actor.is_superuser or any(rule.allows(limit, cents, so_far) for limit in own)
    groups = () if is_allowed else tuple(rule.who_may(known, cents, so_far))
    return Verdict(is_allowed, cents, at_once, max(left, 0), groups)
