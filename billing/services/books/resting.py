"""A subscription that rests, as Stripe says it: what it does to revenue, to what waits, and to the pause it is of.

Whoever paused it: by a pause of ours, or by hand at Stripe, which has no row and no end of its own.
"""

from datetime import datetime

from accounts.origin import Origin, Source
from accounts.queries import policies, profiles
from accounts.services import journal
from billing import gateway
from billing.models import LedgerKind, Pause, PauseState, ScheduledState, Subscription
from billing.queries import addons
from billing.rules import intervals
from billing.rules import pauses as rules
from billing.services.books import leaving_mails, ledger, projection

OPEN = (PauseState.SENDING, PauseState.ON)


def follow(row: Subscription, answer: gateway.Subscription, *, was: str, at: datetime) -> None:
    """It began to rest, goes on, or neither. `was` is its status until now; the caller holds the row's lock."""
    if was != "paused" and row.status == "paused":
        _begin(row, answer, at)
    elif was == "paused" and row.status != "paused":
        _go_on(row, at)


def end(row: Subscription, at: datetime) -> None:
    """The subscription is over, and with it its pause."""
    Pause.objects.filter(subscription=row, state__in=OPEN).update(state=PauseState.ENDED, ended_at=at, due_at=None)


def _begin(row: Subscription, answer: gateway.Subscription, at: datetime) -> None:
    pause, began_at = _pause(row), _began_at(answer, at)
    origin = Origin(actor=pause.actor, source=Source(pause.source)) if pause else Origin.stripe()
    before = ledger.of_all_minor(row.price, row.quantity, addons.of(row)) if row.quantity else 0
    ledger.book(row, kind=LedgerKind.PAUSED, delta=0, origin=origin, at=began_at, counted_before_minor=before)
    projection.settled(row)
    if pause is not None:
        days = policies.value("billing.pause_notice_days", at, profiles.segment(row.organization_id))
        pause.state, pause.began_at = PauseState.ON, began_at
        pause.resumes_at = rules.resumes_at(began_at, pause.months)
        pause.due_at = rules.announced_at(began_at, pause.resumes_at, days=days) or pause.resumes_at
        pause.save()
        # What waits for a period's end waits for that of the first one after the pause.
        then = intervals.end(pause.resumes_at, row.price.interval)
        row.scheduled.filter(state=ScheduledState.PENDING).update(effective_at=then)
        leaving_mails.paused(row, pause, at=at)
    _tell("billing.subscription.paused", row, pause, origin, began_at)


def _go_on(row: Subscription, at: datetime) -> None:
    """Revenue again, and what waited waits for the end of the period that has just begun."""
    pause = _pause(row)
    origin = Origin.stripe()
    ledger.book(row, kind=LedgerKind.RESUMED, delta=0, origin=origin, at=row.period_starts_at, counted_before_minor=0)
    pending = row.scheduled.filter(state=ScheduledState.PENDING)
    if pending.update(effective_at=row.period_ends_at):
        projection.want(row)
    if pause is not None:
        pause.state, pause.ended_at, pause.due_at, pause.message = PauseState.RESUMED, row.period_starts_at, None, ""
        pause.save()
    leaving_mails.resumed(row, at=at)
    _tell("billing.subscription.resumed", row, pause, origin, row.period_starts_at)


def _pause(row: Subscription) -> Pause | None:
    rows = Pause.objects.select_for_update(of=("self",)).select_related("actor")
    return rows.filter(subscription=row, state__in=OPEN).first()


def _began_at(answer: gateway.Subscription, at: datetime) -> datetime:
    paused = answer.status_details.paused if answer.status_details else None
    return datetime.fromtimestamp(paused.transitioned_at, at.tzinfo) if paused else at


def _tell(kind: str, row: Subscription, pause: Pause | None, origin: Origin, at: datetime) -> None:
    until = pause.resumes_at.isoformat() if pause and pause.resumes_at else None
    journal.append(
        kind=kind,
        organization=row.organization,
        at=at,
        origin=origin,
        data={"subscription": row.pk, "until": until, "given_back_minor": pause.credit_minor if pause else 0},
    )
