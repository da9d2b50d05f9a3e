"""How fast webhooks are accepted and applied, and how many reads a burst costs: `python -m bench.webhooks`.

Needs test servers (`python -m config.local services` in another terminal). Starts the sandbox and granian on free ports of
127.0.0.1, sells subscriptions through the store's own flows, makes Stripe talk about them, and writes its verdicts into
bench/RESULTS.md.

The peer is dj-stripe 2.11, whose rates are the recorded ones of the design's measurements on a machine of this size. It was not
run beside us; a ratio to a recorded rate says less than one of the same run, and RESULTS.md says so.
"""

import argparse
import hashlib
import hmac
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from bench import web
from config.local import ports

CONNECTIONS = 8
SECRET = "whsec_bench"  # noqa: S105 - of this run's own sandbox
KEY = "sk_test_bench"
# dj-stripe 2.11 over HTTP, events a second, worst and best of the recorded rounds; the second with Stripe 80 ms away.
PEER_ACCEPTED = (67, 81)
PEER_APPLIED_SLOW = (42, 46)
LATENCY_SECONDS = 0.08
ACCEPTED_TARGET, APPLIED_TARGET, READS_TARGET = 15, 10, 1.2
SECTION = "## Webhooks (`python -m bench.webhooks`)"


@dataclass(frozen=True)
class Result:
    """One line of the report."""

    name: str
    rate: float
    peer: tuple[int, int] | None
    least: float
    note: str

    @property
    def times(self) -> float | None:
        return self.rate / self.peer[1] if self.peer else None

    def line(self) -> str:
        if self.times is None or self.peer is None:
            return f"| {self.name} | {self.rate:,.2f} |  |  | {self.note} | {'held' if self.rate <= self.least else 'missed'} |"
        peer = f"{self.peer[0]}-{self.peer[1]}"
        verdict = "held" if self.times >= self.least else f"missed: >= {self.least:g}x"
        return f"| {self.name} | {self.rate:,.0f}/s | {peer}/s | {self.times:.1f}x | {self.note} | {verdict} |"


# --- Servers ----------------------------------------------------------------------------------------------------------


