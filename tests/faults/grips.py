"""Rows held by the test, so that a process that wants one stops there: between two breaths, without a line in the product."""

import os
import urllib.parse

import psycopg
from django.db import connection

from billing.models import StripeObject
from tests import waiting

SECONDS = 8.0
VICTIMS = "SELECT pid, query FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
WAITING = "SELECT left(query, 60), wait_event FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
STILL_THERE = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%s)"
TAKE_KEY = (
    "INSERT INTO {} (key, kind, dirty, cleaned, due_at, fence, attempts, error) VALUES (%s, 'invoice', 0, 0, now(), 0, 0, '')"
)


def database_url():
    """This test's database, as another process reaches it."""
    return urllib.parse.urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


class Grip:
    """One transaction that holds rows. Whoever waits for them is a victim."""

    def __init__(self):
        self.held = psycopg.connect(database_url())
        self.looks = psycopg.connect(database_url(), autocommit=True)
        self.victims = set()

    def row(self, row):
        """Hold a row, against writers and against rows that refer to it."""
        table, column = row._meta.db_table, row._meta.pk.column
        self.held.execute(f'SELECT 1 FROM "{table}" WHERE "{column}" = %s FOR UPDATE', [row.pk])  # noqa: S608 - own names
        return self

    def stripe_object(self, key):
        """Hold the dirty mark of an object, whether it is there already or not."""
        table = StripeObject._meta.db_table
        self.held.execute(TAKE_KEY.format(table) + " ON CONFLICT (key) DO UPDATE SET kind = excluded.kind", [key])
        return self

    def wait_for_victim(self, doing):
        """Until somebody waits for us with a statement that begins with `doing`."""

        def look():
            found = self.looks.execute(VICTIMS, [self.held.info.backend_pid]).fetchall()
            self.victims.update(pid for pid, _query in found)
            return any(query.strip().startswith(doing) for _pid, query in found)

        try:
            waiting.until(look, SECONDS)
        except AssertionError:
            others = self.looks.execute(WAITING).fetchall()
            raise AssertionError(f"nobody came to {doing} here; waiting elsewhere: {others}") from None

    def let_go(self):
        """Postgres finishes the statement that waited, and then notices that nobody is there to hear of it."""
        if self.held.closed:
            return
        self.held.rollback()
        waiting.until(lambda: self.looks.execute(STILL_THERE, [list(self.victims)]).fetchone() == (0,), SECONDS)
        self.held.close()
        self.looks.close()
