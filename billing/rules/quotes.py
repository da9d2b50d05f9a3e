"""Quotes: their numbers, and until when they hold."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

MIDNIGHT: Final = time(0)


def number(year: int, count: int) -> str:
    """Say the `count`th quote of a year: Q-2026-00042."""
    return f"Q-{year}-{count:05d}"


def valid_on(issued_at: datetime, days: int, zone: tzinfo, *, ends_at: datetime | None = None) -> date:
    """The last day of a quote, in the customer's own calendar; no day on which its discount (`ends_at`) is over already."""
    last = issued_at.astimezone(zone).date() + timedelta(days=days)
    if ends_at is None:
        return last
    return max(min(last, (ends_at.astimezone(zone) - timedelta(days=1)).date()), issued_at.astimezone(zone).date())


def day_starts_at(at: datetime, zone: tzinfo) -> datetime:
    """The instant at which the customer's day began."""
    return datetime.combine(at.astimezone(zone).date(), MIDNIGHT, zone).astimezone(UTC)


def lapses_at(last_day: date, zone: tzinfo) -> datetime:
    """The instant at which that day is over."""
    return datetime.combine(last_day + timedelta(days=1), MIDNIGHT, zone)


def remind_at(issued_at: datetime, lapses_at: datetime, days: int) -> datetime | None:
    """When to say that it lapses soon; None where that would be within a day of its issue."""
    wanted = lapses_at - timedelta(days=days)
    return wanted if days > 0 and wanted - issued_at > timedelta(days=1) else None
