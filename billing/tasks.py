"""Billing's Celery tasks: shortcuts to what the pulse does anyway, and housekeeping that may wait.

Arguments are ids or nothing; each is one service call and safe to run twice. Nothing that must happen rests on the broker.
"""

from celery import shared_task

from billing.services import commands, idempotency, inbox, people, time_moves
from billing.services.books import projection
from billing.services.mirroring import poller
from billing.services.reconciliation import reconciling
from billing.services.recovery import dunning_turns
from billing.services.renewing import renewals
from billing.services.selling import card_notices
from config import clock


@shared_task(name="billing.drain_commands")
def drain_commands() -> int:
    """Send what is due to Stripe."""
    return commands.drain(clock.wall()).handled


@shared_task(name="billing.drain_inbox")
def drain_inbox() -> int:
    """Read changed objects again."""
    return inbox.drain(clock.wall()).handled


@shared_task(name="billing.drain_projections")
def drain_projections() -> int:
    """Bring Stripe's schedules in line with what is scheduled here."""
    return projection.drain(clock.wall()).handled


@shared_task(name="billing.poll_events")
def poll_events() -> int:
    """Look for events that no webhook brought."""
    return poller.drain(clock.wall()).handled


@shared_task(name="billing.sweep_failed_payments")
def sweep_failed_payments() -> int:
    """Take each failed payment that is due a step on."""
    return dunning_turns.run(clock.now())


@shared_task(name="billing.expire_held_seats")
def expire_held_seats() -> int:
    """Free the seats held for invitations that have run out."""
    return people.expire_held_seats(clock.now())


@shared_task(name="billing.purge_idempotency_keys")
def purge_idempotency_keys() -> int:
    """Forget the API's answers that are older than a day."""
    return idempotency.purge(clock.wall())


@shared_task(name="billing.reconcile")
def reconcile() -> str:
    """Begin tonight's comparison with Stripe when its hour has come, or go on with it. Returns the stage it came to."""
    run = reconciling.night(clock.wall())
    return run.stage if run else ""


@shared_task(name="billing.sweep_renewals")
def sweep_renewals() -> int:
    """Decide which renewals, and which cards that expire, are announced.

    The pulse does so too; a worker makes up for what was missed, in larger batches.
    """
    return renewals.sweep_all(clock.now()) + card_notices.sweep_all(clock.now())


@shared_task(name=time_moves.TASK)
def move_time() -> str:
    """Go the way that a demo's visitor asked for. Returns how it ended."""
    return time_moves.carry_out()
