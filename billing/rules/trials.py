"""Trials: when their end is announced, how long one can be made longer, and when it cannot be had. No I/O; `now` is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Refusal(StrEnum):
    """Why somebody cannot try a plan; buying it is open to them all the same."""

    NOT_OFFERED = "not_offered"  # the plan has no trial
    USED = "used"  # the organization had one of this product line
    COMPANY = "company"  # another organization with its proven domain had, or is beginning, one
    BOUGHT = "bought"  # the organization has bought a plan of this line before


@dataclass(frozen=True, kw_only=True)
class Told:
    """The announcement `days` before `ends_at` has been made; of another end nothing has been said."""

    ends_at: datetime | None = None
    days: int | None = None


def stage(*, since: datetime, ends_at: datetime, now: datetime, stages: Sequence[int], told: Told) -> int | None:
    """How many days before the end the announcement due at `now` belongs to; None: nothing is due.

    Of several that are due (nobody looked for a while) the last counts for all. What falls on the start or before it (`since`:
    when the present end was settled) was said then, and nothing is announced that has happened.
    """
    if now >= ends_at:
        return None
    due = [days for days in _counting(since, ends_at, stages) if ends_at - timedelta(days=days) <= now]
    latest = min(due, default=None)
    if latest is None or (told.ends_at == ends_at and told.days is not None and told.days <= latest):
        return None
    return latest


def next_at(*, since: datetime, ends_at: datetime, stages: Sequence[int], told: Told) -> datetime | None:
    """When the next announcement falls due, after what has been told; None: there is no more."""
    said = told.days if told.ends_at == ends_at else None
    coming = [days for days in _counting(since, ends_at, stages) if said is None or days < said]
    return ends_at - timedelta(days=max(coming)) if coming else None


def _counting(since: datetime, ends_at: datetime, stages: Sequence[int]) -> list[int]:
    return [days for days in stages if days > 0 and ends_at - timedelta(days=days) > since]


def days_left(ends_at: datetime, now: datetime) -> int:
    """Whole days until then, a part of one counted as one; 0 once it is over."""
    return max(-((now - ends_at) // timedelta(days=1)), 0)


def extended_end(
    *, ends_at: datetime, now: datetime, extended_at: datetime | None, window_days: int, extension_days: int
) -> datetime | None:
    """The end that one extension gives; None while (or where) there is none to be had.

    Once a trial, in its last `window_days`; with an extension of 0 days nobody has one.
    """
    is_open = ends_at - timedelta(days=window_days) <= now < ends_at
    if extended_at is not None or extension_days < 1 or not is_open:
        return None
    return ends_at + timedelta(days=extension_days)
