"""One request to somebody else's server: to an address that was looked at, for so long, and read no further than needed.

The name is resolved here and the connection goes to the very address that was checked, so that a name server which answers
differently the second time changes nothing; TLS is still asked for, and proven, by the name. Proxies of the environment are not
used (they would resolve the name themselves), redirects are answers like any other.
"""

import functools
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from django.conf import settings

from accounts.rules import webhook_targets
from accounts.rules.webhook_targets import Target

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 10.0
# For all of it, however slowly a server drips: less than the lease of a delivery.
WHOLE_SECONDS: Final = 20.0
KEPT_BYTES: Final = 1_024
# A host of many addresses is not tried for ever.
ADDRESSES_TRIED: Final = 3


class Failure(StrEnum):
    """Why there is no answer."""

    REFUSED = "refused"
    NAME = "name"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    UNREADABLE = "secret"  # its secret cannot be read: SECRET_KEY was changed


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: a status, or a failure. `text` is the beginning of the body."""

    status: int | None = None
    failure: str = ""
    detail: str = ""
    text: str = ""
    retry_after: str = ""
    duration_ms: int = 0


def look_at(url: str) -> tuple[Target, list[str]]:
    """An address taken apart, and what its name resolves to now. Raises webhook_targets.RefusedTarget."""
    loopback = settings.WEBHOOK_LOOPBACK
    target = webhook_targets.parse(url, ports=settings.WEBHOOK_PORTS, loopback=loopback)
    return target, webhook_targets.check(target, _resolved(target), loopback=loopback)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What is asked of the other side, and how much of its answer is read, in bytes."""

    method: str
    headers: Mapping[str, str]
    body: bytes | None = None
    most: int = KEPT_BYTES


def post(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send it. Never raises for what the other side does."""
    return _answer(url, Ask(method="POST", headers={**headers, "Content-Length": str(len(body))}, body=body))


def get(url: str, headers: Mapping[str, str], *, most: int) -> Answer:
    """Read up to `most` bytes of what is there. Never raises for what the other side does."""
    return _answer(url, Ask(method="GET", headers=headers, most=most))


def _answer(url: str, ask: Ask) -> Answer:
    started = time.monotonic()
    watch = _Watch(WHOLE_SECONDS)
    try:
        target, addresses = look_at(url)
        with watch:
            found = _ask(target, addresses, ask, watch)
    except webhook_targets.RefusedTarget as error:
        is_name = error.refusal is webhook_targets.Refusal.UNKNOWN_NAME
        found = Answer(failure=Failure.NAME if is_name else Failure.REFUSED, detail=error.refusal.value)
    except (OSError, http.client.HTTPException, ValueError) as error:
        found = _failed(error, watch)
    return replace(found, duration_ms=round((time.monotonic() - started) * 1000))


def _failed(error: Exception, watch: "_Watch") -> Answer:
    if watch.has_struck or isinstance(error, TimeoutError):
        return Answer(failure=Failure.TIMEOUT)
    if isinstance(error, ssl.SSLError):
        return Answer(failure=Failure.TLS, detail=str(getattr(error, "verify_message", "") or error.reason or ""))
    return Answer(failure=Failure.BROKEN if watch.is_connected else Failure.CONNECT, detail=type(error).__name__)


@functools.cache
def _trust() -> ssl.SSLContext:
    """Whom the machine trusts (SSL_CERT_FILE says otherwise); read once, for it takes longer than a call."""
    return ssl.create_default_context()


class _Watch:
    """Ends the connection when the whole time is over: a socket's own timeout begins anew with every byte."""

    def __init__(self, seconds: float) -> None:
        self.timer = threading.Timer(seconds, self._strike)
        self.timer.daemon = True
        self.socket: socket.socket | None = None
        self.has_struck = self.is_connected = False

    def __enter__(self) -> Self:
        self.timer.start()
        return self

    def __exit__(self, *_how: object) -> None:
        self.timer.cancel()
        if self.socket is not None:
            self.socket.close()

    def _strike(self) -> None:
        self.has_struck = True
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)


def _resolved(target: Target) -> list[str]:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in found]


def _ask(target: Target, addresses: list[str], ask: Ask, watch: _Watch) -> Answer:
    watch.socket = _connected(target, addresses)
    if target.is_secure:
        # The handshake is a step of its own, so that the watch holds the socket meanwhile.
        secured = _trust().wrap_socket(watch.socket, server_hostname=target.host, do_handshake_on_connect=False)
        watch.socket = secured
        secured.do_handshake()
    watch.is_connected = True
    watch.socket.settimeout(READ_SECONDS)
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = watch.socket
    connection.putrequest(ask.method, target.path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": target.authority, **ask.headers, "Connection": "close"}.items():
        connection.putheader(name, value)
    connection.endheaders(ask.body)
    with connection.getresponse() as response:
        if watch.has_struck:  # to http.client what was cut off looks like the end of the headers
            raise TimeoutError
        said = Answer(status=response.status, retry_after=response.getheader("Retry-After") or "")
        # The status decides, whatever becomes of the body.
        with suppress(OSError, http.client.HTTPException):
            return replace(said, text=response.read(ask.most).decode("utf-8", "replace").replace("\0", ""))
        return said


def _connected(target: Target, addresses: list[str]) -> socket.socket:
    """A connection to the first of the checked addresses that takes one. Raises OSError."""
    failed: OSError | None = None
    for address in addresses[:ADDRESSES_TRIED]:
        try:
            return socket.create_connection((address, target.port), timeout=CONNECT_SECONDS)
        except OSError as error:
            failed = error
    raise failed or OSError("no address")
