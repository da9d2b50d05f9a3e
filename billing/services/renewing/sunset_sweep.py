"""The sweep of plans that end: a row for each of their customers, the notices, and what nobody answered in time.

Rows are made by one statement a sunset, once a day while it runs, so that who comes to the plan meanwhile is told as well. Each
row is looked at when something of it is due, under its own lock; any number of workers may look.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils.http import urlencode

from accounts.origin import Origin
from billing.models import (
    LIVE_STATUSES,
    UNSETTLED,
    CancelReason,
    ScheduledKind,
    ScheduledState,
    Subscription,
    Sunset,
    SunsetCase,
    SunsetCaseState,
    SunsetState,
)
from billing.queries import overview
from billing.queries import sunsets as queries
from billing.queries.overview import Standing
from billing.rules import sunsets as rules
from billing.services import notices
from billing.services.changes import plan_changes, scheduled, seats
from billing.services.renewing import sunsets
from config import clock, pulse

BATCH: Final = 50
DUE: Final = """EXISTS (SELECT 1 FROM billing_sunsetcase WHERE due_at <= %(at)s)
    OR EXISTS (SELECT 1 FROM billing_sunset WHERE state = 'running' AND enrol_at <= %(at)s)"""
DAY: Final = timedelta(days=1)
# Whoever has the plan and no row yet; and whoever has it still although it was to end, as its end was taken back.
ENROL: Final = """
INSERT INTO billing_sunsetcase (sunset_id, subscription_id, state, renews_at, told, due_at)
SELECT %(sunset)s, s.id, 'open', s.period_ends_at, 0, %(now)s FROM billing_subscription s
WHERE s.plan_id = %(plan)s AND s.status = ANY(%(live)s)
ON CONFLICT (sunset_id, subscription_id) DO UPDATE SET state = 'open', renews_at = EXCLUDED.renews_at, due_at = EXCLUDED.due_at,
    price_id = NULL, amount_minor = NULL, told = 0
WHERE billing_sunsetcase.state IN ('moved', 'ends', 'gone') AND billing_sunsetcase.renews_at < %(now)s
"""


def drain(now: datetime) -> pulse.Drained:
    """A lane's share, in store time."""
    at = clock.now()
    enrolling = Sunset.objects.filter(state=SunsetState.RUNNING, enrol_at__lte=at).order_by("pk")
    count = sum(_enrol(pk, at) for pk in list(enrolling.values_list("pk", flat=True)))
    due = SunsetCase.objects.filter(due_at__lte=at).order_by("due_at", "pk")
    return pulse.Drained(handled=count + sum(_look(pk, at) for pk in list(due.values_list("pk", flat=True)[:BATCH])))


def next_due_at() -> datetime | None:
    """When something of a customer's falls due next, in store time."""
    waiting = SunsetCase.objects.filter(due_at__isnull=False).order_by("due_at")
    return waiting.values_list("due_at", flat=True).first()


def _enrol(sunset_id: int, at: datetime) -> bool:
    """A row for each customer; where there is none any more, it is over. False: another worker does it."""
    with transaction.atomic(durable=True):
        rows = Sunset.objects.select_for_update(of=("self",), skip_locked=True).select_related("plan")
        held = rows.filter(pk=sunset_id, state=SunsetState.RUNNING, enrol_at__lte=at).first()
        if held is None:
            return False
        values: dict[str, Any] = {"sunset": held.pk, "plan": held.plan_id, "now": at, "live": list(LIVE_STATUSES)}
        with connection.cursor() as cursor:
            cursor.execute(ENROL, values)
        held.enrol_at = at + DAY
        if not Subscription.objects.live().filter(plan=held.plan_id).exists() and at >= sunsets.ends_at(held):
            held.state, held.closed_at, held.enrol_at = SunsetState.OVER, at, None
        held.save(update_fields=["enrol_at", "state", "closed_at"])
    return True


def _look(case_id: int, at: datetime) -> bool:
    """One customer: told, or settled. What is asked of other services has its own transaction; a crash between repeats it."""
    rows = SunsetCase.objects.select_related("sunset__plan", "sunset__successor", "price__plan")
    of_row = ("organization__profile", "price", "line")
    case = rows.select_related(*(f"subscription__{name}" for name in of_row)).get(pk=case_id)
    if case.state not in UNSETTLED or case.sunset.state != SunsetState.RUNNING:
        return _close(case, SunsetCaseState(case.state), at)
    row = case.subscription
    standing = overview.standing(row.organization, row.line.code)
    state = _answer(case, standing)
    if state is not None or standing is None:
        return _close(case, state or SunsetCaseState.GONE, at)
    period = row.period_starts_at, row.period_ends_at
    case.renews_at = rules.had_until(period, row.price.interval, sunsets.ends_at(case.sunset))
    if case.state == SunsetCaseState.CHOSEN and row.period_ends_at == case.renews_at:
        _put(case, at)
        if case.state == SunsetCaseState.CHOSEN:
            return _close(case, SunsetCaseState.MOVED, at)
    if at >= case.renews_at - rules.CLOSES_BEFORE:
        return _settle(case, at)
    return _tell(case, standing, at)


