"""The database and Redis that a run uses: those the environment names, else embedded ones."""

import os
from collections.abc import Mapping
from pathlib import Path

from config.local import postgres, valkey
from config.local.supervisor import Supervisor

LOOPBACK = "127.0.0.1,localhost,::1"


def base_environment() -> dict[str, str]:
    """Our own environment as programs get it: unbuffered, in UTF-8, and reaching loopback past any proxy."""
    environment = dict(os.environ)
    environment.setdefault("PATH", os.defpath)
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONUTF8"] = "1"
    for name in ("NO_PROXY", "no_proxy"):
        environment[name] = ",".join(part for part in (environment.get(name, ""), LOOPBACK) if part)
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return environment


def start(supervisor: Supervisor, folder: Path, environment: Mapping[str, str], *, is_durable: bool) -> dict[str, str]:
    """Start what the environment does not name, wait for both, and return DATABASE_URL and REDIS_URL.

    Raises Failed or Stopped (supervisor), Unusable (postgres, valkey), NoAccount (unprivileged).
    """
    screen = supervisor.screen
    found: dict[str, str] = {}
    if not environment.get("REDIS_URL"):
        redis = valkey.start(supervisor, folder, dict(environment), is_durable=is_durable)
        found["REDIS_URL"] = redis.url
    if not environment.get("DATABASE_URL"):
        screen.doing(f"Starting Postgres {postgres.version()}")
        database = postgres.start(supervisor, folder, is_durable=is_durable)
        supervisor.wait_until_ready("postgres", postgres.READY_SECONDS)
        found["DATABASE_URL"] = database.url
        who = f", as {database.account.name}" if database.account else ""
        screen.done(f"Postgres {postgres.version()} is ready on 127.0.0.1:{database.port}{who}")
    else:
        screen.done("Using the database that DATABASE_URL names")
    if "REDIS_URL" in found:
        screen.doing("Starting Valkey")
        supervisor.wait_until_ready("valkey", valkey.READY_SECONDS)
        screen.done(f"{Path(valkey.binary()).name} is ready on 127.0.0.1:{redis.port}")
    else:
        screen.done("Using the Redis that REDIS_URL names")
    return found
