"""How often an API key may call: counted here, settled with Redis, which adds up what all processes have counted.

Asking Redis at each call would cost as much as answering it. A process settles a key's calls once a second, and sooner after
a fiftieth of what the key may make in a minute; a key that may make fewer than a hundred is settled at every call. So a limit
may be overrun by what each process answers in between, at most a fiftieth of it, and a key that is over it is refused from
memory until the minute ends. While Redis is away calls pass uncounted: being reachable matters more than being exact.
"""

import threading
import time
from dataclasses import dataclass

import structlog
from django.core.cache import cache
from redis import RedisError

from accounts.queries import policies
from config import clock

WINDOW_SECONDS = 60
SETTLE_SECONDS = 1.0
SETTLED_PARTS = 50
# How long calls go uncounted after Redis failed to answer: a hung Redis must not slow every call down.
REDIS_REST_SECONDS = 5.0
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Count:
    """A key's calls in one window: all processes' when last settled, and this one's since."""

    window: int
    known: int = 0
    unsettled: int = 0
    settled_at: float = float("-inf")


@dataclass(frozen=True)
class Standing:
    """What a key may still do: `limit` calls a window, `remaining` of them, and the seconds until the next window."""

    limit: int
    remaining: int
    reset_seconds: int


class Calls:
    """The calls that this process has let pass."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[int, _Count] = {}
        self.rests_until = 0.0

    def take(self, key_id: int) -> int:
        """Count a call. 0: it may be made; else the seconds after which the next one may."""
        window, into = divmod(int(clock.wall().timestamp()), WINDOW_SECONDS)
        allowed: int = policies.value("accounts.api_calls_per_minute", at=clock.now())
        with self._lock:
            count = self._counts.get(key_id)
            if count is None or count.window != window:
                count = self._counts[key_id] = _Count(window)
            if count.known < allowed:
                count.unsettled += 1
                if self._is_due(count, allowed):
                    self._settle(key_id, count)
                if count.known + count.unsettled <= allowed:
                    return 0
        return WINDOW_SECONDS - into

    def standing(self, key_id: int) -> Standing:
        """How a key stands, as far as this process knows."""
        window, into = divmod(int(clock.wall().timestamp()), WINDOW_SECONDS)
        allowed: int = policies.value("accounts.api_calls_per_minute", at=clock.now())
        with self._lock:
            count = self._counts.get(key_id)
            made = count.known + count.unsettled if count is not None and count.window == window else 0
        return Standing(allowed, max(allowed - made, 0), WINDOW_SECONDS - into)

    def forget(self) -> None:
        """Drop all counts (between tests)."""
        self._counts.clear()
        self.rests_until = 0.0

    def _is_due(self, count: _Count, allowed: int) -> bool:
        many = max(allowed // SETTLED_PARTS, 1)
        return count.unsettled >= many or time.monotonic() - count.settled_at >= SETTLE_SECONDS

    def _settle(self, key_id: int, count: _Count) -> None:
        """Under the lock: the other threads wait as long as Redis takes, at most its timeout, and then rest."""
        made, count.unsettled, count.settled_at = count.unsettled, 0, time.monotonic()
        if time.monotonic() < self.rests_until:
            return
        name = f"api-calls:{key_id}:{count.window}"
        try:
            cache.add(name, 0, timeout=2 * WINDOW_SECONDS)
            count.known = cache.incr(name, made)
        except (RedisError, ValueError) as error:
            self.rests_until = time.monotonic() + REDIS_REST_SECONDS
            log.warning("api_throttle_uncounted", error=type(error).__name__)


calls = Calls()
