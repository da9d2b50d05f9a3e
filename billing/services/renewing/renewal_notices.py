"""Renewal notices, sent: the amount as the store works out every next charge, what changes, and how to change or stop it.

The sweep (renewing.renewals) has decided which are due. Each is written with its mails in one transaction, under its
own row's lock. Who has cancelled meanwhile is told nothing, nor who has yet to choose what follows a plan that ends; both are
looked at again tomorrow, for either can change.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts.services import outbox
from billing.models import RenewalNotice, RenewalWatch
from billing.queries import overview
from billing.queries import renewals as queries
from billing.queries.overview import Standing
from billing.queries.standing_facts import NextCharge
from billing.services import notices
from billing.services.renewing import price_moves, renewals
from config import clock, pulse

BATCH: Final = 50
DECIDED: Final = 500
LOOK_AGAIN: Final = timedelta(days=1)


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = """EXISTS (SELECT 1 FROM billing_renewalwatch WHERE due_at <= %(at)s)
    OR EXISTS (SELECT 1 FROM billing_renewalnotice WHERE sent_at IS NULL)"""


def drain(now: datetime) -> pulse.Drained:
    """A lane's share: what is due is decided, what is decided is sent. Renewals run on store time, whatever the wall says."""
    at = clock.now()
    decided = renewals.sweep(at, batch=DECIDED)
    waiting = RenewalNotice.objects.filter(sent_at=None).order_by("decided_at", "pk")
    return pulse.Drained(handled=decided + sum(_send(pk, at) for pk in list(waiting.values_list("pk", flat=True)[:BATCH])))


def next_due_at() -> datetime | None:
    """When a renewal is to be looked at next, in store time."""
    return renewals.next_due_at()


def _send(notice_id: int, at: datetime) -> bool:
    """One notice: sent, or dropped where nothing is renewed (then). False: another worker has it."""
    with transaction.atomic(durable=True):
        rows = RenewalNotice.objects.select_related("subscription__organization", "subscription__line")
        held = rows.select_for_update(of=("self",), skip_locked=True).filter(pk=notice_id, sent_at=None).first()
        if held is None:
            return False
        row = held.subscription
        standing = overview.standing(row.organization, row.line.code)
        charge = standing.next_charge if standing is not None and standing.row.pk == row.pk else None
        is_this = row.status == "active" and row.period_ends_at == held.period_ends_at and at < held.period_ends_at
        if standing is None or charge is None or not is_this or _ends_unless_chosen(standing):
            _drop(held, at)
            return True
        if held.kind == "price":
            return price_moves.ask(held, standing, charge, at)
        _tell(held, standing, charge, at)
    return True


def _ends_unless_chosen(standing: Standing) -> bool:
    """Its plan ends with this period, and it with the plan unless somebody chooses: that is what they are told instead."""
    ending = standing.sunset
    if ending is None or not ending.is_end or ending.chosen or standing.coming_plan is not None:
        return False
    return ending.renews_at <= standing.row.period_ends_at


def _drop(held: RenewalNotice, at: datetime) -> None:
    """Nothing renews now; should it again before its day, it is decided anew."""
    if at < held.period_ends_at and held.subscription.period_ends_at == held.period_ends_at:
        RenewalWatch.objects.filter(subscription=held.subscription_id).update(due_at=at + LOOK_AGAIN)
    held.delete()


def _tell(held: RenewalNotice, standing: Standing, charge: NextCharge, at: datetime) -> None:
    used = queries.use(standing, at)
    # What was told before is asked first: this one counts from here on.
    held.sent_at, held.amount_minor, held.currency = at, charge.due_minor, charge.currency
    held.seats, held.active_seats = charge.seats, used.active
    held.recommended_seats = used.advice.seats if used.advice else None
    held.save()
    row = standing.row
    if used.asked is not None and used.asked.is_end and not used.asked.is_answered:
        price_moves.remind(held, standing, charge, used.asked, at)
        return
    context: dict[str, Any] = {
        "organization": row.organization.name,
        **_had(standing, charge),
        "is_last": held.kind == "last",
        "renews_at": charge.at,
        "through_at": standing.next_period_ends_at - timedelta(days=1),
        "card": standing.last4,
        "how": standing.how.value,
        "payment_days": row.days_until_due if row.is_invoiced else None,
        "used": None if used.active is None else {"active": used.active, "days": used.days},
        "advice": used.advice and {"seats": used.advice.seats, "amount_minor": used.advice.amount_minor},
        "before": _before(used.told[-1], charge) if used.told else None,
        "renewal_url": notices.renewal_url(row.line.code),
    }
    for person in notices.deciders(row.organization):
        outbox.write(
            kind="billing/renewal",
            subject_row=f"renewal_notice:{held.pk}",
            to=person,
            organization=row.organization,
            context=context,
            at=at,
        )


def _had(standing: Standing, charge: NextCharge) -> dict[str, Any]:
    """What is renewed for how much, and, where it is another plan or price than now, what there is now."""
    row, plan = standing.row, standing.coming_plan
    return {
        "plan": plan["name"] if plan else row.plan.name,
        "interval": plan["interval"] if plan else row.price.interval,
        "plan_now": row.plan.name if plan else "",
        "interval_now": row.price.interval,
        "seats": charge.seats,
        "seats_now": standing.quantity,
        "amount_minor": charge.due_minor,
        "currency": charge.currency,
        "is_before_tax": charge.is_before_tax,
        "discount_minor": -charge.discount_minor,
        "ending": _ending(standing),
    }


def _ending(standing: Standing) -> dict[str, Any] | None:
    """The discount that has held so far and takes nothing off the renewal: the price change one would not expect."""
    for held in standing.discounts:
        if held.ends_at is not None and held.ends_at <= standing.row.period_ends_at and not held.is_once:
            return {"name": dict(held.name), "code": held.code}
    return None


def _before(last: queries.Told, charge: NextCharge) -> dict[str, Any] | None:
    """What the notice before this one said, if that is true no more."""
    if (last.amount_minor, last.seats) == (charge.due_minor, charge.seats):
        return None
    return {"sent_at": last.sent_at, "amount_minor": last.amount_minor, "seats": last.seats}
