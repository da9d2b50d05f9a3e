"""Rows of written-out statements as model instances, for the queries behind every request.

Django takes several times as long to put such a query together as Postgres to answer it, and Postgres several times as long
to plan it as to run it. So these statements are written out, and prepared once a connection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, models

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Part(Generic[M]):
    """A table's columns in a statement (`columns`, each behind its alias), and how their values become an instance."""

    model: type[M]
    names: tuple[str, ...]
    columns: str

    def take(self, row: Sequence[Any], at: int = 0) -> M:
        """The instance whose values begin at place `at` of the row."""
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[at : at + len(self.names)])


def part(model: type[M], alias: str) -> Part[M]:
    """All of a model's columns, under `alias`. Not for models with JSON, which Django has the driver leave as text."""
    fields = model._meta.concrete_fields  # noqa: SLF001 - what Django documents under this name
    return Part(
        model=model,
        names=tuple(field.attname for field in fields),
        columns=", ".join(f'{alias}."{field.column}"' for field in fields),
    )


def fetch(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of a constant statement, planned once a connection (the setting DATABASE_PREPARES says whether).

    Django's own cursors write values into the text, so that Postgres plans each call anew; this one binds them on the server.
    jsonb comes as text, as Django's connections read it.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    own: Any = psycopg.Cursor(connection.connection)
    with wrap(own) as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
