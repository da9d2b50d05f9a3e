"""Billing periods: steps of days, weeks, months and years counted from an anchor, in UTC, to the second."""

import calendar
from datetime import UTC, datetime

DAY = 86400


def after(anchor: int, interval: str, count: int, steps: int) -> int:
    """The anchor moved by `steps` intervals. A month too short for the anchor's day ends on its last day."""
    if interval in {"day", "week"}:
        return anchor + steps * count * DAY * (7 if interval == "week" else 1)
    months = steps * count * (12 if interval == "year" else 1)
    start = datetime.fromtimestamp(anchor, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def end_of(anchor: int, interval: str, count: int, start: int) -> int:
    """The end of the period that begins at `start`: the first multiple of the interval after it, counted from the anchor."""
    seconds = {"day": DAY, "week": 7 * DAY, "month": 28 * DAY, "year": 365 * DAY}[interval] * count
    # Counting starts a little low and walks up; months are never shorter than the 28 days assumed here, nor 11% longer.
    steps = max(0, int((start - anchor) / seconds * 0.88) - 2) if start >= anchor else (start - anchor) // seconds - 2
    while after(anchor, interval, count, steps) <= start:
        steps += 1
    while after(anchor, interval, count, steps - 1) > start:
        steps -= 1
    return after(anchor, interval, count, steps)


def around(anchor: int, interval: str, count: int, instant: int) -> tuple[int, int]:
    """The period that an instant falls in, counted from the anchor: its start and its end."""
    end = end_of(anchor, interval, count, instant)
    seconds = {"day": DAY, "week": 7 * DAY, "month": 28 * DAY, "year": 365 * DAY}[interval] * count
    start = end_of(anchor, interval, count, end - seconds - 4 * DAY * count)
    while (following := end_of(anchor, interval, count, start)) < end:
        start = following
    return start, end


def date(instant: int) -> str:
    """A day for people, in a line's description."""
    return datetime.fromtimestamp(instant, UTC).strftime("%-d %b %Y")
