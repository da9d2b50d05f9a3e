"""The lane that announces the end of pilots, each stage once: 14, 7 and 1 days before, by the policy register.

A late beat makes up for what it missed with the last stage that is due. Nothing is charged at the end, so nobody is asked.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from billing.models import PilotRun
from billing.queries import pilots as queries
from billing.rules import trials as rules
from billing.services.books import pilot_mails
from config import clock, pulse

BATCH = 20


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = "EXISTS (SELECT 1 FROM billing_pilotrun WHERE notice_due_at <= %(at)s)"


def drain(now: datetime) -> pulse.Drained:
    """The lane. Pilots run on store time, whatever the wall says."""
    at = clock.now()
    due = PilotRun.objects.filter(notice_due_at__lte=at).order_by("notice_due_at", "pk")
    return pulse.Drained(handled=sum(_announce(pk, at) for pk in list(due.values_list("pk", flat=True)[:BATCH])))


def next_due_at() -> datetime | None:
    """When the next announcement falls due, in store time."""
    waiting = PilotRun.objects.filter(notice_due_at__isnull=False).order_by("notice_due_at")
    return waiting.values_list("notice_due_at", flat=True).first()


def _announce(run_id: int, at: datetime) -> bool:
    wanted = ("organization__customer", "plan", "line", "price")
    rows = PilotRun.objects.select_related("fee__pilot__plan", *(f"subscription__{name}" for name in wanted))
    with transaction.atomic(durable=True):
        held = rows.select_for_update(of=("self",), skip_locked=True).filter(pk=run_id, notice_due_at__lte=at).first()
        if held is None:
            return False
        _tell(held, at)
    return True


def _tell(held: PilotRun, at: datetime) -> None:
    row, since, ends_at = held.subscription, held.starts_at, held.ends_at
    if row is None or since is None or ends_at is None or not held.is_running or row.status != "trialing":
        held.notice_due_at = None
    else:
        stages = queries.stages(at)
        stage = rules.stage(since=since, ends_at=ends_at, now=at, stages=stages, told=held.told)
        if stage is not None:
            pilot_mails.ends(held, row, days=stage, at=at)
            held.told_days, held.told_ends_at = stage, ends_at
        over = at >= ends_at
        held.notice_due_at = None if over else rules.next_at(since=since, ends_at=ends_at, stages=stages, told=held.told)
    held.save(update_fields=["notice_due_at", "told_days", "told_ends_at"])
