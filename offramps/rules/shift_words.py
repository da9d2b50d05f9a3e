"""Working hours as people type them: "9:00-12:30, 13:00-17:30" is two shifts of a day."""

import re
from collections.abc import Iterable
from itertools import pairwise

from offramps.rules.hours import MINUTES_OF_A_DAY

SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-\u2013]\s*(\d{1,2})(?::(\d{2}))?")
MINUTES_OF_AN_HOUR = 60


class Unreadable(ValueError):
    """No shifts of one day: not of the form, beyond midnight, or one within another."""


def read(text: str) -> list[tuple[int, int]]:
    """Minutes after midnight, `(starts, ends)` each, in order; empty for a day off. Raises Unreadable."""
    found = sorted(_span(part.strip()) for part in text.replace(";", ",").split(",") if part.strip())
    for starts, ends in found:
        if not 0 <= starts < ends <= MINUTES_OF_A_DAY:
            raise Unreadable
    if any(later[0] < earlier[1] for earlier, later in pairwise(found)):
        raise Unreadable
    return found


def say(shifts: Iterable[tuple[int, int]]) -> str:
    """As `read` takes it: "9:00-17:30"."""
    return ", ".join(f"{_clock(starts)}-{_clock(ends)}" for starts, ends in sorted(shifts))


def _span(part: str) -> tuple[int, int]:
    found = SPAN.fullmatch(part)
    if found is None:
        raise Unreadable
    hour, minute, until_hour, until_minute = (int(one or 0) for one in found.groups())
    if max(minute, until_minute) >= MINUTES_OF_AN_HOUR:
        raise Unreadable
    return hour * MINUTES_OF_AN_HOUR + minute, until_hour * MINUTES_OF_AN_HOUR + until_minute


def _clock(minutes: int) -> str:
    return f"{minutes // MINUTES_OF_AN_HOUR}:{minutes % MINUTES_OF_AN_HOUR:02}"
