"""One turn of everything that failed payments need by themselves: a lane's share, and the whole of it for the beat."""

from datetime import datetime
from typing import Final

from billing.services.recovery import dunning_ends, dunning_mails, dunning_sweep
from config import clock, pulse

# Whether there is something to do at %(at)s, as billing.services.announcements asks.
DUE: Final = """EXISTS (SELECT 1 FROM billing_dunningepisode WHERE closed_at IS NULL AND (due_at <= %(at)s
    OR (reached = 4 AND is_cancelled_then AND end_asked_at IS NULL)))
    OR EXISTS (SELECT 1 FROM billing_dunningstep WHERE told_at IS NULL)"""


def drain(now: datetime) -> pulse.Drained:
    """A lane's share: what is due is decided, then told, then what is over is ended. On store time."""
    at = clock.now()
    due_at = dunning_sweep.next_due_at()
    stepped = dunning_sweep.sweep(at).stepped if due_at is not None and due_at <= at else 0
    return pulse.Drained(handled=stepped + dunning_mails.tell(at) + dunning_ends.begin(at))


def next_due_at() -> datetime | None:
    """When the next step falls due, in store time."""
    return dunning_sweep.next_due_at()


def run(at: datetime) -> int:
    """Everything that is due, batch by batch, with what nobody had noted. Any number of workers may. Returns how many steps."""
    dunning_sweep.take_up(at)
    steps = 0
    while (swept := dunning_sweep.sweep(at)).claimed:
        steps += swept.stepped
    while dunning_mails.tell(at):
        pass
    while dunning_ends.begin(at):
        pass
    return steps
