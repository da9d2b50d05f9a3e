"""Where Django looks for a database backend's wrapper.

Django has its pool ask Postgres a question before each request, which on the entitlement check was a third of the whole answer.
A server that ended a connection (a restart, an administrator) has said so: its word waits in the socket. So we look there,
which takes a hundredth of the time, and ask only where something waits. Measured: docs/decisions/pages-and-checks-at-speed.md.
"""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """CONN_HEALTH_CHECKS stays off: `get_new_connection` does the looking."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection of the pool that lives, or a new one. Raises what the pool raises when none comes in time."""
        connection = super().get_new_connection(conn_params)
        pool: ConnectionPool | None = self.pool  # type: ignore[attr-defined] # not in Django's stubs yet
        while pool and not lives(connection):
            connection.close()
            pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection


def lives(connection: psycopg.Connection[Any]) -> bool:
    """Whether an idle connection can be used, as far as this side can know without asking."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True
