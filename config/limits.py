"""How often somebody may do what costs us, in an hour. Counted in Redis; without Redis nobody is kept out."""

from typing import Final

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

from config import clock

HOUR_SECONDS: Final = 3600
log = structlog.get_logger(__name__)


def wait_seconds() -> int:
    """How long until counting begins anew."""
    return HOUR_SECONDS - int(clock.wall().timestamp()) % HOUR_SECONDS


def is_over(who: str, what: str, limit: int) -> bool:
    """Count one `what` of `who`'s, and say whether it is more than `limit` in this hour."""
    hour = int(clock.wall().timestamp()) // HOUR_SECONDS
    key = f"limit:{what}:{hour}:{who}"
    try:
        cache.add(key, 0, timeout=HOUR_SECONDS)
        return int(cache.incr(key)) > limit
    except (RedisError, ValueError) as error:
        log.warning("limit_not_counted", what=what, error=type(error).__name__)
        return False
