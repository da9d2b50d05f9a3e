"""A price that is sold no more: whoever has it is asked before a renewal, and pays more by their own click or not at all.

The sweep (renewing.renewals) says who. Accepting is a change of plan like any other (changes.plan_changes):
from the period's end on, to be taken back until then. A day before, what was not answered is settled: the old price stays, or,
by the policy, the subscription ends. If nobody settles it in time it renews at the old price, and is asked about anew.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import Organization
from accounts.origin import Origin
from accounts.queries import policies
from accounts.services import journal, outbox
from billing.models import (
    CancelReason,
    PriceMove,
    PriceMoveState,
    RenewalNotice,
    ScheduledChange,
    ScheduledKind,
    ScheduledState,
    Subscription,
)
from billing.queries import catalog, overview
from billing.queries import renewals as queries
from billing.queries.overview import Standing
from billing.queries.renewals import Asked
from billing.queries.standing_facts import NextCharge
from billing.rules import pricing
from billing.services import notices
from billing.services.changes import plan_changes, scheduled, seats
from config import clock, pulse

BATCH: Final = 20
CLOSES_BEFORE: Final = timedelta(days=1)


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = "EXISTS (SELECT 1 FROM billing_pricemove WHERE state = 'open' AND closes_at <= %(at)s)"


def drain(now: datetime) -> pulse.Drained:
    """A lane's share: what nobody has answered in time is settled."""
    at = clock.now()
    due = PriceMove.objects.filter(state=PriceMoveState.OPEN, closes_at__lte=at).order_by("closes_at", "pk")
    return pulse.Drained(handled=sum(_settle(pk, at) for pk in list(due.values_list("pk", flat=True)[:BATCH])))


def next_due_at() -> datetime | None:
    """When the next is settled, in store time."""
    waiting = PriceMove.objects.filter(state=PriceMoveState.OPEN).order_by("closes_at")
    return waiting.values_list("closes_at", flat=True).first()


def accept(standing: Standing, *, price: int, amount_minor: int, origin: Origin, at: datetime) -> ScheduledChange:
    """Have the price on sale from the renewal on, for `amount_minor` then, as it was shown. Taking it twice finds the first.

    Raises Stale where another price or amount is asked about by now, or nothing; and what plan_changes.schedule_for raises.
    """
    asked, row = queries.use(standing, at).asked, standing.row
    if asked is not None and asked.is_answered and (known := _pending(row, price)) is not None:
        return known
    if asked is None or asked.is_answered or (asked.price, asked.amount_minor) != (price, amount_minor):
        raise seats.Stale
    on_sale = catalog.price_row(plan_id=row.plan_id, interval=row.price.interval, currency=row.currency)
    if on_sale is None or on_sale.pk != price:
        raise seats.Stale
    plan, interval = row.plan.code, row.price.interval
    return plan_changes.schedule_for(row, plan=plan, interval=interval, origin=origin, at=at, reason="new price")


def _pending(row: Subscription, price: int) -> ScheduledChange | None:
    return row.scheduled.filter(kind=ScheduledKind.PLAN, state=ScheduledState.PENDING, price_after=price).first()


def ask(held: RenewalNotice, standing: Standing, charge: NextCharge, at: datetime) -> bool:
    """The question, with its mails, in the notice's transaction. True: the notice is concluded.

    Nobody is asked who would have nothing to choose (the plan is gone, and the old price stays), or who has chosen already.
    """
    row = standing.row
    price = catalog.price_row(plan_id=row.plan_id, interval=row.price.interval, currency=row.currency)
    ends = policies.value("billing.old_price_ends", at, _segment(row.organization))
    if standing.coming_plan is not None or row.price.retired_at is None or (price is None and not ends):
        held.delete()
        return True
    after = None
    if price is not None:
        rate = pricing.Rate(catalog.tiers_of(price), price.scheme, price.interval)
        after = queries.at_price(standing, rate)
    move, is_new = PriceMove.objects.get_or_create(
        subscription=row,
        period_ends_at=row.period_ends_at,
        defaults={
            "price_before": row.price,
            "price_after": price,
            # What costs no more needs nobody's consent to go on.
            "is_end": ends and (after is None or after > charge.due_minor),
            "asked_at": at,
            "amount_before_minor": charge.due_minor,
            "amount_after_minor": after,
            "currency": charge.currency,
            "closes_at": row.period_ends_at - CLOSES_BEFORE,
        },
    )
    _write(held, standing, charge, amount_minor=after, is_end=move.is_end, at=at)
    if is_new:
        data = {"subscription": row.pk, "before_minor": move.amount_before_minor, "after_minor": after, "ends": move.is_end}
        journal.append(kind="billing.price.asked", organization=row.organization, at=at, data=data)
    return True


