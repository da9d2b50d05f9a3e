"""How far the store runs ahead of the wall: one row, kept in this process's memory for half a second.

`config.clock` asks here (settings.CLOCK_OFFSET_SOURCE), many times a request; two queries a second and process are the price.
"""

import threading
import time

from billing.models import StoreTime

# How old this process's answer may be: a technical bound. Whoever moves the time (billing.services.store_time) forgets at once.
KEPT_SECONDS = 0.5


def offset_seconds() -> int:
    """Seconds by which store time runs ahead of the wall; 0 before anybody moved it. At most one query in KEPT_SECONDS."""
    return _kept.read()


def forget() -> None:
    """Drop this process's answer, so that the next question reads the row (after a move; between tests)."""
    _kept.drop()


class _Kept:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds = 0
        self._until = 0.0

    def read(self) -> int:
        if time.monotonic() < self._until:
            return self._seconds
        # One thread asks, the others go on with the answer they have; only the very first waits.
        if self._lock.acquire(blocking=self._until == 0.0):
            try:
                self._seconds = StoreTime.objects.filter(pk=1).values_list("offset_seconds", flat=True).first() or 0
                self._until = time.monotonic() + KEPT_SECONDS
            finally:
                self._lock.release()
        return self._seconds

    def drop(self) -> None:
        self._until = 0.0


_kept = _Kept()
