"""The journal: one typed fact a row, appended by the transaction that makes it true, read in order by any number of readers.

Order is (transaction id, row id), and a reader is shown only rows of transactions older than every running one. By row id or by
time alone, the row of a slow writer would be jumped over by a reader that came past before it committed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.models.functions import Cast

from accounts.models import Journal, JournalCursor, Organization
from accounts.origin import Origin
from accounts.queries import rows

ENCODER = DjangoJSONEncoder()
SYSTEM: Final = Origin.system()
NEWS: Final = """
SELECT EXISTS (SELECT 1 FROM accounts_journal j WHERE (j.xact, j.id) > (
    COALESCE((SELECT c.xact FROM accounts_journalcursor c WHERE c.reader = %(reader)s), 0),
    COALESCE((SELECT c.entry FROM accounts_journalcursor c WHERE c.reader = %(reader)s), 0))
    AND j.xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
"""


def append(
    *,
    kind: str,
    organization: Organization | None,
    at: datetime,
    origin: Origin = SYSTEM,
    data: Mapping[str, Any] | None = None,
) -> Journal:
    """Write down one fact: `write` of one `fact`."""
    made = fact(kind=kind, organization=organization, at=at, origin=origin, data=data)
    write([made])
    return made


def fact(
    *,
    kind: str,
    organization: Organization | None,
    at: datetime,
    origin: Origin = SYSTEM,
    data: Mapping[str, Any] | None = None,
) -> Journal:
    """One fact, not written yet.

    `kind` is "<app>.<noun>.<past participle>"; `at` is store time; `data` holds JSON values (dates and instants become ISO
    text). An empty `origin.request_id` is filled from the log context, which web requests, tasks and lanes share.
    """
    return Journal(
        kind=kind,
        organization=organization,
        actor=origin.actor,
        source=origin.source,
        data=_plain(data or {}),
        request_id=origin.request_id or current_request_id(),
        occurred_at=at,
    )


def write(facts: Sequence[Journal]) -> None:
    """Write down several facts in one statement.

    Raises TransactionManagementError outside a transaction: a fact and its cause are written together or not at all.
    """
    if not connection.in_atomic_block:
        kinds = ", ".join(sorted({one.kind for one in facts}))
        raise transaction.TransactionManagementError(
            f"The journal's {kinds} needs the transaction of the change it tells: open transaction.atomic() around both."
        )
    Journal.objects.bulk_create(facts)


def append_all(*, kind: str, told: Iterable[tuple[Organization, Mapping[str, Any]]], at: datetime, origin: Origin) -> None:
    """The same fact of many organizations, each with its data, in one statement. Raises as `write`."""
    write([fact(kind=kind, organization=one, at=at, origin=origin, data=data) for one, data in told])


def read(reader: str, handle: Callable[[Sequence[Journal]], None], limit: int = 500) -> int:
    """Hand `handle` the next rows for `reader`, oldest first, and move its cursor, all in one transaction.

    Returns how many rows were handed over: 0 when there is nothing new, or when another process is reading for this reader.
    If `handle` raises, the cursor stays and its database work is undone; effects outside the database must be repeatable.
    """
    count = _read_on(reader, handle, limit)
    if count is None:
        # In a transaction of its own: a second process must not wait for the first one's handling to see that there is a row.
        JournalCursor.objects.bulk_create([JournalCursor(reader=reader)], ignore_conflicts=True)
        count = _read_on(reader, handle, limit)
    return count or 0


def has_news(reader: str) -> bool:
    """Whether `read` would find something: one statement and no lock, for whoever asks twice a second."""
    return bool(rows.fetch(NEWS, {"reader": reader})[0][0])


def current_request_id() -> str:
    """The request id that the log context carries, or an empty string."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def _read_on(reader: str, handle: Callable[[Sequence[Journal]], None], limit: int) -> int | None:
    """One turn of `read`; None if the reader has no cursor yet, or another process holds it."""
    with transaction.atomic():
        cursor = JournalCursor.objects.select_for_update(skip_locked=True).filter(reader=reader).first()
        if cursor is None:
            return None
        found = list(_settled().filter(xact__gte=cursor.xact).exclude(xact=cursor.xact, id__lte=cursor.entry)[:limit])
        if found:
            handle(found)
            cursor.xact, cursor.entry = found[-1].xact, found[-1].id
            cursor.save()
        return len(found)


def _settled() -> models.QuerySet[Journal]:
    xmin = models.Func(models.Func(function="pg_current_snapshot"), function="pg_snapshot_xmin")
    oldest_running = Cast(Cast(xmin, models.TextField()), models.BigIntegerField())
    return Journal.objects.filter(xact__lt=oldest_running).select_related("organization").order_by("xact", "id")


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain_value(value) for key, value in data.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain_value(item) for item in value]
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, float):
        raise TypeError(
            f"{value!r} is a float: journal data is whole numbers (minor units, basis points, seconds), text and dates."
        )
    return ENCODER.default(value)
