"""The ETag of entitlements: what they were worked out of, so that an unchanged answer is known without working it out.

"<organization>.<version>.<usage>.<good until>.<asked>": usage is empty where nothing metered was said, `good until` (seconds
since 1970) where the answer never changes by the hour alone.
"""

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from django.http import HttpResponse
from django.utils.http import parse_etags

from accounts import authentication
from accounts.queries import policies
from billing.queries.entitlements import Entitlement, Stamp

# An answer of before this program's answers had their present shape is none of its own.
SHAPE = "1"
# While the store is away a cache may go on with what it has: RFC 5861.
STALE_SECONDS = 86_400
VARIES = f"Authorization, {authentication.HEADER}"


def of(stamp: Stamp, public_id: str, *, asked: str, entitlements: Iterable[Entitlement], member: str, now: datetime) -> str:
    """`asked` is what the answer depends on besides: query or body, as text."""
    windows = [one.window for one in entitlements if one.window is not None]
    ends = [window.ends_at for window in windows if window.ends_at is not None]
    if member:  # the day on which somebody was last seen is written by the first full answer of a day
        ends.append(datetime.combine(now.date() + timedelta(days=1), time(), UTC))
    usage = stamp.usage if windows else ""
    until = int(min(ends).timestamp()) if ends else ""
    return f'"{public_id}.{stamp.version}.{usage}.{until}.{_sum(asked)}"'


def is_current(header: str, stamp: Stamp, public_id: str, *, asked: str, now: datetime) -> str:
    """The tag of If-None-Match that names what would be answered now; empty: none does."""
    said = (one.removeprefix("W/") for one in parse_etags(header))
    return next((tag for tag in said if _is_current(tag, stamp, public_id, asked, now)), "")


def _is_current(tag: str, stamp: Stamp, public_id: str, asked: str, now: datetime) -> bool:
    parts = tag.strip('"').split(".")
    if len(parts) != 5 or [parts[0], parts[1], parts[4]] != [public_id, str(stamp.version), _sum(asked)]:
        return False
    usage, until = parts[2:4]
    return usage in ("", str(stamp.usage)) and (not until or (until.isdecimal() and now.timestamp() < int(until)))


def is_metered(tag: str) -> bool:
    """Whether what was answered under this tag holds until somebody uses more."""
    return bool(tag.split(".")[2])


def _sum(asked: str) -> str:
    return f"{zlib.crc32(f'{SHAPE}:{asked}'.encode()):x}"


def mark(response: HttpResponse, tag: str, *, is_metered: bool, now: datetime) -> None:
    """Put ETag and cache headers on. What is metered may be different the next moment."""
    fresh = 0 if is_metered else policies.value("billing.entitlements_fresh_seconds", now)
    headers = response.headers
    headers["ETag"] = tag
    headers["Cache-Control"] = f"private, max-age={fresh}, stale-if-error={STALE_SECONDS}"
    headers.setdefault("Vary", VARIES)
