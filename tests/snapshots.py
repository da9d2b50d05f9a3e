"""A state of the database that many tests begin with: made by the first test of a process, written again by the others.

Rows come back with the keys and the instants that they were given first, in one statement. The journal's alone belong to the
transaction that writes them. What was "just now" then is at most half a minute ago: an older state is made anew.
"""

import pickle
import time
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from psycopg.sql import SQL, Identifier

MOST_SECONDS = 30.0
OWN = {"accounts_journal": {"xact"}}  # columns that the database fills in each time

# What flushing after a test with committed transactions makes anew, with other keys.
GROUND = (
    "SELECT (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM auth_group),"
    " (SELECT coalesce(max(id), 0) FROM django_content_type), (SELECT coalesce(max(id), 0) FROM auth_permission)"
)

# What migrations and the signal after them make: groups of staff and what they may do.
OF_MIGRATIONS = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions")


@dataclass(frozen=True)
class Ground:
    """What every test stands on. A test with committed transactions ends in a flush, which takes it along."""

    statement: str
    rows: list[str]

    @classmethod
    def read(cls):
        found = {table: (columns, key) for table, columns, key in tables() if table in OF_MIGRATIONS}
        rows = {table: _rows(table, 0) for table in OF_MIGRATIONS}
        # Some were made anew meanwhile, with other keys.
        emptied = [sql("DELETE FROM {table}", table=table) for table in reversed(OF_MIGRATIONS)]
        written = [insert(table, *found[table]) for table in OF_MIGRATIONS if rows[table]]
        return cls(";".join(emptied + written), [text for text in rows.values() if text])

    def put_back(self):
        """With the keys of before: what is kept stands on them."""
        with connection.cursor() as cursor:
            cursor.execute(self.statement, self.rows)
        ContentType.objects.clear_cache()


@dataclass(frozen=True)
class _Kept:
    ground: object
    until: float  # monotonic
    statement: str
    rows: list[str]
    value: bytes


_kept: dict[tuple[object, ...], _Kept] = {}


def kept(name, make, *, on=(), by=None):
    """What `make()` returns, every row being there that it wrote; what was there before it may change and not delete.

    `on`: the keys of the rows that this state stands on and does not make. With other keys it is made anew, as after a flush.
    Two states of one name are two if other code makes them (`by`, else `make` itself).
    """
    code = (by or make).__code__
    key = (name, code.co_code, code.co_consts, code.co_names)
    with connection.cursor() as cursor:
        cursor.execute(GROUND)
        ground = (cursor.fetchone(), tuple(on))
        found = _kept.get(key)
        if found and found.ground == ground and found.until > time.monotonic():
            cursor.execute(found.statement, found.rows)
            return pickle.loads(found.value)  # noqa: S301 - our own, of this process
    until = time.monotonic() + MOST_SECONDS
    value, statement, rows = _made(make)
    _kept[key] = _Kept(ground, until, statement, rows, pickle.dumps(value))
    return value


def _made(make):
    """What make() returned, and the statement that writes its rows again."""
    within = transaction.atomic()  # a savepoint's transaction id is younger than that of anything written before it
    within._from_testcase = True  # as Django's own around a test: what is durable may be made in here
    with within:
        since = _own_transaction()
        value = make()
    written = [(table, columns, rows) for table, columns, key in tables() if (rows := _rows(table, since))]
    keys = {table: key for table, _columns, key in tables()}
    statements = [insert(table, columns, keys[table]) for table, columns, _rows in written]
    return value, ";".join(statements), [rows for _table, _columns, rows in written]


def _own_transaction():
    """The id that rows written here carry: the savepoint's own, which no function of Postgres tells."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS written_here (id integer)")
        cursor.execute("INSERT INTO written_here VALUES (1) RETURNING xmin::text::bigint")
        return cursor.fetchone()[0]


def tables():
    """(table, its columns, its primary key) of every table of ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(a.attname ORDER BY a.attnum), min(a.attname) FILTER (WHERE a.attnum = i.indkey[0])"
            " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attgenerated = '' GROUP BY c.relname"
        )
        return cursor.fetchall()


def _rows(table, since):
    """The rows written since, as JSON; None if there are none."""
    with connection.cursor() as cursor:
        cursor.execute(sql("SELECT json_agg(t)::text FROM {table} t WHERE t.xmin::text::bigint >= %s", table=table), [since])
        return cursor.fetchone()[0]


def insert(table, columns, key):
    """Insert rows, or change those that were there before and were changed."""
    names = [Identifier(column) for column in columns if column not in OWN.get(table, ())]
    statement = SQL(
        "INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s)"
        " ON CONFLICT ({key}) DO UPDATE SET {changed}"
    )
    changed = SQL(", ").join(SQL("{name} = EXCLUDED.{name}").format(name=name) for name in names)
    return statement.format(
        table=Identifier(table), names=SQL(", ").join(names), key=Identifier(key), changed=changed
    ).as_string()


def sql(text, **names):
    """A statement with names of tables and columns in their places."""
    return SQL(text).format(**{place: Identifier(name) for place, name in names.items()}).as_string()
