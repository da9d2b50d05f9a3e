"""How fast pages are, as shares of an empty view behind the same middleware, in one run: `python -m bench.web`.

Needs test servers (`python -m config.local services` in another terminal). Starts granian on a free port of 127.0.0.1, measures
in interleaved rounds so that a busy machine slows all targets alike, and writes its verdicts into bench/RESULTS.md.
Rates and ratios are medians over the rounds; CPU is user and system time of the server's processes a request.
"""

import argparse
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench import results
from config.local import ports, testing

ROOT = Path(__file__).resolve().parent.parent
SECTION = "## Pages (`python -m bench.web`)"
CONNECTIONS = 8
READY_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Target:
    """An address with its headers; the least share of the empty view's rate, the most milliseconds."""

    name: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    least_share: float | None = None
    most_p50_ms: float | None = None
    most_p99_ms: float | None = None
    status: int = 200
    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    one_by_one_ms: list[float] = field(default_factory=list)

    def request(self, port: int) -> bytes:
        lines = [f"GET {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept-Language: en-US", "Connection: keep-alive"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Connection:
    """One kept-alive connection; answers are read by their length and must have the target's status."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes, status: int = 200) -> None:
        self.socket.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _end, body = got.partition(b"\r\n\r\n")
        if not head.startswith(f"HTTP/1.1 {status}".encode()):
            raise RuntimeError(f"{request.split()[1].decode()} answered {head[:60].decode()}")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if length is None:
            raise RuntimeError("The answer has no length.")
        left = int(length.group(1)) - len(body)
        while left > 0:
            left -= len(self._more())

    def _more(self) -> bytes:
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise RuntimeError("The server closed the connection.")
        return chunk

    def close(self) -> None:
        self.socket.close()


def load(target: Target, port: int, seconds: float) -> int:
    """Ask over all connections for so long; how many answers came."""
    request, until = target.request(port), time.monotonic() + seconds
    counts, failures = [0] * CONNECTIONS, []

    def run(index: int) -> None:
        connection = Connection(port)
        try:
            while time.monotonic() < until:
                connection.ask(request, target.status)
                counts[index] += 1
        except (OSError, RuntimeError) as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 30)
    if failures:
        raise failures[0]
    return sum(counts)


def one_by_one(target: Target, port: int, count: int) -> list[float]:
    """Milliseconds of `count` requests on one connection."""
    connection, request, taken = Connection(port), target.request(port), []
    try:
        for _ in range(count):
            started = time.perf_counter()
            connection.ask(request, target.status)
            taken.append((time.perf_counter() - started) * 1000)
    finally:
        connection.close()
    return taken


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children that live, Linux alone; 0 elsewhere."""
    total, waiting = 0.0, [pid]
    while waiting:
        current = waiting.pop()
        with suppress(OSError):
            fields = Path(f"/proc/{current}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / TICKS
            children = Path(f"/proc/{current}/task/{current}/children").read_text(encoding="ascii").split()
            waiting += [int(child) for child in children]
    return total


@contextmanager
def server(port: int) -> Iterator[int]:
    """Granian as the demo runs it, with one worker: a ratio of two rates needs no second one. Yields its process id."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "warning", "bench.web_app:application"),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        _wait(lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close())
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _wait(attempt: Callable[[], None]) -> None:
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            attempt()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


@contextmanager
def database() -> Iterator[None]:
    """A database of this run alone, from the test servers' template; every process below reads it from the environment."""
    testing.prepare()
    if not testing.has_database():
        raise SystemExit("There are no test servers: start `python -m config.local services` in another terminal.")
    os.environ |= {"STOREFRONT_MODE": "demo", "LOG_LEVEL": "WARNING"}
    import django  # noqa: PLC0415 - the settings read the environment made above

    django.setup()
    from config.local import databases  # noqa: PLC0415 - needs Django

    name = f"bench_web_{os.getpid()}"
    databases.create(name)
    os.environ["DATABASE_URL"] = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    try:
        yield
    finally:
        databases.drop(name)


def targets() -> list[Target]:
    """The empty view first: all others are shares of it."""
    from bench import web_rows  # noqa: PLC0415 - needs Django

    small, large = web_rows.write()
    entitlement = {"Authorization": f"Bearer {small.key}", "Accept": "application/json"}
    found = [
        Target("empty view", "/bench/empty/"),
        Target("pricing", "/pricing/", least_share=0.65),
        Target("entitlement check", f"{web_rows.ENTITLEMENTS}?feature=api", entitlement, least_share=0.5, most_p50_ms=3),
        Target("entitlement of a person", f"{web_rows.ENTITLEMENTS}?feature=api&member=person1@small.example", entitlement),
        Target("entitlement, metered", f"{web_rows.ENTITLEMENTS}?feature=reports", entitlement),
        Target("entitlements, all features", web_rows.ENTITLEMENTS, entitlement),
        Target("entitlements, all features, 304", web_rows.ENTITLEMENTS, entitlement | web_rows.known(small), status=304),
    ]
    for size, customer in (("10 seats", small), ("1,000 seats, 10,000 invoices", large)):
        cookie = {"Cookie": f"sessionid={customer.session}"}
        found += [
            Target(f"{name}, {size}", path, cookie, least_share=0.15, most_p99_ms=60)
            for name, path in (("home", "/"), ("seats", "/seats/"), ("invoices", "/invoices/"))
        ]
    return found


def measure(found: list[Target], *, rounds: int, seconds: float) -> None:
    port = ports.any_free()
    with server(port) as pid:
        for target in found:
            one_by_one(target, port, 20)  # warm
        for number in range(rounds):
            for target in found:
                before, started = cpu_seconds(pid), time.monotonic()
                answers = load(target, port, seconds)
                target.rates.append(answers / (time.monotonic() - started))
                target.cpu_ms.append((cpu_seconds(pid) - before) * 1000 / max(answers, 1))
                target.one_by_one_ms += one_by_one(target, port, 40)
            print(f"round {number + 1} of {rounds} is done")


def report(found: list[Target]) -> str:
    """A Markdown table: rate, share of the empty view's in the same round, CPU, latency on one connection, verdict."""
    empty = found[0]
    lines = [
        "| page | requests/s | share of the empty view | share by CPU | CPU ms | p50 ms | p99 ms | target | verdict |",
        "|---|---:|---:|---:|---:|---:|---:|---|---|",
    ]
    for target in found:
        share = statistics.median(rate / base for rate, base in zip(target.rates, empty.rates, strict=True))
        by_cpu = statistics.median(base / max(cpu, 1e-9) for cpu, base in zip(target.cpu_ms, empty.cpu_ms, strict=True))
        p50 = statistics.median(target.one_by_one_ms)
        p99 = statistics.quantiles(target.one_by_one_ms, n=100)[98]
        asked, kept = _verdict(target, share, p50, p99)
        lines.append(
            f"| {target.name} | {statistics.median(target.rates):,.0f} | {share:.2f} | {by_cpu:.2f} "
            f"| {statistics.median(target.cpu_ms):.2f} | {p50:.1f} | {p99:.1f} | {asked} | {kept} |"
        )
    return "\n".join(lines)


def _verdict(target: Target, share: float, p50: float, p99: float) -> tuple[str, str]:
    limits = [
        (target.least_share, ">= {}x", lambda limit: share >= limit),
        (target.most_p50_ms, "p50 <= {} ms", lambda limit: p50 <= limit),
        (target.most_p99_ms, "p99 <= {} ms", lambda limit: p99 <= limit),
    ]
    asked = [(text.format(limit), holds(limit)) for limit, text, holds in limits if limit is not None]
    missed = [text for text, held in asked if not held]
    return ", ".join(text for text, _held in asked), f"missed: {', '.join(missed)}" if missed else "held" if asked else ""


def write_results(table: str, *, rounds: int, seconds: float) -> None:
    """Put this bench's section into bench/RESULTS.md, in place of its last."""
    section = (
        f"{SECTION}\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores for client and server, "
        f"load {os.getloadavg()[0]:.1f} at the end; one granian worker, {CONNECTIONS} connections, "
        f"{rounds} interleaved rounds of {seconds:g} s.\n\n{table}\n"
    )
    results.write(SECTION, section)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of load for each page and round")
    options = parser.parse_args()
    with database():
        found = targets()
        measure(found, rounds=options.rounds, seconds=options.seconds)
    table = report(found)
    print(table)
    write_results(table, rounds=options.rounds, seconds=options.seconds)


if __name__ == "__main__":
    main()
