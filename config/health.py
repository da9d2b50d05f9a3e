"""Is it alive (/healthz), may it get traffic (/readyz), and the heartbeats behind the second answer.

/readyz fails on the database and on pending migrations only: without Redis, worker, pulse or Stripe the store still shows
pages, so those are reported as degraded with status 200. Both answer before any other middleware, whatever the Host header says
and without a redirect to HTTPS, because load balancers ask by address.
"""

import socket
import threading
import time
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from config import clock

log = structlog.get_logger(__name__)

HEARTBEATS = ("worker", "pulse")
KEY = "heartbeat:{}"
KEPT_SECONDS = 3600
LATE_AFTER = timedelta(seconds=60)
BEAT_EVERY_SECONDS = 5.0
DATABASE_SECONDS = 2
STRIPE_SECONDS = 1.0
STRIPE_REMEMBERED_SECONDS = 15.0
STRIPE_ADDRESS = "https://api.stripe.com"


class HealthMiddleware:
    """Answers the two probes; first in the list, so that nothing else has a say."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return _uncached(HttpResponse("ok\n", content_type="text/plain"))
        if request.path_info == "/readyz":
            report = readiness()
            return _uncached(JsonResponse(report, status=503 if report["status"] == "unready" else 200))
        return self.get_response(request)


def _uncached(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


# --- Heartbeats -------------------------------------------------------------------------------------------------------

_last_beat: dict[str, float] = {}


def beat(name: str) -> None:
    """Say that the worker or the pulse lives. Cheap to call often: every five seconds one reaches Redis; none raises."""
    if name not in HEARTBEATS:
        raise ValueError(f"{name!r} has no heartbeat; the names are {', '.join(HEARTBEATS)}.")
    if time.monotonic() - _last_beat.get(name, float("-inf")) < BEAT_EVERY_SECONDS:
        return
    _last_beat[name] = time.monotonic()
    try:
        cache.set(KEY.format(name), clock.wall().isoformat(), KEPT_SECONDS)
    except Exception:  # noqa: BLE001 - redis-py and its pool raise many kinds; a heartbeat must not stop the heart
        log.warning("heartbeat_not_written", heart=name)


def last_beats() -> dict[str, datetime | None]:
    """When each heart beat last, None when it is unknown. Raises what the cache raises when Redis is away."""
    kept = cache.get_many([KEY.format(name) for name in HEARTBEATS])
    said = {name: kept.get(KEY.format(name)) for name in HEARTBEATS}
    return {name: datetime.fromisoformat(at).astimezone(UTC) if at else None for name, at in said.items()}


# --- Readiness --------------------------------------------------------------------------------------------------------

_migrated = threading.Event()


def readiness() -> dict[str, Any]:
    """`status` is ready, degraded or unready; `checks` holds each check's `ok` and, where not, a `detail`."""
    checks = {"database": _database(), **_redis_and_hearts(), "stripe": _stripe()}
    checks["migrations"] = _migrations() if checks["database"]["ok"] else _bad("not asked without the database")
    if not (checks["database"]["ok"] and checks["migrations"]["ok"]):
        status = "unready"
    else:
        status = "ready" if all(check["ok"] for check in checks.values()) else "degraded"
    return {"status": status, "checks": checks}


def _bad(detail: str) -> dict[str, Any]:
    return {"ok": False, "detail": detail}


def _database() -> dict[str, Any]:
    """A connection of its own, not the pool's: a busy pool makes the store slow, and is no reason to take it away."""
    known = connection.settings_dict
    try:
        with psycopg.connect(
            host=known["HOST"] or None,
            port=known["PORT"] or None,
            dbname=known["NAME"],
            user=known["USER"] or None,
            password=known["PASSWORD"] or None,
            connect_timeout=DATABASE_SECONDS,
            options=f"-c statement_timeout={DATABASE_SECONDS}s",
            sslmode=known["OPTIONS"].get("sslmode", "prefer"),
            autocommit=True,
        ) as asked:
            asked.execute("SELECT 1")
    except psycopg.Error as error:
        log.warning("readiness_database", error=type(error).__name__)
        return _bad("the database does not answer")
    return {"ok": True}


def _migrations() -> dict[str, Any]:
    if not _migrated.is_set():
        try:
            pending = pending_migrations()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here, traffic must wait
            log.warning("readiness_migrations", error=type(error).__name__)
            return _bad("the applied migrations cannot be read")
        if pending:
            return _bad(f"{len(pending)} pending: run manage.py migrate")
        _migrated.set()  # they do not come back to pending while this code runs
    return {"ok": True}


def pending_migrations() -> list[str]:
    """The migrations of this code that the database lacks, as app.name."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def _redis_and_hearts() -> dict[str, dict[str, Any]]:
    try:
        beats = last_beats()
    except Exception as error:  # noqa: BLE001 - as in beat()
        log.warning("readiness_redis", error=type(error).__name__)
        unknown = {name: _bad("unknown without Redis") for name in HEARTBEATS}
        return {"redis": _bad("Redis does not answer"), **unknown}
    return {"redis": {"ok": True}, **{name: _heart(at) for name, at in beats.items()}}


def _heart(at: datetime | None) -> dict[str, Any]:
    if at is None:
        return _bad("no heartbeat yet")
    age = clock.wall() - at
    return {"ok": True} if age <= LATE_AFTER else _bad(f"last heartbeat {int(age.total_seconds())} s ago")


_stripe_seen: dict[str, Any] = {"at": float("-inf"), "ok": False}


def _stripe() -> dict[str, Any]:
    """Whether Stripe's address takes connections, remembered for a while so that probes do not become traffic."""
    if time.monotonic() - _stripe_seen["at"] > STRIPE_REMEMBERED_SECONDS:
        _stripe_seen.update(ok=stripe_is_reachable(), at=time.monotonic())
    return {"ok": True} if _stripe_seen["ok"] else _bad("Stripe's address does not answer")


def stripe_is_reachable() -> bool:
    address = urllib.parse.urlsplit(settings.STRIPE_API_BASE or STRIPE_ADDRESS)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), STRIPE_SECONDS).close()
    except OSError:
        return False
    return True
