"""Seats that are added by themselves: when all that are bought are in use, within the owner's cap and budget.

A lane of the pulse claims what triggers have marked. What it does is the very change of seats that a person makes
(changes.seats): previewed, held against the budget, then confirmed for exactly that price. Its nonce is made of the
ledger's last entry, so many people who join at once, and many workers, make one expansion.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.urls import reverse

from accounts.origin import Origin
from accounts.services import journal, outbox
from billing import gateway
from billing.models import (
    AUTOMATIC,
    UNDOING,
    AutoExpansion,
    ChangeState,
    ExpansionStop,
    SeatChange,
    Subscription,
)
from billing.queries import terms
from billing.services import commands, notices, people
from billing.services.changes import seats
from config import clock, pulse

BATCH: Final = 20
LEASE: Final = timedelta(seconds=45)
BUDGET_DAYS: Final = 30
SOON: Final = timedelta(seconds=5)
DAILY: Final = timedelta(days=1)
CLAIM: Final = """
UPDATE billing_autoexpansion SET due_at = %(until)s WHERE subscription_id IN (
    SELECT subscription_id FROM billing_autoexpansion WHERE is_on AND due_at <= %(now)s
    ORDER BY due_at LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED)
RETURNING subscription_id
"""
log = structlog.get_logger(__name__)


class OutOfRange(ValueError):
    """The cap is below what is bought, or above what the plan is sold with (`least` to `most`)."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(f"Between {least} and {most} seats.")
        self.least, self.most = least, most


def of(row: Subscription) -> AutoExpansion:
    """The setting; one that is off, and not saved, where nobody has made one."""
    found = AutoExpansion.objects.filter(subscription=row).first()
    most = min(row.quantity + 10, terms.most_seats(row.organization_id, row.plan, row.quantity + 10))
    return found or AutoExpansion(subscription=row, most=max(most, row.quantity), budget_minor=0)


@transaction.atomic
def put(
    row: Subscription, *, is_on: bool, step: int, most: int, budget_minor: int, origin: Origin, at: datetime
) -> AutoExpansion:
    """Set what is added by itself. Looked at at once. Raises OutOfRange."""
    sold = terms.most_seats(row.organization_id, row.plan, most)
    if is_on and not row.quantity <= most <= max(sold, row.quantity):
        raise OutOfRange(row.quantity, sold)
    values = {"is_on": is_on, "step": step, "most": most, "budget_minor": budget_minor, "set_at": at, "set_by": origin.actor}
    found, _new = AutoExpansion.objects.select_for_update().get_or_create(subscription=row, defaults=values)
    for name, value in values.items():
        setattr(found, name, value)
    found.attempt, found.stopped = found.attempt + 1, ""
    found.save()
    AutoExpansion.objects.filter(pk=found.pk).update(due_at=Now() if is_on else None)
    journal.append(
        kind="billing.expansion.set",
        organization=row.organization,
        at=at,
        origin=origin,
        data={"subscription": row.pk, "is_on": is_on, "step": step, "most": most, "budget_minor": budget_minor},
    )
    return found


def made(row: Subscription, since: datetime) -> list[SeatChange]:
    """What was added by itself since, and not undone, the newest first."""
    rows = SeatChange.objects.filter(subscription=row, state=ChangeState.DONE, created_at__gte=since)
    found = list(rows.filter(nonce__startswith=AUTOMATIC).order_by("-pk"))
    undone = set(rows.filter(nonce__startswith=UNDOING).values_list("nonce", flat=True))
    return [change for change in found if f"{UNDOING}{change.public_id}" not in undone]


def spent_minor(row: Subscription, at: datetime) -> int:
    """What that cost in the last 30 days, with tax, credit that was used for it included."""
    return sum(change.preview["total_minor"] for change in made(row, at - timedelta(days=BUDGET_DAYS)))


