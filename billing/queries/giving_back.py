"""Who of the staff, and of the vendor's programs, may give how much back, and what has been given."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Sum

from accounts.models import ApiKey, Organization, User
from accounts.queries import policies
from billing.models import NOT_GIVEN, Adjustment
from billing.rules import giving_back as rule
from billing.rules.giving_back import Limit
from billing.rules.policies import GIVING

MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Verdict:
    """Whether somebody may; else up to what at once, and which groups may. All in US cents."""

    is_allowed: bool
    cents: int
    at_once: int
    left: int
    """Of the giver's month with this organization."""
    groups: tuple[str, ...]
    """Who may, the narrowest first; administrators always may."""


def limits(at: datetime) -> dict[str, Limit]:
    return {
        group: Limit(
            policies.value(f"billing.give_back_{group}_minor", at), policies.value(f"billing.give_back_{group}_month_minor", at)
        )
        for group in GIVING
    }


def limit_of_keys(at: datetime) -> Limit:
    return Limit(policies.value("billing.give_back_keys_minor", at), policies.value("billing.give_back_keys_month_minor", at))


def us_cents(amount_minor: int, currency: str, at: datetime) -> int:
    """Raises rule.NoRate."""
    rates: Iterable[str] = policies.value("billing.usd_rates", at)
    return rule.us_cents(amount_minor, currency, rates)


def of_us_cents(cents: int, currency: str, at: datetime) -> int:
    """The other way round, for what a customer is told. Raises rule.NoRate."""
    rates: Iterable[str] = policies.value("billing.usd_rates", at)
    return rule.of_us_cents(cents, currency, rates)


def given(organization: Organization, at: datetime) -> int:
    """What staff gave back to it in the last 30 days, in US cents, what is under way included."""
    rows = Adjustment.objects.filter(organization=organization, created_at__gt=at - MONTH)
    return int(rows.exclude(state__in=NOT_GIVEN).aggregate(sum=Sum("us_cents"))["sum"] or 0)


def approvers(row: Adjustment, at: datetime) -> list[User]:
    """Staff who may give what `row` asks for, without whoever asked. Two queries."""
    assert row.actor_id is not None, "no key asks a person"
    groups = rule.who_may(limits(at), row.us_cents, given(row.organization, at))
    may = Q(groups__permissions__codename="add_adjustment", groups__permissions__content_type__app_label="billing")
    staff = User.objects.filter(Q(is_superuser=True) | (Q(groups__name__in=groups) & may), is_staff=True, is_active=True)
    return list(staff.exclude(pk=row.actor_id).distinct().order_by("pk"))


def verdict(giver: User | ApiKey, organization: Organization, *, cents: int, at: datetime) -> Verdict:
    """Three queries at most: a person's groups, and what was given. A key stands for no person: it has a limit of its own."""
    known, so_far = limits(at), given(organization, at)
    if isinstance(giver, ApiKey):
        own, is_admin = [limit_of_keys(at)], False
    else:
        names = giver.groups.order_by("name").values_list("name", flat=True)
        own, is_admin = [known[name] for name in names if name in known], giver.is_superuser
    at_once = max((limit.at_once for limit in own), default=0)
    left = max((limit.in_a_month - so_far for limit in own), default=0)
    is_allowed = is_admin or any(rule.allows(limit, cents, so_far) for limit in own)
    groups = () if is_allowed else tuple(rule.who_may(known, cents, so_far))
    return Verdict(is_allowed, cents, at_once, max(left, 0), groups)
