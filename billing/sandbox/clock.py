"""Time: the one loop that takes the earliest due thing, sets the clock to it, does it, and repeats."""

import logging

from billing.sandbox import errors
from billing.sandbox.accounts import Account
from billing.sandbox.engine import timetable

logger = logging.getLogger(__name__)

MAXIMUM_STEPS = 200_000


def run(account: Account, until: int, clock: str | None = None) -> int:
    """Do all that is due up to and including `until`, on a test clock or the account's own time; how many things were done."""
    done = 0
    while (entry := account.due.next(clock)) and entry[0].at <= until:
        due, kind, identity = entry
        tx = account.begin(due.at)
        if clock is not None:
            tx.on_test_clock = True
            frozen = tx.rows.edit("test_helpers.test_clock", clock)
            frozen["frozen_time"] = tx.now = max(frozen["frozen_time"], due.at)
        timetable.perform(tx, kind, identity, due.what)
        account.commit(tx)
        done += 1
        if done > MAXIMUM_STEPS or account.due.next(clock) == entry:
            raise RuntimeError(f"The clock stands still at {due.what} of {identity}")
    return done


def advance_account(account: Account, target: int) -> int:
    """Move the account's time forward to `target`."""
    with account.lock:
        now = account.time()
        if target < now:
            raise errors.invalid(f"The clock only moves forward: it is {now} already.", "advance_to")
        done = run(account, target)
        account.save_note("clock", offset=account.offset + max(0, target - account.time()))
        return done


def advance_test_clock(account: Account, identity: str, target: int) -> None:
    """Move a test clock forward; each step is committed by itself, as each is at Stripe."""
    run(account, target, identity)
    tx = account.begin()
    tx.on_test_clock = True
    clock = tx.edit("test_helpers.test_clock", identity)
    clock["frozen_time"] = target
    tx.emit("test_helpers.test_clock.ready", clock)
    account.commit(tx)


def tick(account: Account) -> None:
    """Do what has come due by itself as time passed."""
    with account.lock:
        run(account, account.time())


def describe(account: Account) -> dict[str, int | str | None]:
    """The account's time and what comes next on it."""
    entry = account.due.next(None)
    due, identity = (entry[0], entry[2]) if entry else (None, None)
    return {
        "now": account.time(),
        "offset": account.offset,
        "next_due": due.at if due else None,
        "next_due_kind": due.what if due else None,
        "next_due_object": identity,
    }
