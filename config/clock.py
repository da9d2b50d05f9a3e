"""The only clock of the store.

`now()` is store time: wall time plus one stored offset that the sandbox's test clock moves (0 with a live key). Sessions,
signatures, leases and rate limits ask `wall()`. Edges ask once and pass the instant down; rules and services never ask.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils.module_loading import import_string


def wall() -> datetime:
    """Real time, aware, UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """Store time, aware, UTC."""
    return wall() + timedelta(seconds=offset_seconds())


def offset_seconds() -> int:
    """How far store time runs ahead of the wall, in seconds, as the app named in CLOCK_OFFSET_SOURCE keeps it."""
    if not settings.STRIPE_SANDBOX:
        return 0
    return int(import_string(settings.CLOCK_OFFSET_SOURCE)())
