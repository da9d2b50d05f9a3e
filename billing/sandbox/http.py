"""Requests and responses as the sandbox's own plain values, so that pages and API need no server to be tried."""

import json
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """A request: header names in lower case; `query` and `body` undecoded; `base_url` without a trailing slash."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = ""


@dataclass
class Response:
    """An answer. `drop` closes the connection without sending a byte of it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(status, json.dumps(value, separators=(",", ":")).encode(), {"Content-Type": JSON} | (headers or {}))


def page(html: str, status: int = 200) -> Response:
    """An HTML response."""
    return Response(status, html.encode(), {"Content-Type": HTML})


def redirect(address: str) -> Response:
    """303: go and GET that address."""
    return Response(303, b"", {"Location": address})