def _answer(case: SunsetCase, standing: Standing | None) -> SunsetCaseState | None:
    """What has been decided otherwise: another plan is had or waits, or it ends. None: nothing."""
    row = case.subscription
    if standing is None or standing.row.pk != row.pk or not row.is_live or standing.ends_at is not None:
        return SunsetCaseState.GONE
    if row.plan_id != case.sunset.plan_id:
        return SunsetCaseState.MOVED
    waits = row.scheduled.filter(kind=ScheduledKind.PLAN, state=ScheduledState.PENDING).first()
    return SunsetCaseState.MOVED if waits is not None and waits.effective_at <= case.renews_at else None


def _put(case: SunsetCase, at: datetime) -> None:
    """The last period runs: what was chosen waits for its end. If it is not sold so any more, it is asked anew."""
    row, price = case.subscription, case.price
    assert price is not None
    try:
        if not sunsets.is_still_sold(case):
            raise seats.Stale
        by = Origin(actor=case.chosen_by, source=Origin.system().source)
        interval = row.price.interval
        plan_changes.schedule_for(row, plan=price.plan.code, interval=interval, origin=by, at=at, reason="sunset")
    except seats.SeatsError:
        case.state, case.price, case.amount_minor, case.told = SunsetCaseState.OPEN, None, None, 0
        case.save(update_fields=["state", "price", "amount_minor", "told"])


def _settle(case: SunsetCase, at: datetime) -> bool:
    """A day before: who has chosen has it then; who has not keeps the plan or ends with it, as the sunset says."""
    row = case.subscription
    if row.scheduled.filter(kind=ScheduledKind.PLAN, state=ScheduledState.PENDING).exists():
        return _close(case, SunsetCaseState.MOVED, at)
    if not case.sunset.is_end:
        return _close(case, SunsetCaseState.STAYS, at)
    if not case.told and any(_days(case, at)):  # nobody said a word in time: one more period, with all notices
        later = max(row.period_ends_at, at) + timedelta(hours=2)
        SunsetCase.objects.filter(pk=case.pk).update(due_at=later, renews_at=case.renews_at)
        return True
    try:
        scheduled.end(row, reason_code=CancelReason.OTHER, reason="sunset", origin=Origin.system(), at=at)
    except seats.SeatsError:  # paused, or a payment is missing: it is looked at again, and renews with the plan until then
        SunsetCase.objects.filter(pk=case.pk).update(due_at=at + DAY, renews_at=case.renews_at)
        return True
    return _close(case, SunsetCaseState.ENDS, at)


def _tell(case: SunsetCase, standing: Standing, at: datetime) -> bool:
    """The newest notice that is due, if it was not told; and when to look next."""
    organization, days = case.subscription.organization, _days(case, at)
    due = rules.notices_due(at, case.renews_at, days)
    with transaction.atomic(durable=True):
        held = SunsetCase.objects.select_for_update(skip_locked=True).filter(pk=case.pk, due_at__lte=at).first()
        if held is None:
            return False
        if due > held.told and held.state == SunsetCaseState.OPEN:
            context = _context(case, standing, is_last=due == len(days))
            notices.write("sunset", f"sunset_case:{case.pk}:{case.renews_at:%Y%m%d}:{due}", organization, context, at)
            sunsets.tell("billing.sunset.told", case.sunset, organization, at, subscription=case.subscription_id)
        held.told, held.renews_at = max(due, held.told), case.renews_at
        held.due_at = min(rules.next_look(at, case.renews_at, days), _period_over(case, at))
        held.save(update_fields=["told", "renews_at", "due_at"])
    return True


def _days(case: SunsetCase, at: datetime) -> tuple[int, ...]:
    profile = getattr(case.subscription.organization, "profile", None)
    return queries.notice_days(profile.segment if profile else None, at)


def _period_over(case: SunsetCase, at: datetime) -> datetime:
    """Soon after the present period, where more of them come before the last: then it is the last, or counted anew."""
    ends_at = case.subscription.period_ends_at
    return max(ends_at, at) + timedelta(hours=2) if ends_at < case.renews_at else case.renews_at


def _context(case: SunsetCase, standing: Standing, *, is_last: bool) -> dict[str, Any]:
    choices = queries.choices(standing, case)
    suggested = next((one for one in choices if one.is_suggested), None)
    address = reverse("storefront:sunset")
    return {
        "plan": case.sunset.plan.name,
        "interval": standing.row.price.interval,
        "seats": standing.quantity,
        "currency": standing.row.currency,
        "renews_at": case.renews_at,
        "answer_by": case.renews_at - rules.CLOSES_BEFORE,
        "is_end": case.sunset.is_end,
        "is_last": is_last,
        "now_minor": queries.now_minor(standing),
        "successor": suggested.price.plan.name if suggested else "",
        "then_minor": suggested.amount_minor if suggested else None,
        "choose_url": f"{settings.STORE_URL}{address}?{urlencode({'line': standing.row.line.code})}",
    }


def _close(case: SunsetCase, state: SunsetCaseState, at: datetime) -> bool:
    """Settled: nothing of it falls due any more."""
    with transaction.atomic(durable=True):
        rows = SunsetCase.objects.filter(pk=case.pk, due_at__isnull=False)
        taken = rows.update(state=state, due_at=None, renews_at=case.renews_at)
        if taken and state != SunsetCaseState.CALLED_OFF:
            organization = case.subscription.organization
            said: dict[str, Any] = {"answer": state.value, "subscription": case.subscription_id}
            sunsets.tell("billing.sunset.settled", case.sunset, organization, at, **said)
    return bool(taken)
