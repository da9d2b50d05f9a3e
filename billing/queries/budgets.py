"""How much of each segment is sold otherwise than by the catalog: shares, ceilings, and who may raise them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import Segment, User
from accounts.queries import policies
from billing.models import ExceptionBudget, LedgerKind, SeatLedgerEntry, Subscription
from billing.queries import giving_back
from billing.rules import terms
from billing.rules.exception_budget import Counted, Standing
from billing.rules.giving_back import NoRate

MONTHS = 12
# By what a segment becomes larger within a quarter: what began then, paid or to be paid.
BEGUN = (LedgerKind.STARTED, LedgerKind.CONVERTED)
QUARTERS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A segment's quarter, for people. `past` are the shares of the quarters before, the oldest first, in basis points."""

    segment: str
    label: str
    quarter: str
    standing: Standing
    past: tuple[tuple[str, int], ...] = ()

    is_near: bool = False
    """Whether revenue operations were, or would be, written to."""

    @property
    def is_over(self) -> bool:
        """As it can be where few customers have gone, or a ceiling was lowered."""
        return self.standing.share_bps > self.standing.ceiling_bps


def at_once(segment: str, at: datetime) -> Counted:
    """What a segment has now: subscriptions that run, and their ARR. Two queries."""
    live = Subscription.objects.live().filter(organization__profile__segment=segment).count()
    return Counted(deals=live, us_cents=_arr(SeatLedgerEntry.objects.filter(_of(segment)), at))


def of_customer(organization_id: int, at: datetime) -> int:
    """A customer's ARR, in US cents. One query."""
    return _arr(SeatLedgerEntry.objects.filter(subscription__organization=organization_id), at)


def standing(row: ExceptionBudget, at: datetime, *, without: str = "") -> Standing:
    """What is used of a budget, but for one subject. Three queries."""
    over_at = terms.instant(terms.quarter_over(row.quarter))
    began = SeatLedgerEntry.objects.filter(
        _of(row.segment), kind__in=BEGUN, occurred_at__gt=row.opened_at, occurred_at__lt=over_at
    )
    more = Counted(deals=began.filter(kind=LedgerKind.STARTED).count(), us_cents=_arr(began, at))
    base = Counted(deals=row.base_deals, us_cents=row.base_us_cents).plus(more)
    return _standing(row.segment, base, used(row, without=without), at)


def present(segment: str, at: datetime, *, without: str = "") -> Standing:
    """How a segment's quarter stands, whether something was counted in it or not. Four queries at most."""
    row = ExceptionBudget.objects.filter(segment=segment, quarter=terms.quarter(at.date())).first()
    return standing(row, at, without=without) if row else _standing(segment, at_once(segment, at), Counted(), at)


def used(row: ExceptionBudget, *, without: str = "") -> Counted:
    """What stands against a budget. One query."""
    entries = row.entries.filter(freed_at=None).exclude(subject=without)
    found = entries.aggregate(deals=Count("pk"), us_cents=Sum("us_cents", default=0))
    return Counted(deals=found["deals"], us_cents=found["us_cents"])


def all_of(at: datetime) -> list[Shown]:
    """Each segment's present quarter, and those before. Five queries a segment at most."""
    quarter = terms.quarter(at.date())
    return [_shown(segment, quarter, at) for segment in Segment.values]


def fullest(at: datetime) -> tuple[str, Standing] | None:
    """The segment of which the largest part of the ceiling is used this quarter, and how it stands; None: nothing counts yet.

    One query, and three of one that was found.
    """
    rows = ExceptionBudget.objects.filter(quarter=terms.quarter(at.date()), entries__freed_at=None)
    counted = rows.annotate(deals=Count("entries"), us_cents=Sum("entries__us_cents", default=0)).filter(deals__gt=0)
    found = max(counted, key=lambda row: _part(row, at), default=None)
    return (found.get_segment_display(), standing(found, at)) if found else None


def _part(row: Any, at: datetime) -> float:
    """How much of its ceiling is used, but for what began within the quarter."""
    base = Counted(deals=row.base_deals, us_cents=row.base_us_cents)
    known = _standing(row.segment, base, Counted(deals=row.deals, us_cents=row.us_cents), at)
    return known.share_bps / max(known.ceiling_bps, 1)


def raisers() -> list[User]:
    """Who may raise a ceiling: whoever may set numbers of the business. One query."""
    held = Permission.objects.filter(content_type__app_label="accounts", codename="add_policy")
    staff = User.objects.filter(is_staff=True, is_active=True)
    return list(staff.filter(Q(groups__permissions__in=held)).distinct().order_by("name", "pk"))


def _shown(segment: str, quarter: str, at: datetime) -> Shown:
    rows = ExceptionBudget.objects.filter(segment=segment, quarter__lte=quarter).order_by("-quarter")[:QUARTERS_SHOWN]
    found = {row.quarter: row for row in rows}
    now = found.pop(quarter, None)
    known = standing(now, at) if now else _standing(segment, at_once(segment, at), Counted(), at)
    past = tuple((name, standing(row, at).share_bps) for name, row in sorted(found.items()))
    near = known.is_near(policies.value("billing.exception_notice_bps", at))
    return Shown(segment=segment, label=str(Segment(segment).label), quarter=quarter, standing=known, past=past, is_near=near)


def _standing(segment: str, base: Counted, counted: Counted, at: datetime) -> Standing:
    return Standing(
        base=base,
        used=counted,
        ceiling_bps=policies.value("billing.exception_ceiling_bps", at, segment),
        least=policies.value("billing.exception_least_deals", at, segment),
    )


def _of(segment: str) -> Q:
    return Q(subscription__organization__profile__segment=segment)


def _arr(entries: QuerySet[SeatLedgerEntry], at: datetime) -> int:
    """Of ledger entries: what they add up to a year, in US cents; currencies without a rate are left out."""
    sums = entries.order_by().values_list("currency").annotate(minor=Sum("mrr_delta_minor"))
    return max(sum(_cents(minor * MONTHS, currency, at) for currency, minor in sums), 0)


def _cents(minor: int, currency: str, at: datetime) -> int:
    try:
        return giving_back.us_cents(minor, currency, at) if minor > 0 else 0
    except NoRate:
        return 0
