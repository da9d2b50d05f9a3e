"""Versions of the API by date, and how what will go is announced.

`/api/v1` stays; within it an answer may change its shape on a date. A caller keeps the shape it was written for by sending that
date as `Store-Version`; without the header it gets today's. Sources: RFC 9745 (Deprecation), RFC 8594 (Sunset).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from django.utils.http import http_date
from django.utils.translation import gettext as _
from rest_framework import exceptions

HEADER: Final = "Store-Version"
FIRST: Final = date(2026, 3, 1)
# Every date on which the shape of an answer changed, the oldest first. Add one with the Change that goes back to it.
VERSIONS: tuple[date, ...] = (FIRST,)


@dataclass(frozen=True, kw_only=True)
class Change:
    """An answer has another shape from version `on` on; `undo` makes the older one of it."""

    on: date
    undo: Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """An address that will go: since when that is known, when it goes, and where one reads what takes its place."""

    since: date
    sunset: date
    link: str

    def headers(self) -> dict[str, str]:
        return {
            "Deprecation": f"@{int(_midnight(self.since).timestamp())}",
            "Sunset": http_date(_midnight(self.sunset).timestamp()),
            "Link": f'<{self.link}>; rel="deprecation"; type="text/html"',
        }


def asked(header: str | None) -> date:
    """The version that a caller asks for: today's without the header. Raises ValidationError for one that never was."""
    if header is None:
        return VERSIONS[-1]
    found = next((version for version in VERSIONS if version.isoformat() == header.strip()), None)
    if found is None:
        known = ", ".join(version.isoformat() for version in VERSIONS)
        raise exceptions.ValidationError({HEADER: [_("There is no such version. Send one of %(known)s.") % {"known": known}]})
    return found


def as_of(version: date, data: Any, changes: Sequence[Change]) -> Any:
    """An answer in the shape that it had at `version`: the newest change is undone first."""
    for change in sorted(changes, key=lambda change: change.on, reverse=True):
        if change.on > version:
            data = change.undo(data)
    return data


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
