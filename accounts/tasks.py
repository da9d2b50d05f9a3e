"""The Celery tasks of accounts: what becomes due without anybody's click. Each is one service call and safe to run twice."""

from datetime import timedelta

from celery import shared_task

from accounts.services import (
    asking,
    closure,
    deletion,
    entries,
    past_sessions,
    recoveries,
    viewing,
    webhook_events,
    webhook_sending,
)
from config import clock

# Beat sends the next one after 30 seconds.
DRAINED_FOR = timedelta(seconds=25)


@shared_task(name="accounts.finish_recoveries")
def finish_recoveries() -> int:
    """Give organizations the new owner to whom nobody has objected in time."""
    return recoveries.finish_due(clock.now())


@shared_task(name="accounts.settle_closures")
def settle_closures() -> int:
    """End what organizations keep that were closed for longer than they can be opened again."""
    return closure.settle(clock.now())


@shared_task(name="accounts.forget_goodbyes")
def forget_goodbyes() -> int:
    """Take the addresses of deleted accounts out of the mails that told of it."""
    return deletion.forget_goodbyes(clock.wall())


@shared_task(name="accounts.forget_sessions")
def forget_sessions() -> int:
    """Delete sessions that have run out, with the address and the browser kept beside them."""
    return past_sessions.forget(clock.wall())


@shared_task(name="accounts.forget_entries")
def forget_entries() -> int:
    """Delete entries from the product that ended a month ago."""
    return entries.forget(clock.wall())


@shared_task(name="accounts.expire_requests")
def expire_requests() -> int:
    """Mark requests to join, and for a seat, that nobody answered in time."""
    return asking.expire(clock.now())


@shared_task(name="accounts.expire_viewings")
def expire_viewings() -> int:
    """End the looks of staff at customers' pages that have run out."""
    return viewing.expire(clock.now(), clock.wall())


@shared_task(name="accounts.drain_webhooks")
def drain_webhooks() -> int:
    """Send what is due to customers' servers, and wait for their answers."""
    end = clock.wall() + DRAINED_FOR
    return webhook_sending.drain_whole(lambda: clock.wall() > end)


@shared_task(name="accounts.forget_webhooks")
def forget_webhooks() -> int:
    """Delete webhooks, and how they were taken, that are older than they are kept."""
    return webhook_events.forget(clock.wall())
