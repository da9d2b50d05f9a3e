"""A plan that ends for those who have it: begun by us, answered by a click of theirs, called off by us.

The consent is that of a new price (renewing.price_moves): nobody has another plan, or pays more, without their own click. Who
clicks early is taken at their word: the plan they have is theirs until its last renewal, so what they chose waits with their
row and becomes a scheduled change in the last period (renewing.sunset_sweep).
"""

from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import Organization
from accounts.origin import Origin
from accounts.services import journal
from billing.models import (
    UNSETTLED,
    Move,
    Plan,
    ScheduledKind,
    ScheduledState,
    Sunset,
    SunsetCase,
    SunsetCaseState,
    SunsetState,
)
from billing.queries import catalog
from billing.queries import sunsets as queries
from billing.queries.overview import Standing
from billing.services import notices
from billing.services.changes import plan_changes, scheduled, seats


class SunsetError(Exception):
    """A sunset that cannot be begun."""


class NoWay(SunsetError):
    """The catalog has no move to the suggested plan: add one first, so that it can be had by a click."""


class Running(SunsetError):
    """One of this plan runs already."""


class TooSoon(SunsetError):
    """The day has to leave time for all notices: `earliest` at least."""

    def __init__(self, earliest: date) -> None:
        super().__init__(f"{earliest} is the first day that leaves time for all notices.")
        self.earliest = earliest


def begin(  # of what, until when, what instead, and by whom
    plan: Plan, *, ends_on: date, successor: Plan | None, is_end: bool, reason: str, origin: Origin, at: datetime
) -> Sunset:
    """End a plan for its customers. Nobody is told before the sweep has made a row for each. Raises the SunsetErrors."""
    earliest = (at + timedelta(days=max(queries.notice_days(None, at)))).date()
    if ends_on < earliest:
        raise TooSoon(earliest)
    if successor is not None and not Move.objects.filter(from_plan=plan, to_plan=successor).exists():
        raise NoWay("The catalog has no move to the suggested plan.")
    try:
        with transaction.atomic(durable=True):
            made = Sunset.objects.create(
                plan=plan,
                successor=successor,
                ends_on=ends_on,
                is_end=is_end,
                reason=reason,
                created_by=origin.actor,
                created_at=at,
                enrol_at=at,
            )
            tell("billing.sunset.begun", made, None, at, origin)
    except IntegrityError as error:
        raise Running("A sunset of this plan runs already.") from error
    return made


def ends_at(sunset: Sunset) -> datetime:
    """The instant from which a renewal is the last."""
    return datetime.combine(sunset.ends_on, day_time(0), UTC)


def choose(standing: Standing, *, plan: str, amount_minor: int, origin: Origin, at: datetime) -> SunsetCase:
    """Have another plan once this one has ended, for the amount that was shown. Another choice takes the first one's place.

    Raises seats.Stale where it is another amount by now, or nothing is asked; and what plan_changes.schedule_for raises.
    """
    case = queries.of(standing.row)
    if case is None or case.state not in UNSETTLED:
        raise seats.Stale
    price = plan_changes.price_for(standing.row, plan)
    if queries.amount_minor(standing, price) != amount_minor:
        raise seats.Stale
    if standing.row.period_ends_at == case.renews_at:
        interval = standing.row.price.interval
        plan_changes.schedule_for(standing.row, plan=plan, interval=interval, origin=origin, at=at, reason="sunset")
    with transaction.atomic(durable=True):
        held = SunsetCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
        if held.state not in UNSETTLED:
            raise seats.Stale
        held.state, held.price, held.amount_minor = SunsetCaseState.CHOSEN, price, amount_minor
        held.chosen_by, held.chosen_at = origin.actor, at
        held.save(update_fields=["state", "price", "amount_minor", "chosen_by", "chosen_at"])
        said: dict[str, Any] = {"subscription": standing.row.pk, "plan": price.plan.code}
        said |= {"amount_minor": amount_minor, "currency": standing.row.currency}
        tell("billing.sunset.chosen", case.sunset, standing.row.organization, at, origin, **said)
    return held


def call_off(sunset: Sunset, *, origin: Origin, at: datetime) -> bool:
    """The plan stays: questions are closed, ends that nobody asked for are taken back, and whoever was told hears of it.

    What somebody has chosen by a click and waits already stays theirs. False: it does not run.
    """
    with transaction.atomic(durable=True):
        taken = Sunset.objects.filter(pk=sunset.pk, state=SunsetState.RUNNING)
        if not taken.update(state=SunsetState.CALLED_OFF, closed_by=origin.actor, closed_at=at, enrol_at=None):
            return False
        rows = SunsetCase.objects.filter(sunset=sunset).select_related("subscription__organization", "subscription__plan")
        ended = [case for case in rows if case.state == SunsetCaseState.ENDS]
        told = [case for case in rows if case.told and (case.due_at or case.price_id or case.state == SunsetCaseState.ENDS)]
        open_ones = SunsetCase.objects.filter(sunset=sunset, state__in=(*UNSETTLED, SunsetCaseState.ENDS))
        open_ones.update(state=SunsetCaseState.CALLED_OFF, due_at=None)
        tell("billing.sunset.called_off", sunset, None, at, origin)
        for case in told:
            context = {**notices.plan_of(case.subscription), "has_chosen": case.price_id is not None}
            notices.write("sunset_off", f"sunset_case:{case.pk}", case.subscription.organization, context, at)
    for case in ended:
        _go_on(case, origin, at)
    return True


def _go_on(case: SunsetCase, origin: Origin, at: datetime) -> None:
    """Take back the end that came of the sunset; one that somebody asked for stays."""
    waits = case.subscription.scheduled.filter(kind=ScheduledKind.END, state=ScheduledState.PENDING, actor=None)
    change = waits.filter(reason="sunset").first()
    if change is not None:
        scheduled.take_back(change, origin=origin, at=at)


def tell(
    kind: str, sunset: Sunset, organization: Organization | None, at: datetime, origin: Origin | None = None, **more: Any
) -> None:
    origin = origin or Origin.system()
    data = {"sunset": sunset.pk, "plan": sunset.plan.code, "ends_on": sunset.ends_on.isoformat(), **more}
    journal.append(kind=kind, organization=organization, at=at, origin=origin, data=data)


def is_still_sold(case: SunsetCase) -> bool:
    """Whether what was chosen is still sold at the price it was chosen at."""
    price, row = case.price, case.subscription
    if price is None:
        return False
    now = catalog.price_row(plan_id=price.plan_id, interval=row.price.interval, currency=row.currency)
    return now is not None and now.pk == price.pk
