"""A trial's row through its life: claimed, begun or released, its notices planned, converted or paused.

Everything here runs in the caller's transaction, under the lock of the organization (claiming) or of the subscription.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.origin import Origin
from accounts.queries import joining
from accounts.services import journal
from billing.models import CheckoutAttempt, Subscription, Trial
from billing.queries import trials as queries
from billing.rules import trials as rules
from billing.services.books import ledger, pilots, trial_mails


class Refused(Exception):
    """The plan cannot be tried (again); `answer` says why. Buying it is open all the same."""

    def __init__(self, answer: queries.Answer) -> None:
        super().__init__(f"no trial: {answer.refusal}")
        self.answer = answer


def claim(attempt: CheckoutAttempt, *, user: User | None, at: datetime) -> None:
    """Take the one trial there is for the organization and its company. Raises Refused; the caller's transaction then ends."""
    asked = queries.ask(attempt.organization, line_id=attempt.line_id, trial_days=attempt.trial_days, user=user)
    if asked.refusal is not None:
        raise Refused(asked)
    domain = joining.proven_domain(attempt.organization, user)
    try:
        Trial.objects.create(
            organization=attempt.organization,
            line=attempt.line,
            domain=domain,
            days=attempt.trial_days,
            attempt=attempt,
            claimed_at=at,
        )
    except IntegrityError as error:
        # Of two organizations of one company the database decides; within one, its lock has.
        raise Refused(queries.Answer(refusal=rules.Refusal.COMPANY, on=at, domain=domain)) from error


def release(attempt: CheckoutAttempt, *, at: datetime) -> None:
    """The payment page led to nothing: the trial can be had again."""
    if attempt.trial_days:
        Trial.objects.filter(attempt=attempt, starts_at=None, released_at=None).update(released_at=at)


def begin(attempt: CheckoutAttempt, row: Subscription, *, at: datetime) -> None:
    """The payment page was completed: the trial runs."""
    trial = Trial.objects.select_for_update(of=("self",)).filter(attempt=attempt).first()
    if trial is None or row.trial_ends_at is None:
        return
    trial.subscription, trial.starts_at, trial.ends_at = row, row.started_at, row.trial_ends_at
    _plan(trial, row, at)
    trial.save()
    if trial.released_at is not None:
        _take_again(trial)
    _tell("started", row, at, ends_at=row.trial_ends_at.isoformat(), days=trial.days)


def follow(row: Subscription, *, at: datetime) -> None:
    """Stripe's word about a trial that has not become paid: its end moved, or it ended without a card."""
    trial = _of(row)
    if trial is None:
        return
    if row.status == "paused" and trial.paused_at is None:
        trial.paused_at, trial.notice_due_at = at, None
        trial.save(update_fields=["paused_at", "notice_due_at"])
        _tell("paused", row, at)
        trial_mails.paused(trial, row, at=at)
    elif row.status == "trialing":
        before = trial.notice_due_at
        _plan(trial, row, at)
        if trial.notice_due_at != before:
            trial.save(update_fields=["notice_due_at"])


def convert(row: Subscription, *, at: datetime) -> None:
    """The first paid period has begun: from here on the subscription is revenue."""
    row.converted_at = row.period_starts_at
    row.save(update_fields=["converted_at"])
    ledger.convert(row, at=row.period_starts_at)
    Trial.objects.filter(subscription=row).update(converted_at=row.period_starts_at, notice_due_at=None)
    if not pilots.convert(row, at=at):
        _tell("converted", row, at, quantity=row.quantity)


def extended(row: Subscription, *, by: User | None, at: datetime) -> None:
    """The one extension is had: the agreed end is the one that Stripe has now."""
    trial = _of(row)
    if trial is None or row.trial_ends_at is None:
        return
    trial.extended_at, trial.extended_by, trial.ends_at = at, by, row.trial_ends_at
    _plan(trial, row, at)
    trial.save()
    _tell("extended", row, at, ends_at=row.trial_ends_at.isoformat())
    trial_mails.extended(trial, row, at=at)


def end(row: Subscription) -> None:
    """The subscription is over: nothing is announced any more."""
    Trial.objects.filter(subscription=row, notice_due_at__isnull=False).update(notice_due_at=None)


def _of(row: Subscription) -> Trial | None:
    return Trial.objects.select_for_update(of=("self",)).filter(subscription=row).first()


def _plan(trial: Trial, row: Subscription, at: datetime) -> None:
    """When the end is announced next. Sets the field; does not save."""
    since = trial.since
    if since is None or row.trial_ends_at is None:
        return
    trial.notice_due_at = rules.next_at(since=since, ends_at=row.trial_ends_at, stages=queries.stages(at), told=trial.told)


def _take_again(trial: Trial) -> None:
    """We believed its page had run out, and it was completed: the claim counts, unless somebody has taken it meanwhile."""
    try:
        with transaction.atomic():
            Trial.objects.filter(pk=trial.pk).update(released_at=None)
    except IntegrityError:
        return


def _tell(verb: str, row: Subscription, at: datetime, **more: Any) -> None:
    journal.append(
        kind=f"billing.trial.{verb}",
        organization=row.organization,
        at=at,
        origin=Origin.stripe(),
        data={"subscription": row.pk, "plan": row.plan.code, **more},
    )
