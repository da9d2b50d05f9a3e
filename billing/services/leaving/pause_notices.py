"""The lane of pauses, on store time: the end is announced with its charge, and then the subscription goes on by itself.

A card that is declined then leaves it paused; it is tried twice more in the week after, each time said by mail, and then a
person has to. Nothing is charged for the time in between.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import QuerySet

from accounts.origin import Origin
from billing import gateway
from billing.models import Pause, PauseState, Subscription
from billing.rules import pauses as rules
from billing.rules.preview import FirstCharge
from billing.services import commands
from billing.services.books import first_payments, leaving_mails, pause_failures
from billing.services.leaving import resuming
from billing.services.mirroring import first_charges
from config import clock, pulse

BATCH: Final = 20
AFTER_SILENCE: Final = timedelta(minutes=1)
log = structlog.get_logger(__name__)


# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = "EXISTS (SELECT 1 FROM billing_pause WHERE state = 'on' AND due_at <= %(at)s)"


def drain(now: datetime) -> pulse.Drained:
    """The lane. Pauses run on store time, whatever the wall says."""
    at = clock.now()
    due = list(_due().filter(due_at__lte=at).values_list("pk", flat=True)[:BATCH])
    return pulse.Drained(handled=sum(_look(pk, at) for pk in due))


def next_due_at() -> datetime | None:
    """When the next one falls due, in store time."""
    return _due().values_list("due_at", flat=True).first()


def _due() -> QuerySet[Pause]:
    return Pause.objects.filter(state=PauseState.ON, due_at__isnull=False).order_by("due_at", "pk")


def _look(pause_id: int, at: datetime) -> bool:
    """Ask Stripe what going on costs, then announce it or go on. False where it has to be looked at again."""
    related = ("organization__customer", "plan", "line", "price")
    rows = Pause.objects.select_related(*(f"subscription__{name}" for name in related))
    pause = rows.get(pk=pause_id)
    try:
        charge = first_charges.of_resuming(pause.subscription)
    except gateway.GatewayError as error:
        log.warning("pause_put_off", pause=pause_id, kind=type(error).__name__)
        return _put_off(pause, at)
    if pause.resumes_at is not None and at < pause.resumes_at:
        return _announce(pause, charge, at)
    return _go_on(pause, charge, at)


def _put_off(pause: Pause, at: datetime) -> bool:
    Pause.objects.filter(pk=pause.pk, due_at=pause.due_at).update(due_at=at + AFTER_SILENCE)
    return False


def _announce(pause: Pause, charge: FirstCharge, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        held = _held(pause)
        if held is None:
            return False
        held.due_at, held.announced_at = held.resumes_at, at
        held.save(update_fields=["due_at", "announced_at"])
        leaving_mails.pause_ends(pause.subscription, held, charge, at=at)
    return True


def _go_on(pause: Pause, charge: FirstCharge, at: datetime) -> bool:
    """One try: the command is opened with the row's next date, so that no crash tries twice in a row."""
    try:
        with transaction.atomic(durable=True):
            row = Subscription.objects.locked().select_related("organization").get(pk=pause.subscription_id)
            held = _held(pause)
            if held is None or row.status != "paused" or first_payments.waiting(row) is not None:
                return _leave(held, at)
            held.tries += 1
            held.due_at = rules.again_at(held.tries, at)
            held.save(update_fields=["tries", "due_at"])
            wanted = resuming.Agreed(stripe_id=row.stripe_id, due_minor=charge.due_minor, currency=charge.currency)
            command = resuming.open_for(row, wanted, origin=Origin.system(), at=at, key=pause_failures.key(held))
    except commands.Busy:
        return _put_off(pause, at)
    commands.execute(command.pk)
    return True


def _leave(held: Pause | None, at: datetime) -> bool:
    """It goes on already, or waits for the bank: look again in a day."""
    if held is not None:
        held.due_at = at + timedelta(days=1)
        held.save(update_fields=["due_at"])
    return False


def _held(pause: Pause) -> Pause | None:
    """The row under its lock, if nothing has moved it on."""
    rows = Pause.objects.select_for_update(of=("self",), skip_locked=True)
    return rows.filter(pk=pause.pk, state=PauseState.ON, due_at=pause.due_at).first()
