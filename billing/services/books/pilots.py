"""A pilot's row through its life: claimed, begun or released, its notices planned, then ended or become the plan.

Everything here runs in the caller's transaction, under the lock of the organization (claiming) or of the subscription.
At Stripe a pilot is the plan's subscription in a trial, with the fee on its first invoice and its end set from the start
(docs/decisions/pilots.md).
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.origin import Origin, Source
from accounts.services import journal
from billing.models import (
    CheckoutAttempt,
    PilotRun,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    Subscription,
)
from billing.queries import pilots as queries
from billing.rules import pilots as rules
from billing.rules import trials
from billing.services.books import pilot_mails, projection


class Refused(Exception):
    """The pilot cannot be had (again); `answer` says why. Buying the plan is open all the same."""

    def __init__(self, answer: queries.Answer) -> None:
        super().__init__(f"no pilot: {answer.refusal}")
        self.answer = answer


def claim(attempt: CheckoutAttempt, *, at: datetime) -> None:
    """Take the one pilot there is for the organization and line. Raises Refused; the caller's transaction then ends."""
    fee = attempt.pilot_fee
    if fee is None:
        return
    asked = queries.ask(attempt.organization, line_id=attempt.line_id)
    if asked.refusal is not None:
        raise Refused(asked)
    try:
        with transaction.atomic():
            PilotRun.objects.create(
                organization=attempt.organization,
                line=attempt.line,
                fee=fee,
                seats=attempt.seats,
                days=fee.pilot.days,
                is_credited=fee.pilot.is_credited,
                attempt=attempt,
                claimed_at=at,
            )
    except IntegrityError as error:
        raise Refused(queries.Answer(refusal=rules.Refusal.USED, on=at)) from error


def release(attempt: CheckoutAttempt, *, at: datetime) -> None:
    """The payment page led to nothing: the pilot can be had again."""
    if attempt.pilot_fee_id is not None:
        PilotRun.objects.filter(attempt=attempt, starts_at=None, released_at=None).update(released_at=at)


def begin(attempt: CheckoutAttempt, row: Subscription, *, at: datetime) -> None:
    """The fee is paid: the pilot runs, and its end is arranged with Stripe at once: nothing is ever charged by itself."""
    run = PilotRun.objects.select_for_update(of=("self",)).filter(attempt=attempt).first()
    if run is None or row.trial_ends_at is None:
        return
    run.subscription, run.starts_at, run.ends_at = row, row.started_at, row.trial_ends_at
    plan_notice(run, at)
    run.save()
    if run.released_at is not None:
        _take_again(run)
    ScheduledChange.objects.create(
        subscription=row,
        kind=ScheduledKind.END,
        effective_at=row.trial_ends_at,
        reason="pilot",
        source=Source.SYSTEM,
        created_at=at,
    )
    projection.want(row)
    _tell("started", row, at, ends_at=run.ends_at.isoformat(), days=run.days, seats=run.seats)
    pilot_mails.started(run, row, at=at)


def convert(row: Subscription, *, at: datetime) -> bool:
    """The plan's first paid period has begun. False where the subscription is no pilot."""
    run = _of(row)
    if run is None:
        return False
    run.converted_at, run.notice_due_at = row.period_starts_at, None
    run.save(update_fields=["converted_at", "notice_due_at"])
    drop_end(row, at=at)
    _tell("converted", row, at, quantity=row.quantity)
    return True


def end(row: Subscription, *, at: datetime) -> bool:
    """The subscription is over: what was made can be read. False where it was no pilot, or had become the plan."""
    run = _of(row)
    if run is None or run.converted_at is not None:
        return False
    if run.ended_at is None:
        run.ended_at, run.notice_due_at = row.ended_at or at, None
        run.save(update_fields=["ended_at", "notice_due_at"])
        _tell("ended", row, at)
        pilot_mails.ended(run, row, at=at)
    return True


def drop_end(row: Subscription, *, at: datetime) -> None:
    """It goes on: the end that was arranged from the start no longer waits, here or at Stripe."""
    waits = row.scheduled.filter(kind=ScheduledKind.END, state=ScheduledState.PENDING)
    if waits.update(state=ScheduledState.SUPERSEDED, ended_at=at):
        projection.want(row)


def plan_notice(run: PilotRun, at: datetime) -> None:
    """When the end is announced next. Sets the field; does not save."""
    if run.starts_at is None or run.ends_at is None:
        return
    run.notice_due_at = trials.next_at(since=run.starts_at, ends_at=run.ends_at, stages=queries.stages(at), told=run.told)


def _of(row: Subscription) -> PilotRun | None:
    rows = PilotRun.objects.select_for_update(of=("self",)).select_related("fee__pilot__plan", "organization")
    return rows.filter(subscription=row).first()


def _take_again(run: PilotRun) -> None:
    """We believed its page had run out, and it was paid: the claim counts, unless another has taken it meanwhile."""
    try:
        with transaction.atomic():
            PilotRun.objects.filter(pk=run.pk).update(released_at=None)
    except IntegrityError:
        return


def _tell(verb: str, row: Subscription, at: datetime, origin: Origin | None = None, **more: Any) -> None:
    origin = origin or Origin.stripe()
    journal.append(
        kind=f"billing.pilot.{verb}",
        organization=row.organization,
        at=at,
        origin=origin,
        data={"subscription": row.pk, "plan": row.plan.code, **more},
    )
