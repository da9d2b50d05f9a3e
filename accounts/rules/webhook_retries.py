"""When a webhook that was not taken is sent again: the schedule that the Standard Webhooks specification advises.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Deliverability and reliability".
"""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

MINUTE, HOUR = 60, 3_600
# Seconds after each failed attempt: ten attempts in three days and three hours.
WAITS: Final = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
ATTEMPTS: Final = len(WAITS) + 1
# Up to so much longer, so that what failed together does not come back together.
JITTER_PERCENT: Final = 20
LONGEST_REST: Final = timedelta(days=1)
BREATHES_FROM: Final = 5
LONGEST_BREATHER: Final = timedelta(minutes=5)
GONE: Final = 410
# Answers that may say when to come again.
BUSY: Final = (429, 503)


def is_taken(status: int) -> bool:
    return 200 <= status < 300


def wait(attempts: int, roll: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None: that was the last. `roll` is a random number from 0 to 99."""
    if attempts >= ATTEMPTS:
        return None
    seconds = WAITS[attempts - 1]
    return timedelta(milliseconds=seconds * (1000 + JITTER_PERCENT * 10 * roll // 99))


def breather(failures: int) -> timedelta:
    """For how long an endpoint is left alone after so many failures in a row: not all that waits for it is tried at once."""
    if failures < BREATHES_FROM:
        return timedelta()
    return min(timedelta(seconds=10 * 2 ** min(failures - BREATHES_FROM, 5)), LONGEST_BREATHER)


def rest(status: int, retry_after: str, now: datetime) -> timedelta | None:
    """For how long the server wants to be left alone (Retry-After: seconds or a date); None: it did not say, or not in words
    that one can read. A day at most.
    """
    said = retry_after.strip()
    if status not in BUSY or not said:
        return None
    if said.isascii() and said.isdigit():
        asked = timedelta(seconds=min(int(said[:9]), int(LONGEST_REST.total_seconds())))
    else:
        try:
            asked = parsedate_to_datetime(said) - now
        except (ValueError, TypeError):
            return None
    return min(max(asked, timedelta()), LONGEST_REST)
