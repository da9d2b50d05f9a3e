"""Before a discount ends: until when charges are less, and what they are from then on. Once for each discount.

Whoever ends the subscription before, or does not pay it now, is not told: there would be no such charge.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.queries import policies
from accounts.services import outbox
from billing.models import SubscriptionDiscount
from billing.queries import overview
from billing.rules import intervals
from billing.services import notices
from config import clock, pulse

BATCH = 50


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = """EXISTS (SELECT 1 FROM billing_subscriptiondiscount
    WHERE ended_at IS NULL AND told_at IS NULL AND ends_at > %(at)s)"""


def drain(now: datetime) -> pulse.Drained:
    """A lane's share."""
    at = clock.now()
    return pulse.Drained(handled=sum(_announce(pk, at) for pk in list(_due(at).values_list("pk", flat=True)[:BATCH])))


def next_due_at() -> datetime | None:
    """When the next announcement falls due, in store time."""
    waiting = _wanted().order_by("ends_at").values_list("ends_at", flat=True)
    at = clock.now()
    ends_at = waiting.filter(ends_at__gt=at).first()
    return ends_at and max(ends_at - timedelta(days=policies.value("billing.discount_notice_days", at)), at)


def _wanted() -> QuerySet[SubscriptionDiscount]:
    # An agreed one is announced with its exception (billing.services.agreeing.terms_notices).
    rows = SubscriptionDiscount.objects.filter(ended_at=None, told_at=None, terms=None)
    return rows.filter(subscription__status="active", subscription__cancel_at=None)


def _due(at: datetime) -> QuerySet[SubscriptionDiscount]:
    soon = at + timedelta(days=policies.value("billing.discount_notice_days", at))
    return _wanted().filter(ends_at__gt=at, ends_at__lte=soon).order_by("ends_at", "pk")


def _announce(discount_id: int, at: datetime) -> bool:
    """One discount's end, if it is still to be announced; whether it was."""
    with transaction.atomic(durable=True):
        rows = _due(at).select_related("subscription__organization", "subscription__line", "promotion")
        held = rows.select_for_update(of=("self",), skip_locked=True).filter(pk=discount_id).first()
        if held is None:
            return False
        held.told_at = at
        held.save(update_fields=["told_at"])
        _write(held, at)
    return True


def _write(held: SubscriptionDiscount, at: datetime) -> None:
    row = held.subscription
    standing = overview.standing(row.organization, row.line.code)
    if standing is None or standing.coming < 1 or held.ends_at is None:
        return
    now_minor, then_minor = (standing.charged_minor(standing.coming, instant) for instant in (at, held.ends_at))
    if now_minor == then_minor:
        return  # it is of another plan: nobody would see it end
    interval = standing.row.price.interval
    charge_at = intervals.period_of(row.period_starts_at, row.period_ends_at, interval, held.ends_at)[1]
    context: dict[str, Any] = {
        "organization": row.organization.name,
        "plan": standing.row.plan.name,
        "interval": standing.row.price.interval,
        "currency": row.currency,
        "seats": standing.coming,
        "discount": {"name": held.promotion.name if held.promotion else {"en": held.name}, "code": _code(held)},
        "ends_at": held.ends_at,
        "now_minor": now_minor,
        "then_minor": then_minor,
        "charge_at": charge_at,
        "how": standing.how.value,
        "seats_url": f"{settings.STORE_URL}/seats/?line={row.line.code}",
    }
    for person in notices.deciders(row.organization):
        outbox.write(
            kind="billing/discount_ends",
            subject_row=f"discount:{held.pk}",
            to=person,
            organization=row.organization,
            context=context,
            at=at,
        )


def _code(held: SubscriptionDiscount) -> str:
    return held.promotion.code if held.promotion else ""
