"""Promises in seconds: one process (two or more may run) that drains lanes of due rows, needing Postgres alone.

A lane is a callable named in settings.PULSE_LANES: `drain(now)` handles what is due at wall time `now` (claiming rows under
SKIP LOCKED with a lease and a fencing token) and says how much it did and when the next row is due. Celery tasks and on-commit
hooks call the same `drain` as a shortcut; the pulse is what makes it certain.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings
from django.db import close_old_connections, connections
from django.utils.module_loading import import_string

from config import clock

IDLE_SECONDS = 0.5
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Drained:
    """What one turn of a lane did: rows handled, and when its next row is due (None: nothing is waiting)."""

    handled: int = 0
    next_due_at: datetime | None = None


Lane = Callable[[datetime], Drained]


def lanes() -> dict[str, Lane]:
    """The lanes by name, in the settings' order. Raises ImportError for a name that leads nowhere."""
    return {name: import_string(path) for name, path in settings.PULSE_LANES.items()}


def run(stop: threading.Event, *, on_turn: Callable[[], None] | None = None) -> None:
    """Drain every lane on a thread of its own until `stop` is set; a slow lane never holds up another."""
    threads = [
        threading.Thread(target=_run_lane, args=(name, lane, stop, on_turn), name=f"lane-{name}", daemon=True)
        for name, lane in lanes().items()
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(timeout=15)


def drain_all(now: datetime | None = None, *, only: Mapping[str, Lane] | None = None, turns: int = 200) -> int:
    """Drain all lanes until nothing is due (tests, the SANDBOX bar). Returns how many rows were handled.

    Raises RuntimeError after `turns` rounds: rows that make themselves due again are a defect, not a reason to wait.
    """
    total = 0
    for _turn in range(turns):
        handled = sum(lane(now or clock.wall()).handled for lane in (only or lanes()).values())
        if not handled:
            return total
        total += handled
    raise RuntimeError(f"The lanes still found work after {turns} rounds.")


def _run_lane(name: str, lane: Lane, stop: threading.Event, on_turn: Callable[[], None] | None) -> None:
    while not stop.is_set():
        close_old_connections()
        try:
            drained = lane(clock.wall())
        except Exception:
            # A lane must outlive a database restart and its own defects; the rows stay due.
            log.exception("lane_failed", lane=name)
            connections.close_all()
            drained = Drained()
        if on_turn:
            on_turn()
        if not drained.handled:
            stop.wait(_wait_seconds(drained.next_due_at))


def _wait_seconds(next_due_at: datetime | None) -> float:
    if next_due_at is None:
        return IDLE_SECONDS
    return min(IDLE_SECONDS, max(0.01, (next_due_at - clock.wall()).total_seconds()))
