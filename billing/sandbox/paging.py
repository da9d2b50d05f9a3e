"""Lists: newest first, by cursor, with the filters an endpoint declares."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from billing.sandbox import errors
from billing.sandbox.rendering import Path, render
from billing.sandbox.state import INDEXED, Obj
from billing.sandbox.transactions import Transaction

Predicate = Callable[[Obj], bool]
DEFAULT_LIMIT = 10
MAXIMUM_LIMIT = 100
RANGES: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


class Page:
    """What a list verb returns; rendered once its place in the answer is known."""

    def __init__(self, url: str, rows: list[Obj], *, has_more: bool) -> None:
        self.url = url
        self.rows = rows
        self.has_more = has_more

    def render(self, tx: Transaction, expand: list[Path]) -> Obj:
        inner = []
        for path in expand:
            if path[0] != "data" or len(path) < 2:
                raise errors.invalid(f"This property cannot be expanded ({'.'.join(path)}).", "expand")
            inner.append(path[1:])
        data = [render(tx, row, inner) for row in self.rows]
        return {"object": "list", "data": data, "has_more": self.has_more, "url": self.url}


def matches(row: Obj, field: str, wanted: Any) -> bool:
    """A filter: equality, or a range for instants (`created[gte]`)."""
    value = row.get(field)
    if isinstance(wanted, dict):
        return value is not None and all(RANGES[name](value, int(bound)) for name, bound in wanted.items())
    return bool(value == wanted)


def listing(
    tx: Transaction, kind: str, params: dict[str, Any], url: str, *, where: dict[str, Any], keep: Predicate | None = None
) -> Page:
    """A page of one type's objects.

    `where` maps fields to wanted values (None: any); `keep` is a further test.
    """
    wanted = {field: value for field, value in where.items() if value is not None}

    def test(row: Obj) -> bool:
        return all(matches(row, field, value) for field, value in wanted.items()) and (keep is None or keep(row))

    return cut(tx, _candidates(tx, kind, wanted), kind, params, url, test=test)


def _candidates(tx: Transaction, kind: str, wanted: dict[str, Any]) -> Iterable[Obj]:
    for field in INDEXED.get(kind, ()):
        if field in wanted and not isinstance(wanted[field], dict):
            return reversed(tx.find(kind, field, wanted[field]))
    return tx.rows.newest_first(kind)


def cut(tx: Transaction, rows: Iterable[Obj], kind: str, params: dict[str, Any], url: str, *, test: Predicate) -> Page:
    """The page of `rows` (newest first) that the cursor parameters ask for."""
    limit = int(params.get("limit") or DEFAULT_LIMIT)
    if not 1 <= limit <= MAXIMUM_LIMIT:
        raise errors.invalid(f"Invalid integer: must be between 1 and {MAXIMUM_LIMIT}.", "limit", "parameter_invalid_integer")
    for cursor in ("starting_after", "ending_before"):
        if params.get(cursor) and not kind.startswith("line") and tx.get(kind, params[cursor]) is None:
            raise errors.missing(kind, params[cursor], cursor)
    if params.get("ending_before"):
        return _before(iter(rows), test, params["ending_before"], limit, url)
    chosen = filter(test, _after(iter(rows), params.get("starting_after")))
    page = list(islice(chosen, limit + 1))
    return Page(url, page[:limit], has_more=len(page) > limit)


def _after(rows: Iterator[Obj], cursor: str | None) -> Iterator[Obj]:
    if cursor:
        for row in rows:
            if row["id"] == cursor:
                break
    return rows


def _before(rows: Iterator[Obj], test: Predicate, cursor: str, limit: int, url: str) -> Page:
    newer: list[Obj] = []
    for row in rows:
        if row["id"] == cursor:
            break
        if test(row):
            newer.append(row)
    return Page(url, newer[-limit:], has_more=len(newer) > limit)
