"""How fast we may call Stripe: one limit for all processes, kept in Redis, and a share of it per process when Redis is away."""

import random
import threading
import time
from collections import deque

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

# Stripe: 100 requests a second live, 25 with a test key (stripe.md).
LIVE_PER_SECOND = 100
TEST_PER_SECOND = 25
# A fair guess at how many processes share the limit while they cannot talk to each other.
PROCESSES_WITHOUT_REDIS = 4
REDIS_SECONDS = 0.2
REDIS_AWAY_SECONDS = 5.0


class Throttle:
    """Hands out permission to call. `wait(budget)` sleeps at most `budget` seconds and says whether the call may be made."""

    def __init__(self, url: str, prefix: str, per_second: int) -> None:
        self._per_second = per_second
        self._prefix = prefix
        self._redis = redis.Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()
        self._redis_away_until = 0.0

    def wait(self, budget_seconds: float) -> bool:
        if self._per_second <= 0:
            return True
        give_up_at = time.monotonic() + budget_seconds
        while True:
            pause = self._pause()
            if pause <= 0:
                return True
            if time.monotonic() + pause > give_up_at:
                return False
            time.sleep(pause)

    def _pause(self) -> float:
        if time.monotonic() >= self._redis_away_until:
            try:
                return self._shared_pause()
            except redis.RedisError:
                self._redis_away_until = time.monotonic() + REDIS_AWAY_SECONDS
                log.warning("stripe_throttle_without_redis")
        return self._own_pause()

    def _shared_pause(self) -> float:
        now = time.time()
        key = f"{self._prefix}:stripe:{int(now)}"
        pipe = self._redis.pipeline(transaction=False)
        pipe.incr(key)
        pipe.expire(key, 3)
        used = int(pipe.execute()[0])
        if used <= self._per_second:
            return 0.0
        # The next second, spread out, so that everybody who waited does not come back in the same millisecond.
        return 1.0 - (now % 1.0) + random.uniform(0, 0.2)  # noqa: S311 - spreads load, guards nothing

    def _own_pause(self) -> float:
        share = max(1, self._per_second // PROCESSES_WITHOUT_REDIS)
        now = time.monotonic()
        with self._lock:
            while self._recent and self._recent[0] <= now - 1.0:
                self._recent.popleft()
            if len(self._recent) < share:
                self._recent.append(now)
                return 0.0
            return self._recent[0] + 1.0 - now


def from_settings() -> Throttle:
    """The process's throttle; STRIPE_REQUESTS_PER_SECOND overrides Stripe's own limits (0: none, as for our own sandbox)."""
    per_second = 0 if settings.STRIPE_SANDBOX else None
    if settings.STRIPE_REQUESTS_PER_SECOND is not None:
        per_second = settings.STRIPE_REQUESTS_PER_SECOND
    if per_second is None:
        per_second = LIVE_PER_SECOND if "_live_" in settings.STRIPE_SECRET_KEY else TEST_PER_SECOND
    return Throttle(settings.REDIS_URL, settings.CACHES["default"]["KEY_PREFIX"], per_second)