def drain(now: datetime) -> pulse.Drained:
    """The lane, on wall time: seats are in use when they are."""
    until = now + LEASE
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "until": until, "batch": BATCH})
        claimed = [pk for (pk,) in cursor.fetchall()]
    for pk in claimed:
        try:
            again_after = _look(pk, clock.now())
        except gateway.GatewayError as error:
            log.warning("expansion_put_off", subscription=pk, kind=type(error).__name__)
            continue  # once the lease has run out
        # A seat that was given meanwhile has marked it again.
        next_at = None if again_after is None else now + again_after
        AutoExpansion.objects.filter(pk=pk, due_at=until).update(due_at=next_at)
    return pulse.Drained(handled=len(claimed))


def _look(subscription_id: int, at: datetime) -> timedelta | None:
    """One subscription: its next step, if all its seats are in use. When to look again; None: once something changes."""
    rows = AutoExpansion.objects.select_related("subscription__organization__customer", "subscription__plan__line")
    held = rows.select_related("subscription__price", "subscription__line").get(pk=subscription_id)
    row = held.subscription
    if not held.is_on or row.status != "active" or people.free_seats(row) > 0:
        return None
    wanted = min(row.quantity + held.step, held.most)
    target = min(wanted, terms.most_seats(row.organization_id, row.plan, wanted))
    if target <= row.quantity:
        _stop(held, ExpansionStop.CAP, at)
        return None
    try:
        return _expand(held, row, target, at)
    except (commands.Busy, seats.Stale):
        return SOON  # with what is had then
    except seats.WaitsForPayment:
        _stop(held, ExpansionStop.WAITING, at)
    except seats.SeatsError as error:
        _stop(held, ExpansionStop.REFUSED, at, str(error))
    return None


def _expand(held: AutoExpansion, row: Subscription, target: int, at: datetime) -> timedelta | None:
    offered = seats.offer(row, seats=target, at=at, nonce=_nonce(held, row), is_gathered=False)
    if spent_minor(row, at) + offered.preview.total_minor > held.budget_minor:
        _stop(held, ExpansionStop.BUDGET, at)
        return DAILY  # what was spent 30 days ago counts no more
    change = seats.confirm(row, token=offered.token, origin=Origin.system(), at=at)
    if change.state == ChangeState.DECLINED:
        _stop(held, ExpansionStop.DECLINED, at, change.message)
    elif change.state == ChangeState.WAITING:
        _stop(held, ExpansionStop.WAITING, at)
    else:
        AutoExpansion.objects.filter(pk=held.pk).update(stopped="")
    return None


def _nonce(held: AutoExpansion, row: Subscription) -> str:
    """The same for everybody who finds the same seats taken; another once the seats, or the setting, have changed."""
    newest = row.ledger.aggregate(id=Max("id"))["id"] or 0
    return f"{AUTOMATIC}{row.pk}:{newest}:{held.attempt}"


def _stop(held: AutoExpansion, why: ExpansionStop, at: datetime, detail: str = "") -> None:
    """Say why no seat is added, once while the reason is the same. Trying again is another attempt."""
    row = held.subscription
    with transaction.atomic(durable=True):
        was = AutoExpansion.objects.select_for_update().get(pk=held.pk)
        is_new = was.stopped != why
        was.stopped, was.attempt = why, was.attempt + 1
        was.save(update_fields=["stopped", "attempt"])
        if not is_new or why is ExpansionStop.WAITING:  # of what waits there is a mail with the way to pay it
            return
        context: dict[str, Any] = {
            "organization": row.organization.name,
            "plan": row.plan.name,
            "seats": row.quantity,
            "most": min(held.most, terms.most_seats(row.organization_id, row.plan, held.most)),
            "budget_minor": held.budget_minor,
            "currency": row.currency,
            "why": why.value,
            "detail": detail[:300],
            "expansion_url": f"{settings.STORE_URL}{reverse('storefront:expansion')}?line={row.line.code}",
        }
        for person in notices.deciders(row.organization):
            outbox.write(
                kind="billing/expansion_stopped",
                subject_row=f"expansion:{row.pk}:{was.attempt}",
                to=person,
                organization=row.organization,
                context=context,
                at=at,
            )
        journal.append(
            kind="billing.expansion.stopped",
            organization=row.organization,
            at=at,
            data={"subscription": row.pk, "why": why.value, "detail": detail[:300]},
        )
