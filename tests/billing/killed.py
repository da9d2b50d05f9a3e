"""A process that does one thing and is killed (SIGKILL) at a chosen moment of it: what a power cut leaves behind.

killed.during(lambda: commands.execute(pk), at=killed.AFTER_STRIPE)
"""

import os
import signal
import traceback

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from billing import gateway
from billing.services import commands

# Moments of a write to Stripe, in their order.
BEFORE_STRIPE, AFTER_STRIPE, BEFORE_COMMIT, AFTER_COMMIT = "before Stripe", "after Stripe", "before commit", "after commit"
MOMENTS = (BEFORE_STRIPE, AFTER_STRIPE, BEFORE_COMMIT, AFTER_COMMIT)


def during(work, *, at):
    """Run `work` in a process of its own that dies at the moment `at`. Fails if it lives to its end."""
    child = os.fork()
    if child == 0:
        try:
            _stand_alone()
            _lie_in_wait(at)
            work()
        except BaseException:  # noqa: BLE001 - nothing may come back into the parent's test
            traceback.print_exc()
        os._exit(7)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the process lived on past: {at} (status {status})"
    assert os.WTERMSIG(status) == signal.SIGKILL


def _stand_alone():
    """Own connections: those of the parent are not ours to use."""
    DatabaseWrapper._connection_pools.clear()
    for each in connections.all(initialized_only=True):
        each.connection = None
    gateway.forget_client()


def _lie_in_wait(moment):
    def die(*_args, **_kwargs):
        os.kill(os.getpid(), signal.SIGKILL)

    send, conclude, end = commands._send, commands._conclude, commands._end
    if moment == BEFORE_STRIPE:
        commands._send = die
    elif moment == AFTER_STRIPE:
        commands._send = lambda command: die(send(command))
    elif moment == BEFORE_COMMIT:
        commands._end = lambda *args: die(end(*args))
    else:
        commands._conclude = lambda *args: die(conclude(*args))
