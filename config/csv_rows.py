"""CSV for spreadsheets: UTF-8 with a byte-order mark, so that Excel reads umlauts, and no cell that one would run as a formula.

Numbers and amounts are written as numbers; every text that begins like a formula gets an apostrophe before it, which
spreadsheets hide (OWASP, "CSV injection").
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
# What spreadsheets take for the beginning of a formula; a tab and a carriage return are skipped by some.
RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}")
RISKY_TOO: Final = ("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}", "\N{MINUS SIGN}")


class Written(str):
    """A number or a day that is written already, in somebody's own way; no text of anybody's."""

    __slots__ = ()


class _Echo:
    """A file whose writing is handing on."""

    def write(self, text: str) -> str:
        return text


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]], *, delimiter: str = ",") -> Iterator[str]:
    """The file, line by line: a response streams it, and no list of it is ever whole in memory."""
    writer = csv.writer(_Echo(), delimiter=delimiter, quoting=csv.QUOTE_MINIMAL)
    yield MARK + writer.writerow([cell(name) for name in header])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def cell(value: Any) -> str:
    """A value as a cell: instants and days in ISO 8601 (with their zone), nothing for None, texts made harmless."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Written | int | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith((*RISKY, *RISKY_TOO)) else text


def decimal(amount_minor: int | None, places: int) -> Decimal | None:
    """Minor units as a decimal number: 123450 with 2 places is 1234.50."""
    return None if amount_minor is None else Decimal(amount_minor).scaleb(-places)
