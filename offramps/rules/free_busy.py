"""When somebody's calendar (RFC 5545) says that they are busy. Recurring events are told on the wall of their own zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule
from icalendar import Calendar, vRecur

from offramps.rules.hours import Span

MOST = 2_000  # spans of one calendar; whoever has more is busy anyhow
DAY = timedelta(days=1)
TOO_OFTEN = {"SECONDLY", "MINUTELY"}


class Unreadable(ValueError):
    """It is no calendar."""


def busy(text: str, *, zone: str, since: datetime, until: datetime, ours: str = "") -> list[Span]:
    """Spans of busy time that overlap `[since, until)`, in order. `zone` is where days and times without a zone are.

    Events whose UID ends with `ours` are left out: the store's own calls. Cancelled and transparent ones are no busy time.
    Raises Unreadable.
    """
    try:
        calendar = Calendar.from_ical(text)
        found = islice(_spans(calendar, ZoneInfo(zone), Span(since, until), ours), MOST)
        return sorted({span for span in found if span.starts_at < until and span.ends_at > since})
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise Unreadable(type(error).__name__) from error


def _spans(calendar: Any, zone: ZoneInfo, asked: Span, ours: str) -> Iterator[Span]:
    events = [one for one in calendar.walk("VEVENT") if not (ours and str(one.get("uid", "")).endswith(ours))]
    changed = {(str(one.get("uid")), _instant(one.decoded("recurrence-id"), zone)) for one in events if "recurrence-id" in one}
    for event in events:
        if str(event.get("status", "")).upper() == "CANCELLED" or str(event.get("transp", "")).upper() == "TRANSPARENT":
            continue
        length = _length(event, zone)
        for starts_at in _starts(event, zone, Span(asked.starts_at - length, asked.ends_at)):
            if length and ("recurrence-id" in event or (str(event.get("uid")), starts_at) not in changed):
                yield Span(starts_at, starts_at + length)
    for told in calendar.walk("VFREEBUSY"):
        for period in _several(told.get("freebusy")):
            if str(period.params.get("fbtype", "BUSY")).upper() != "FREE":
                yield Span(_instant(period.start, zone), _instant(period.end, zone))


def _length(event: Any, zone: ZoneInfo) -> timedelta:
    if "dtend" in event:
        return _instant(event.decoded("dtend"), zone) - _instant(event.decoded("dtstart"), zone)
    if "duration" in event:
        return timedelta(seconds=event.decoded("duration").total_seconds())
    return timedelta() if isinstance(event.decoded("dtstart"), datetime) else DAY


def _starts(event: Any, zone: ZoneInfo, asked: Span) -> Iterator[datetime]:
    first = event.decoded("dtstart")
    left_out = {_instant(one.dt, zone) for dates in _several(event.get("exdate")) for one in dates.dts}
    yield from {_instant(first, zone)} - left_out
    for one in (one for dates in _several(event.get("rdate")) for one in dates.dts):
        yield _instant(one.dt, zone)
    place = first.tzinfo if isinstance(first, datetime) and first.tzinfo else zone
    for rule in _several(event.get("rrule")):
        if TOO_OFTEN.isdisjoint(rule.get("FREQ", [])):
            for wall in _walls(rule, _wall(first, place), asked, place):
                starts_at = wall.replace(tzinfo=place).astimezone(UTC)
                if starts_at not in left_out:
                    yield starts_at


def _walls(rule: Any, first: datetime, asked: Span, place: Any) -> Iterator[datetime]:
    """The times on the wall at which it comes again, up to the end of what is asked."""
    copy: Any = vRecur({**rule, "UNTIL": [_wall(one, place, latest=True) for one in rule.get("UNTIL", [])]})
    if not copy["UNTIL"]:
        del copy["UNTIL"]
    since, until = _wall(asked.starts_at, place), _wall(asked.ends_at, place)
    known = rrule.rrulestr(copy.to_ical().decode(), dtstart=first)
    return iter(known.between(since, until, inc=True))


def _wall(said: date, place: Any, *, latest: bool = False) -> datetime:
    if not isinstance(said, datetime):
        return datetime.combine(said, time.max if latest else time.min).replace(microsecond=0)
    return (said.astimezone(place) if said.tzinfo else said).replace(tzinfo=None)


def _instant(said: date, zone: ZoneInfo) -> datetime:
    if not isinstance(said, datetime):
        said = datetime.combine(said, time.min)
    return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)


def _several(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [] if said is None else [said]
