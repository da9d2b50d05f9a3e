"""Test databases, copied from one template that is migrated once for each state of the models and migrations."""

import hashlib

from django.core.management import call_command
from django.db import connection
from psycopg import errors, sql

from config.local import state

TEMPLATE_PREFIX = "storefront_template_"
TEMPLATES_KEPT = 3  # of other models and migrations: branches and copies of the tree take turns with the same servers


def create(name: str) -> None:
    """Make an empty, migrated database of this name, in place of any that exists, and point the connection at it."""
    lock = state.Lock(state.test() / "template")
    lock.take(wait=True)
    try:
        template = TEMPLATE_PREFIX + fingerprint()
        if not _exists(template):
            _make_template(template)
        _run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _run("CREATE DATABASE {} TEMPLATE {}", name, template)
    finally:
        lock.release()
    _point_at(name)


def drop(name: str) -> None:
    _leave()
    _run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def fingerprint() -> str:
    """What the template depends on: models, migrations, settings, and the pinned packages with theirs."""
    found = hashlib.sha256()
    patterns = ("*/migrations/*.py", "*/models.py", "*/models/**/*.py", "config/settings/*.py", "requirements.lock")
    for path in sorted({path for pattern in patterns for path in state.ROOT.glob(pattern)}):
        found.update(str(path.relative_to(state.ROOT)).encode() + path.read_bytes())
    return found.hexdigest()[:12]


def _make_template(name: str) -> None:
    draft = f"{name}_draft"
    _run("DROP DATABASE IF EXISTS {} WITH (FORCE)", draft)
    _run("CREATE DATABASE {}", draft)
    _point_at(draft)
    call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
    _leave()
    _run("ALTER DATABASE {} RENAME TO {}", draft, name)
    for old in _outlived(name):
        try:
            _run("DROP DATABASE IF EXISTS {}", old)
        except errors.ObjectInUse:
            continue


def _outlived(name: str) -> list[str]:
    with connection._nodb_cursor() as cursor:  # noqa: SLF001 - Django's own way to the server without a database
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s AND datname <> %s ORDER BY oid DESC OFFSET %s",
            [f"{TEMPLATE_PREFIX}%", name, TEMPLATES_KEPT],
        )
        return [row[0] for row in cursor.fetchall()]


def _exists(name: str) -> bool:
    with connection._nodb_cursor() as cursor:  # noqa: SLF001 - as above
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        return cursor.fetchone() is not None


def _run(statement: str, *names: str) -> None:
    with connection._nodb_cursor() as cursor:  # noqa: SLF001 - as above
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _point_at(name: str) -> None:
    _leave()
    connection.settings_dict["NAME"] = name


def _leave() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined] # Django 5.1's pool is not in the stubs yet
