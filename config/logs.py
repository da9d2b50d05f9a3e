"""Structured logs: one line an event, a request id on each, and nothing personal in any.

`configure` is settings.LOGGING_CONFIG. A request's id comes from a well-formed X-Request-ID header or is made here, goes back
in the answer, travels with Celery tasks (config/celery.py) and is stored on rows that a lane of the pulse picks up later
(`bind_from_row`).
"""

import logging
import logging.config
import re
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.typing import EventDict, Processor, WrappedLogger

log = structlog.get_logger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
# What must not be logged even if somebody passes it; the keys are compared in lower case.
PERSONAL_KEYS = {"email", "ip", "user_agent", "password", "token", "secret", "authorization", "cookie", "phone", "address"}
PERSONAL_TEXT = (
    (re.compile(r"://[^/@\s]*@"), "://***@"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<e-mail>"),
)
KEYS_IN_TEXT = re.compile(r"\b((?:sk|rk)_(?:test|live)_|whsec_)\w+")


def configure(options: Mapping[str, str]) -> None:
    """Set up structlog and the standard library's logging alike; options: `level`, and `format` as console or json."""
    is_json = options["format"] == "json"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if is_json else "%H:%M:%S", utc=is_json),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        drop_personal,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [structlog.stdlib.ExtraAdder(allow=[]), *shared],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(is_json=is_json)],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "filters": {"route": {"()": RouteInsteadOfPath}, "quiet": {"()": QuietHeart}},
            "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"}},
            "root": {"handlers": ["out"], "level": options["level"]},
            "loggers": {
                # Our own line for each request says all that Django's says of 4xx; 5xx come with the traceback.
                "django.request": {"level": "ERROR", "filters": ["route"]},
                "django.server": {"level": "ERROR"},
                # Two lines a call, with ids and addresses in them; billing.gateway logs what went wrong.
                "stripe": {"level": "WARNING"},
                "celery.beat": {"filters": ["quiet"]},
                "celery.app.trace": {"filters": ["quiet"]},
                "celery.worker.strategy": {"level": "WARNING"},  # "received", a moment before "succeeded"
            },
        }
    )
    logging.captureWarnings(capture=True)


def _renderer(*, is_json: bool) -> Processor:
    if is_json:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, pad_level=False)


def drop_personal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take out what names a person or opens a door: keys known to, and addresses and secrets inside texts."""
    for key, value in list(event.items()):
        if key.lower() in PERSONAL_KEYS:
            del event[key]
        elif isinstance(value, str):
            event[key] = scrub(value)
    return event


def scrub(text: str) -> str:
    if "@" in text:
        for pattern, instead in PERSONAL_TEXT:
            text = pattern.sub(instead, text)
    if "_" in text:
        text = KEYS_IN_TEXT.sub(r"\1***", text)
    return text


class RouteInsteadOfPath(logging.Filter):
    """Django's line about a failed request names its path, which may hold a one-time token: name the route."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            record.msg, record.args = "%s %s failed", (request.method, route(request))
        return True


class QuietHeart(logging.Filter):
    """A heart that beats every 15 seconds is no news."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO or "config.heartbeat" not in record.getMessage()


def route(request: HttpRequest) -> str:
    """The pattern that a request matched, without the values in it; the bare path when it matched none."""
    match = request.resolver_match
    return f"/{match.route}" if match else request.path[:100]


def request_id() -> str:
    """The id of the request (or task, or row) being worked on; empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def bind_from_row(request_id: str) -> AbstractContextManager[None]:
    """Work on a stored row under the request id that caused it, for the length of a `with` block."""
    return structlog.contextvars.bound_contextvars(request_id=request_id or _new_id())


def _new_id() -> str:
    return secrets.token_hex(8)


class RequestMiddleware:
    """Binds the request id, answers with it, and logs one line a request: method, route, status, milliseconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        said = request.headers.get("X-Request-ID", "")
        identity = said if REQUEST_ID.fullmatch(said) else _new_id()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=identity)
        response = self.get_response(request)
        response.headers["X-Request-ID"] = identity
        facts: dict[str, Any] = {"code": response.status_code, "ms": round((time.perf_counter() - began) * 1000)}
        level = logging.WARNING if response.status_code >= 500 else logging.INFO
        log.log(level, "request", method=request.method, route=route(request), **facts)
        structlog.contextvars.clear_contextvars()
        return response