def remind(held: RenewalNotice, standing: Standing, charge: NextCharge, asked: Asked, at: datetime) -> None:
    """In the place of a notice of a renewal that will not take place unless somebody answers."""
    _write(held, standing, charge, amount_minor=asked.amount_minor, is_end=asked.is_end, at=at)


def _write(
    held: RenewalNotice, standing: Standing, charge: NextCharge, *, amount_minor: int | None, is_end: bool, at: datetime
) -> None:
    held.sent_at, held.amount_minor, held.currency, held.seats = at, charge.due_minor, charge.currency, charge.seats
    held.save()
    row = standing.row
    context: dict[str, Any] = {
        "organization": row.organization.name,
        "plan": row.plan.name,
        "interval": row.price.interval,
        "currency": row.currency,
        "seats": charge.seats,
        "renews_at": charge.at,
        "now_minor": charge.due_minor,
        "then_minor": amount_minor,
        "is_end": is_end,
        "answer_by": row.period_ends_at - CLOSES_BEFORE,
        "renewal_url": notices.renewal_url(row.line.code),
        "plans_url": f"{settings.STORE_URL}{reverse('storefront:plan')}?{urlencode({'line': row.line.code})}",
    }
    for person in notices.deciders(row.organization):
        outbox.write(
            kind="billing/price_moves",
            subject_row=f"renewal_notice:{held.pk}",
            to=person,
            organization=row.organization,
            context=context,
            at=at,
        )


def _settle(move_id: int, at: datetime) -> bool:
    """One question whose time is over. The end is scheduled first: whoever dies in between does the same again."""
    rows = PriceMove.objects.select_related("subscription__organization", "subscription__line")
    move = rows.filter(pk=move_id, state=PriceMoveState.OPEN).first()
    if move is None:
        return False
    state = _answer(move)
    is_ahead = at < move.period_ends_at and move.subscription.period_ends_at == move.period_ends_at
    if state is PriceMoveState.STAYED and move.is_end and is_ahead:
        state = _end(move, at)
    with transaction.atomic(durable=True):
        taken = PriceMove.objects.filter(pk=move_id, state=PriceMoveState.OPEN).update(state=state)
        if taken:
            data = {"subscription": move.subscription_id, "answer": state.value}
            journal.append(kind="billing.price.settled", organization=move.subscription.organization, at=at, data=data)
    return bool(taken)


def _answer(move: PriceMove) -> PriceMoveState:
    """What has been chosen: by what waits, or, after the renewal, by what is had."""
    row = move.subscription
    standing = overview.standing(row.organization, row.line.code)
    if standing is None or standing.row.pk != row.pk or standing.ends_at is not None or not standing.row.is_live:
        return PriceMoveState.ENDED
    pending = row.scheduled.filter(kind=ScheduledKind.PLAN, state=ScheduledState.PENDING).first()
    price = pending.price_after_id if pending is not None else row.price_id
    if price == move.price_before_id:
        return PriceMoveState.STAYED
    return PriceMoveState.ACCEPTED if price == move.price_after_id else PriceMoveState.OTHER


def _end(move: PriceMove, at: datetime) -> PriceMoveState:
    row = move.subscription
    if row.status != "active":
        return PriceMoveState.STAYED
    try:
        scheduled.end(row, reason_code=CancelReason.PRICE, reason="no answer to the new price", origin=Origin.system(), at=at)
    except seats.SeatsError:  # it has ended, or is paused, meanwhile
        return PriceMoveState.STAYED
    return PriceMoveState.ENDED


def _segment(organization: Organization) -> str | None:
    profile = getattr(organization, "profile", None)
    return profile.segment if profile else None
