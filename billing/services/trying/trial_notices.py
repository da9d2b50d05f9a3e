"""The lane that announces the end of trials, each stage once: 7 days and 1 day before, by the policy register.

The amount in the mail is Stripe's own preview of that charge, so it is asked for first, outside any transaction; then the row
is locked, and told only if it still says the same. A late beat makes up for what it missed with the last stage that is due.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import QuerySet

from billing import gateway
from billing.models import Trial
from billing.queries import trials as queries
from billing.rules import trials as rules
from billing.rules.preview import FirstCharge
from billing.services.books import trial_mails
from billing.services.mirroring import first_charges
from config import clock, pulse

BATCH = 20
AFTER_SILENCE = timedelta(minutes=1)
log = structlog.get_logger(__name__)


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = "EXISTS (SELECT 1 FROM billing_trial WHERE notice_due_at <= %(at)s)"


def drain(now: datetime) -> pulse.Drained:
    """The lane. Trials run on store time, whatever the wall says."""
    at = clock.now()
    due = Trial.objects.filter(notice_due_at__lte=at).order_by("notice_due_at", "pk")
    return pulse.Drained(handled=sum(_announce(pk, at) for pk in list(due.values_list("pk", flat=True)[:BATCH])))


def next_due_at() -> datetime | None:
    """When the next announcement falls due, in store time."""
    waiting = Trial.objects.filter(notice_due_at__isnull=False).order_by("notice_due_at")
    return waiting.values_list("notice_due_at", flat=True).first()


def _announce(trial_id: int, at: datetime) -> bool:
    """One trial's announcement, if it is due and wanted; whether the row has moved on."""
    row = _rows().get(pk=trial_id)
    charge = None
    if _is_wanted(row, at):
        assert row.subscription is not None
        try:
            charge = first_charges.at_trial_end(row.subscription)
        except gateway.GatewayError as error:
            log.warning("trial_notice_put_off", trial=trial_id, kind=type(error).__name__)
            Trial.objects.filter(pk=trial_id, notice_due_at=row.notice_due_at).update(notice_due_at=at + AFTER_SILENCE)
            return False
    with transaction.atomic(durable=True):
        held = _rows().select_for_update(of=("self",), skip_locked=True).filter(pk=trial_id, notice_due_at__lte=at).first()
        if held is None or _facts(held) != _facts(row):  # changed while Stripe was asked: the next turn asks anew
            return False
        _tell(held, charge, at)
    return True


def _facts(trial: Trial) -> tuple[object, ...] | None:
    """What the amount and the wish to tell it follow from."""
    row = trial.subscription
    return None if row is None else (row.status, row.trial_ends_at, row.cancel_at, row.quantity, row.price_id)


def _tell(held: Trial, charge: FirstCharge | None, at: datetime) -> None:
    stage, row = _stage(held, at), held.subscription
    if row is None or row.trial_ends_at is None or held.since is None:
        held.notice_due_at = None
    else:
        # A trial that is to end anyway has been told so; if that is taken back, the stages to come are announced.
        if stage is not None and charge is not None and _is_wanted(held, at):
            longer = queries.extended_end(ends_at=row.trial_ends_at, extended_at=held.extended_at, at=at)
            trial_mails.ends(held, row, charge=charge, days=stage, longer_until=longer, at=at)
        if stage is not None:
            held.told_days, held.told_ends_at = stage, row.trial_ends_at
        over = at >= row.trial_ends_at
        stages = queries.stages(at)
        held.notice_due_at = (
            None if over else rules.next_at(since=held.since, ends_at=row.trial_ends_at, stages=stages, told=held.told)
        )
    held.save(update_fields=["notice_due_at", "told_days", "told_ends_at"])


def _stage(trial: Trial, at: datetime) -> int | None:
    row = trial.subscription
    if row is None or row.trial_ends_at is None or trial.since is None:
        return None
    return rules.stage(since=trial.since, ends_at=row.trial_ends_at, now=at, stages=queries.stages(at), told=trial.told)


def _is_wanted(trial: Trial, at: datetime) -> bool:
    row = trial.subscription
    return row is not None and row.status == "trialing" and row.cancel_at is None and _stage(trial, at) is not None


def _rows() -> QuerySet[Trial]:
    wanted = ("organization__customer", "plan", "line", "price")
    return Trial.objects.select_related(*(f"subscription__{name}" for name in wanted))
