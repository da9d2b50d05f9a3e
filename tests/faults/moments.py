"""Moments of a write to Stripe at which a process is stopped, to be killed there: between each two breaths, and inside them.

Each is a generator: up to its `yield` it sets the trap, after it it waits until somebody is in it.
"""

from accounts.models import Organization
from billing.models import Subscription
from tests.faults import wire
from tests.faults.grips import Grip


class Traps:
    """What the moments of one test hold, and lets all of it go."""

    def __init__(self, line):
        self.line, self.grips, self.holds = line, [], []

    def grip(self):
        self.grips.append(Grip())
        return self.grips[-1]

    def hold(self, method, path, at, says=""):
        self.holds.append(self.line.hold(method, path, at=at, says=says))
        return self.holds[-1]

    def open(self):
        """After the kill: locks go, connections break."""
        for hold in self.holds:
            hold.cut()
        for grip in self.grips:
            grip.let_go()
        self.grips, self.holds = [], []


def promise_begun(traps, case):
    """Breath 1 has begun; nothing is written."""
    grip = traps.grip().row(Subscription(pk=case.row.pk))
    yield
    grip.wait_for_victim("SELECT")


def promised(traps, case):
    """Breath 1 is committed, and whoever did it does not know yet."""
    grip = traps.grip().row(Organization(pk=case.organization.pk))
    yield
    grip.wait_for_victim("COMMIT")


def not_claimed(traps, case):
    """The promise is there; somebody is about to take it up."""
    grip = traps.grip().row(case.command())
    yield
    grip.wait_for_victim('UPDATE "billing_stripecommand"')


def not_asked(traps, case):
    """Claimed; Stripe has not heard of it."""
    hold = traps.hold("POST", case.path, wire.REQUEST)
    yield
    hold.wait()


def not_answered(traps, case):
    """Stripe has done it, the answer has not come."""
    hold = traps.hold("POST", case.path, wire.ANSWER)
    yield
    hold.wait()


def not_booked(traps, case):
    """Stripe's answer has come; breath 3 has not begun."""
    hold = traps.hold("POST", case.path, wire.ANSWER)
    yield
    hold.wait()
    grip = traps.grip().row(case.command())
    hold.let_go()
    grip.wait_for_victim("SELECT")


def not_committed(traps, case):
    """Breath 3 has written the ledger, the journal and the mail; it is not committed."""
    hold = traps.hold("POST", case.path, wire.ANSWER)
    yield
    grip = traps.grip().stripe_object(hold.wait()["latest_invoice"]["id"])
    hold.let_go()
    grip.wait_for_victim("INSERT INTO billing_stripeobject")


def booked(traps, case):
    """Breath 3 is committed, and whoever did it does not know yet."""
    hold = traps.hold("POST", case.path, wire.ANSWER)
    yield
    hold.wait()
    grip = traps.grip().row(Organization(pk=case.organization.pk))
    hold.let_go()
    grip.wait_for_victim("COMMIT")


OF_A_PROMISE = (promise_begun, promised)
OF_A_COMMAND = (not_claimed, not_asked, not_answered, not_booked, not_committed, booked)


def spring(traps, cases, start):
    """Set each case's trap (its `moment`), start the work, and return when each has somebody in it."""
    set_up = [case.moment(traps, case) for case in cases]
    for trap in set_up:
        next(trap)
    start()
    for trap in set_up:
        assert next(trap, None) is None
