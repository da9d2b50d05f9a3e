"""Busy time out of a rep's calendar: recurring on the wall, exceptions, whole days, and what is no calendar."""

from datetime import UTC, datetime, timedelta

import pytest

from offramps.rules import free_busy
from offramps.rules.hours import Span

MONDAY = datetime(2027, 3, 22, tzinfo=UTC)
EVENTS = {
    "once": ["UID:a", "DTSTART:20270322T120000Z", "DTEND:20270322T130000Z"],
    "long": ["UID:b", "DTSTART:20270321T230000Z", "DURATION:PT2H"],
    "weekly": ["UID:c", "DTSTART;TZID=Europe/Berlin:20260105T090000", "DURATION:PT30M", "RRULE:FREQ=WEEKLY;BYDAY=MO"],
    "ended": ["UID:d", "DTSTART:20260105T090000Z", "DURATION:PT30M", "RRULE:FREQ=DAILY;UNTIL=20270301T000000Z"],
    "left out": ["UID:e", "DTSTART:20270322T100000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", "EXDATE:20270322T100000Z"],
    "a day": ["UID:f", "DTSTART;VALUE=DATE:20270324"],
    "floating": ["UID:g", "DTSTART:20270325T090000", "DTEND:20270325T100000"],
    "free": ["UID:h", "DTSTART:20270322T150000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"],
    "off": ["UID:i", "DTSTART:20270322T150000Z", "DURATION:PT1H", "STATUS:CANCELLED"],
    "ours": ["UID:call-x@store.example", "DTSTART:20270322T150000Z", "DURATION:PT1H"],
    "no end": ["UID:j", "DTSTART:20270322T150000Z"],
    "endless": ["UID:k", "DTSTART:19700101T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"],
}


def calendar(*names, more=()):
    events = [["BEGIN:VEVENT", *EVENTS[name], "END:VEVENT"] for name in names]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", *(line for event in events for line in event), *more]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def found(text, days=21):
    spans = free_busy.busy(text, zone="Europe/Berlin", since=MONDAY, until=MONDAY + timedelta(days=days), ours="@store.example")
    return [(f"{span.starts_at:%d %H:%M}", int((span.ends_at - span.starts_at).total_seconds() / 60)) for span in spans]


@pytest.mark.parametrize(
    ("name", "spans"),
    [
        ("once", [("22 12:00", 60)]),
        ("long", [("21 23:00", 120)]),
        ("weekly", [("22 08:00", 30), ("29 07:00", 30), ("05 07:00", 30)]),  # clocks change on the 28th
        ("left out", [("29 10:00", 60), ("05 10:00", 60)]),
        ("a day", [("23 23:00", 24 * 60)]),
        ("floating", [("25 08:00", 60)]),
        *((name, []) for name in ("ended", "free", "off", "ours", "no end", "endless")),
    ],
)
def test_what_an_event_takes(name, spans):
    assert found(calendar(name)) == spans


def test_one_of_a_series_that_was_moved_and_told_busy_time():
    moved = ["BEGIN:VEVENT", "UID:c", "RECURRENCE-ID;TZID=Europe/Berlin:20270329T090000", "DTSTART:20270329T140000Z"]
    told = ["BEGIN:VFREEBUSY", "UID:z", "FREEBUSY:20270330T090000Z/20270330T100000Z,20270331T090000Z/PT2H"]
    told += ["FREEBUSY;FBTYPE=FREE:20270401T090000Z/PT2H", "END:VFREEBUSY"]
    text = calendar("weekly", more=[*moved, "DURATION:PT1H", "END:VEVENT", *told])
    assert found(text, days=12) == [("22 08:00", 30), ("29 14:00", 60), ("30 09:00", 60), ("31 09:00", 120)]


@pytest.mark.parametrize(
    "text", ["", "<html></html>", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:soon\r\nEND:VEVENT\r\nEND:VCALENDAR"]
)
def test_what_is_no_calendar(text):
    with pytest.raises(free_busy.Unreadable):
        free_busy.busy(text, zone="UTC", since=MONDAY, until=MONDAY + timedelta(days=1))


def test_the_same_time_twice_is_one_span():
    text = calendar("once", "once")
    assert free_busy.busy(text, zone="UTC", since=MONDAY, until=MONDAY + timedelta(days=1)) == [
        Span(MONDAY + timedelta(hours=12), MONDAY + timedelta(hours=13))
    ]
