"""Signed webhooks as Stripe sends them, and a client that costs the measured server little of the machine."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import stripe

from bench import web

CONNECTIONS = 8
SECRET = "whsec_bench"  # noqa: S105 - of this run's own sandbox


@dataclass
class Burst:
    """How one went: events a second, the server's CPU milliseconds an event, milliseconds each."""

    rate: float
    cpu_ms: float
    taken_ms: list[float] = field(default_factory=list)


def bodies(about: Sequence[Mapping[str, Any]], count: int) -> list[bytes]:
    """So many events about these subscriptions (as the API shows them), in turn: a burst, as a busy day brings."""
    made = []
    for number in range(count):
        event = {
            "id": f"evt_bench_{time.time_ns()}_{number}",
            "object": "event",
            "api_version": stripe.api_version,
            "created": int(time.time()),
            "data": {"object": about[number % len(about)], "previous_attributes": {"quantity": 9}},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": f"req_{number}", "idempotency_key": None},
            "type": "customer.subscription.updated",
        }
        made.append(json.dumps(event).encode())
    return made


def request(port: int, path: str, body: bytes) -> bytes:
    stamp = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Accept: */*; q=0.5, application/xml",
        "Content-Type: application/json; charset=utf-8",
        f"Content-Length: {len(body)}",
        f"Stripe-Signature: t={stamp},v1={digest}",
    ]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


def send(port: int, pid: int, path: str, events: Sequence[bytes]) -> Burst:
    """All of them over several connections; every answer must be 200."""
    ready = [request(port, path, body) for body in events]
    taken: list[float] = []
    failures: list[Exception] = []

    def run(mine: Sequence[bytes]) -> None:
        try:
            connection = web.Connection(port)
            for one in mine:
                started = time.perf_counter()
                connection.ask(one)
                taken.append((time.perf_counter() - started) * 1000)
            connection.close()
        except (OSError, RuntimeError) as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(ready[index::CONNECTIONS],)) for index in range(CONNECTIONS)]
    before, started = web.cpu_seconds(pid), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - started
    if failures:
        raise failures[0]
    return Burst(len(events) / seconds, (web.cpu_seconds(pid) - before) * 1000 / len(events), taken)