@contextmanager
def process(*command: str, port: int) -> Iterator[None]:
    """A program of ours that listens on `port`, ended afterwards."""
    running = subprocess.Popen([sys.executable, *command], cwd=web.ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        web._wait(lambda: web.socket.create_connection(("127.0.0.1", port), timeout=1).close())  # noqa: SLF001 - our own bench
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


@contextmanager
def stack() -> Iterator[int]:
    """Sandbox, database and web server; yields the web server's port."""
    sandbox, port = ports.any_free(), ports.any_free()
    with process("-m", "billing.sandbox", "--port", str(sandbox), port=sandbox), web.database():
        os.environ |= {
            "STRIPE_API_BASE": f"http://127.0.0.1:{sandbox}",
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": SECRET,
        }
        from django.conf import settings  # noqa: PLC0415 - needs the environment above

        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = os.environ["STRIPE_API_BASE"], KEY
        granian = (
            *("-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "warning", "config.wsgi:application"),
        )
        with process(*granian, port=port):
            yield port


def control(method: str, name: str, **body: Any) -> Any:
    address = f"{os.environ['STRIPE_API_BASE']}/_sandbox/{name}"
    answer = requests.request(method, address, json=body or None, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
    answer.raise_for_status()
    return answer.json()


# --- Events -----------------------------------------------------------------------------------------------------------


def sell(count: int) -> list[Any]:
    """So many organizations with a subscription each, bought on the payment page."""
    from tests import factories  # noqa: PLC0415 - needs Django
    from tests.shop import Shop  # noqa: PLC0415 - as above

    shop = Shop().open()
    sold = []
    for _number in range(count):
        owner = factories.UserFactory()
        organization = factories.OrganizationFactory(country="US", region="na")
        factories.MembershipFactory(organization=organization, user=owner, role="owner")
        attempt = shop.start(organization, owner, seats=10)
        shop.pay(attempt.url)
        sold.append(attempt)
    shop.settle()
    from billing.models import Subscription  # noqa: PLC0415 - as above

    return list(Subscription.objects.order_by("pk"))


def events(sold: Sequence[Any], count: int) -> list[bytes]:
    """Bodies of so many events about these subscriptions, in turn: a burst, as a busy day brings."""
    made = []
    for number in range(count):
        row = sold[number % len(sold)]
        body = {
            "id": f"evt_bench_{time.time_ns()}_{number}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(time.time()),
            "type": "customer.subscription.updated",
            "data": {"object": {"id": row.stripe_id, "object": "subscription", "metadata": {"filler": "x" * 1500}}},
        }
        made.append(json.dumps(body).encode())
    return made


def request(port: int, body: bytes) -> bytes:
    stamp = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    head = [
        "POST /webhooks/stripe/ HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Stripe-Signature: t={stamp},v1={digest}",
    ]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


# --- Measuring --------------------------------------------------------------------------------------------------------


def accept(port: int, bodies: Sequence[bytes]) -> tuple[float, list[float]]:
    """Send all over several connections; events a second, and milliseconds of each."""
    ready = [request(port, body) for body in bodies]
    taken: list[float] = []

    def run(mine: Sequence[bytes]) -> None:
        connection = web.Connection(port)
        for one in mine:
            started = time.perf_counter()
            connection.ask(one)
            taken.append((time.perf_counter() - started) * 1000)
        connection.close()

    threads = [threading.Thread(target=run, args=(ready[index::CONNECTIONS],)) for index in range(CONNECTIONS)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(bodies) / (time.monotonic() - started), taken


def drain() -> float:
    """Seconds until the inbox is empty."""
    from billing.models import InboxEvent, StripeObject  # noqa: PLC0415 - needs Django
    from billing.services import inbox  # noqa: PLC0415 - as above
    from config import clock  # noqa: PLC0415 - as above

    started = time.monotonic()
    while inbox.drain(clock.wall()).handled:
        pass
    seconds = time.monotonic() - started
    left = InboxEvent.objects.filter(handled_at=None).count()
    assert not left, f"{left} events are left: {list(StripeObject.objects.exclude(error='').values())[:3]}"
    return seconds


def reads(sold: Sequence[Any]) -> int:
    paths = {f"/v1/subscriptions/{row.stripe_id}" for row in sold}
    return sum(call["path"] in paths and call["method"] == "GET" for call in control("GET", "calls")["data"])


def measure(port: int, *, subscriptions: int, burst: int, rounds: int) -> list[Result]:
    from billing import gateway  # noqa: PLC0415 - needs Django

    gateway.forget_client()
    sold = sell(subscriptions)
    accept(port, events(sold, 200))  # warm
    drain()
    rates, latencies, applied, slow, fetched = [], [], [], [], []
    for number in range(rounds):
        rate, taken = accept(port, events(sold, burst))
        rates.append(rate)
        latencies += taken
        control("DELETE", "calls")
        applied.append(burst / drain())
        fetched.append(reads(sold) / len(sold))
        accept(port, events(sold, burst))
        control("POST", "faults", match="GET /v1/*", kind="slow", seconds=LATENCY_SECONDS, times=1_000_000)
        slow.append(burst / drain())
        control("DELETE", "faults")
        print(f"round {number + 1} of {rounds} is done")
    p99 = statistics.quantiles(latencies, n=100)[98]
    about = f"{burst:,} events about {subscriptions} subscriptions"
    return [
        Result("accepted", statistics.median(rates), PEER_ACCEPTED, ACCEPTED_TARGET, f"p99 {p99:.0f} ms, one statement"),
        Result("applied", statistics.median(applied), PEER_ACCEPTED, APPLIED_TARGET, f"one process, {about}"),
        Result("applied, Stripe at 80 ms", statistics.median(slow), PEER_APPLIED_SLOW, APPLIED_TARGET, "as above"),
        Result("reads per object and burst", max(fetched), None, READS_TARGET, f"target <= {READS_TARGET}"),
    ]


# --- Report -----------------------------------------------------------------------------------------------------------


def report(results: Sequence[Result]) -> str:
    where = (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores for client, sandbox, "
        f"database and server, load {os.getloadavg()[0]:.1f} at the end; one granian worker, {CONNECTIONS} connections."
    )
    peer = (
        "The peer's rates are recorded ones (dj-stripe 2.11, HTTP, best round taken for the ratio), not of this run, "
        "so read the ratios with care. It applies while it accepts; we accept, then apply."
    )
    lines = [
        f"{SECTION}\n",
        where,
        "",
        peer,
        "",
        "| job | ours | dj-stripe 2.11, recorded | ratio | how | verdict |",
        "|---|---:|---:|---:|---|---|",
        *(result.line() for result in results),
    ]
    return "\n".join(lines) + "\n"


def write(section: str) -> None:
    known = web.RESULTS.read_text(encoding="utf-8") if web.RESULTS.exists() else "# Results\n"
    pattern = re.compile(re.escape(SECTION) + r"\n.*?(?=\n## |\Z)", re.DOTALL)
    known = pattern.sub(lambda _match: section, known) if pattern.search(known) else f"{known.rstrip()}\n\n{section}"
    web.RESULTS.write_text(known, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=50)
    parser.add_argument("--burst", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with stack() as port:
        results = measure(port, subscriptions=options.subscriptions, burst=options.burst, rounds=options.rounds)
    section = report(results)
    print(section)
    write(section)


if __name__ == "__main__":
    main()
