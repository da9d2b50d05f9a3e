"""kill -9 of Celery's pool processes, and of the whole worker, in the middle of tasks."""

import signal

import pytest
import redis
from django.conf import settings

from billing import tasks
from billing.models import StripeCommand
from config import celery
from tests.faults import moments, programs
from tests.faults import store as stores

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.django_db(transaction=True)]
# Whoever comes to a row that is held waits there, so that one is the last to be reached.
MOMENTS = (*moments.OF_A_COMMAND[1:], moments.not_claimed)
BATCHES = 5


@pytest.fixture
def broker():
    """An empty broker, before and after: a killed worker leaves what it had taken."""
    kept = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    kept.flushdb()
    yield celery.app
    kept.flushdb()
    kept.close()


def stop_in_tasks(store, cases):
    """Each customer's change is promised, and taken up by a task that is stopped at a moment of its own."""
    for case, moment in zip(cases, MOMENTS, strict=True):
        case.moment = moment
        case.promise()
    stores.time_passes()
    moments.spring(store.traps, cases, lambda: [tasks.drain_commands.delay() for _case in cases])


def no_command_is_open():
    return not StripeCommand.objects.filter(state="open").exists()


def read_what_changed(worker):
    """As the schedule has it do: a task reads some objects, so there are several."""
    tasks.poll_events.delay()
    worker.wait_until(stores.has_looked)
    for _batch in range(BATCHES):
        tasks.drain_inbox.delay()
    worker.wait_until(lambda: stores.is_quiet(mails=False))


def finish(worker, cases, times):
    worker.wait_until(no_command_is_open)
    read_what_changed(worker)
    for case in cases:
        stores.assert_charged_once(case, times)
        case.before = case.wanted


def test_killed_in_the_middle_of_tasks(store, broker):
    cases = stores.customers(len(MOMENTS))
    worker = store.worker(len(MOMENTS))
    worker.wait_until(lambda: len(worker.children()) == len(MOMENTS))

    # Its pool: the tasks go back to the queue, and new processes take them up. No pulse runs, and nobody sends them again.
    stop_in_tasks(store, cases)
    worker.signal(signal.SIGSTOP)  # it hears of the deaths once the leases have run out
    programs.kill_all(worker.children())
    store.traps.open()
    stores.assert_held_by_the_dead(cases, but_not=(moments.booked,))
    stores.time_passes()
    worker.signal(signal.SIGCONT)
    finish(worker, cases, times=1)

    # All of it: its messages are lost for now, and the schedule's next task does the work.
    stop_in_tasks(store, cases)
    worker.kill()
    store.traps.open()
    stores.assert_held_by_the_dead(cases, but_not=(moments.booked,))
    stores.time_passes()
    worker = store.worker(1)
    tasks.drain_commands.delay()
    finish(worker, cases, times=2)

    before = stores.everything()
    stores.ask_again()
    tasks.drain_commands.delay()
    read_what_changed(worker)
    assert stores.everything() == before
