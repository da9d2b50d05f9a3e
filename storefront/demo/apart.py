"""A world apart: tables of this connection's own, in front of the store's, in which a past is lived before anybody sees it.

Postgres looks into a connection's temporary tables first. So while `world` is entered, the store's own flows write an
organization, its money and its journal into copies that no page and no lane of the pulse can see; catalog and policies are read
where they are. `hand_over` then puts the rows into the store, whole organizations in one transaction. Ids come from the store's
own sequences, so nothing needs new numbers. A process that dies takes its temporary tables with it.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from accounts.models import Journal, Organization, OutgoingMail, Policy, User
from billing.models import CatalogVersion, CheckoutAttempt, IdempotentRequest, InboxEvent, StripeObject

Model = type[models.Model]

# Rows that a past finds, whoever made them: what refers to a person or company by way of these belongs to the store.
FOUND: frozenset[Model] = frozenset({Policy, CatalogVersion})
# Nobody is written to about the past, and nothing of it is to be read again.
LEFT_BEHIND: frozenset[Model] = frozenset({OutgoingMail, StripeObject, InboxEvent, IdempotentRequest})
ROOTS: frozenset[Model] = frozenset({Organization, User, StripeObject, InboxEvent})


@contextlib.contextmanager
def world() -> Iterator[None]:
    """Within, rows about people and organizations are read from and written to temporary tables, empty at first."""
    found = own_models()
    _execute(*(_copy(model) for model in found), "DISCARD PLANS")
    try:
        yield
    finally:
        _execute(*(f"DROP TABLE IF EXISTS pg_temp.{_table(model)}" for model in found), "DISCARD PLANS")


def is_entered() -> bool:
    """Whether this connection has its own tables: it might have been lost, and they with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"pg_temp.{_table(Organization)}"])
        return bool(cursor.fetchone()[0])


def hand_over(*, moved_from: str, moved_to: str) -> int:
    """Put all rows of the world into the store, and empty it. How many were put; an address in them is said anew."""
    checkouts = CheckoutAttempt.objects.all()
    here, there = models.Value(moved_from), models.Value(moved_to)
    count = 0
    with transaction.atomic(durable=True):
        checkouts.update(url=models.functions.Replace("url", here, there))
        for model in own_models():
            if model not in LEFT_BEHIND:
                count += _move(model)
        empty()
    return count


def empty() -> None:
    """Forget what was lived and not handed over."""
    _execute("TRUNCATE " + ", ".join(f"pg_temp.{_table(model)}" for model in own_models()))


def own_models() -> list[Model]:
    """What is about people and organizations: all that refers to them, by whatever way but through `FOUND`."""
    everything = [model for model in apps.get_models(include_auto_created=True) if not _meta(model).proxy]
    own: set[Model] = set(ROOTS)
    while more := [model for model in everything if model not in own | FOUND and own & set(_referred(model))]:
        own.update(more)
    return [model for model in everything if model in own]


def _meta(model: Model) -> Any:
    return model._meta  # noqa: SLF001 - Django's documented model API, underscore and all


def _table(model: Model) -> str:
    return str(_meta(model).db_table)


def _referred(model: Model) -> list[Model]:
    return [field.related_model for field in _meta(model).local_fields if isinstance(field.related_model, type)]


def _copy(model: Model) -> str:
    table, key = _table(model), _meta(model).pk
    kinds = " ".join(f"INCLUDING {kind}" for kind in ("DEFAULTS", "CONSTRAINTS", "INDEXES", "GENERATED"))
    made = f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} {kinds})"
    if not isinstance(key, models.AutoField):
        return made
    # Not the identity, which would count from 1: ids are taken from the store's sequence.
    sequence = f"pg_get_serial_sequence('public.{table}', '{key.column}')"
    return f"{made}; ALTER TABLE pg_temp.{table} ALTER {key.column} SET DEFAULT nextval({sequence})"


def _move(model: Model) -> int:
    """A journal row gets the transaction in which it becomes visible, so that no reader's cursor is past it."""
    table = _table(model)
    columns = [field.column for field in _meta(model).local_concrete_fields if not field.generated]
    said = ", ".join(f'"{column}"' for column in columns if (model, column) != (Journal, "xact"))
    # The names are the models' own.
    statement = f"INSERT INTO public.{table} ({said}) SELECT {said} FROM pg_temp.{table} ORDER BY 1"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
