"""The store's own database backend: a connection that died while it lay in the pool is noticed before it is lent out."""

import time

import psycopg
import pytest
from django.db import connection

from accounts.queries import rows
from config.postgres.base import lives

pytestmark = pytest.mark.django_db(transaction=True)

BACKEND = "SELECT pg_backend_pid()"


def ended_by_the_server(pid: int) -> None:
    """As a restart of Postgres or an administrator ends it: from another connection."""
    with psycopg.connect(**_plain(), autocommit=True) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s)", [pid])
        for _ in range(100):
            if not administrator.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchall():
                return
            time.sleep(0.02)
    raise AssertionError("The backend did not end.")


def test_a_connection_that_died_in_the_pool_fails_no_request():
    before = rows.fetch(BACKEND, ())[0][0]
    connection.close()  # back to the pool, as at the end of a request
    ended_by_the_server(before)
    after = rows.fetch(BACKEND, ())[0][0]
    assert after != before
    connection.close()
    assert rows.fetch(BACKEND, ())[0][0] != before


def test_looking_costs_no_statement_while_nothing_waits():
    raw = psycopg.connect(**_plain(), autocommit=True)
    asked = []
    raw.execute = lambda *arguments: asked.append(arguments)  # type: ignore[method-assign,assignment] # would be the question
    assert lives(raw)
    assert asked == []
    raw.close()


def test_a_notice_that_waits_is_no_reason_to_drop_a_connection():
    raw = psycopg.connect(**_plain(), autocommit=True)
    raw.execute("LISTEN news")
    with psycopg.connect(**_plain(), autocommit=True) as other:
        other.execute("NOTIFY news")
    time.sleep(0.1)
    assert lives(raw)
    raw.close()


def test_a_written_out_statement_is_planned_once_a_connection():
    statement = "SELECT %s::int + 1 AS planned_once"
    for number in range(4):
        assert rows.fetch(statement, (number,)) == [(number + 1,)]
    kept = rows.fetch("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ("%planned\\_once",))
    assert kept == [(1,)]


def _plain() -> dict[str, object]:
    known = connection.get_connection_params()
    return {name: known[name] for name in ("dbname", "user", "password", "host", "port")}
