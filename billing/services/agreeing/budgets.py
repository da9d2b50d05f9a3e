"""The exception budget: each exception is counted under the lock of its segment's quarter, or refused.

Two approvals at once are one after the other, so the ceiling is never passed (docs/decisions/deals.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.urls import reverse

from accounts.models import Organization, Segment, User
from accounts.queries import policies, profiles
from accounts.services import outbox
from billing.models import ExceptionBudget, ExceptionEntry
from billing.queries import budgets as queries
from billing.rules import terms as rules
from billing.rules.exception_budget import Counted, Standing


class Full(Exception):
    """It would pass its segment's ceiling of the quarter; `raisers` (names) may raise that. Nothing was approved."""

    def __init__(self, budget: ExceptionBudget, standing: Standing, raisers: tuple[str, ...]) -> None:
        super().__init__(f"The exception budget of {budget.segment} in {budget.quarter} is used up.")
        self.budget, self.standing, self.raisers = budget, standing, raisers


@dataclass(frozen=True, kw_only=True)
class Counting:
    """What is to be counted: `subject` names it once and for all, `us_cents` is what it comes to a year."""

    subject: str
    kinds: Sequence[str]
    us_cents: int
    owner: User
    reason: str
    ends_on: date


def take(organization: Organization, counting: Counting, *, at: datetime) -> ExceptionEntry:
    """Count an exception against its segment's quarter. The same subject again is counted as it is now, once.

    Call inside the transaction that approves it: the budget's row stays locked until that is over. Raises Full.
    """
    row = locked(segment_of(organization), at)
    more = Counted(deals=1, us_cents=counting.us_cents)
    standing = queries.standing(row, at, without=counting.subject)
    if not standing.has_room(more):
        raise Full(row, standing, tuple(str(one) for one in queries.raisers()))
    entry, _is_new = ExceptionEntry.objects.update_or_create(
        subject=counting.subject,
        defaults={
            "budget": row,
            "organization": organization,
            "kinds": sorted(set(counting.kinds)),
            "us_cents": counting.us_cents,
            "owner": counting.owner,
            "reason": counting.reason,
            "ends_on": counting.ends_on,
            "counted_at": at,
            "freed_at": None,
        },
    )
    _warn(row, Standing(base=standing.base, used=standing.used.plus(more), ceiling_bps=standing.ceiling_bps, least=0), at)
    return entry


def preview(organization: Organization, subject: str, us_cents: int, at: datetime) -> tuple[Standing, bool]:
    """How its budget stands without a subject, and whether that would fit now. Nothing is locked or written."""
    standing = queries.present(segment_of(organization), at, without=subject)
    return standing, standing.has_room(Counted(deals=1, us_cents=us_cents))


def free(subject: str, *, at: datetime) -> bool:
    """What was counted came to nothing: the budget has it again. False: nothing was counted, or it was freed before."""
    return bool(ExceptionEntry.objects.filter(subject=subject, freed_at=None).update(freed_at=at))


def locked(segment: str, at: datetime) -> ExceptionBudget:
    """The row of a segment's present quarter, locked; made where there is none."""
    quarter = rules.quarter(at.date())
    rows = ExceptionBudget.objects.select_for_update()
    row = rows.filter(segment=segment, quarter=quarter).first()
    if row is None:
        base = queries.at_once(segment, at)
        fresh = ExceptionBudget(
            segment=segment, quarter=quarter, base_deals=base.deals, base_us_cents=base.us_cents, opened_at=at
        )
        ExceptionBudget.objects.bulk_create([fresh], ignore_conflicts=True)
        row = rows.get(segment=segment, quarter=quarter)
    return row


def segment_of(organization: Organization) -> str:
    """Whose budget it is; of whom nobody has concluded one, the small businesses'."""
    return profiles.segment_of(organization) or Segment.SMB.value


def _warn(row: ExceptionBudget, standing: Standing, at: datetime) -> None:
    """Once a quarter, to whoever may raise the ceiling."""
    if row.warned_at is not None or not standing.is_near(policies.value("billing.exception_notice_bps", at)):
        return
    row.warned_at = at
    row.save(update_fields=["warned_at"])
    for person in queries.raisers():
        outbox.write(
            kind="billing/exceptions_near",
            subject_row=f"exception_budget:{row.pk}",
            to=person,
            organization=None,
            context={
                "segment": row.segment,
                "quarter": row.quarter,
                "share_bps": standing.share_bps,
                "ceiling_bps": standing.ceiling_bps,
                "budget_url": settings.STORE_URL + reverse("admin:billing_exceptionbudget_change", args=[row.pk]),
            },
            at=at,
        )
