"""How fast webhooks are accepted and applied beside dj-stripe, and how many reads a burst costs: `python -m bench.webhooks`.

Needs test servers (`python -m config.local services` in another terminal). Starts the sandbox, the store and a small dj-stripe
project (bench/peers) on free ports of 127.0.0.1, sells subscriptions through the store's own flows, sends both the same kind of
events in interleaved rounds, and writes its verdicts into bench/RESULTS.md. A ratio is the median of the rounds' ratios.

The peer is installed once, into bench/peers/.environments. Where it cannot be, its recorded rates stand in, and are called so.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from bench import results, servers, web, webhook_traffic
from bench.peers import dj_stripe
from config.local import ports

KEY = "sk_test_bench0000000000000000000000"
PATH = "/webhooks/stripe/"
# dj-stripe 2.11, events a second of its best recorded round, and with Stripe 80 ms away: for want of a peer in this run.
RECORDED, RECORDED_SLOW = 81.0, 46.0
LATENCY_SECONDS = 0.08
ACCEPTED_TARGET, APPLIED_TARGET, READS_TARGET = 15, 10, 1.2
SECTION = "## Webhooks (`python -m bench.webhooks`)"


@dataclass
class Job:
    """One line of the report: rates and CPU milliseconds an event, a round each; a recorded peer has no CPU."""

    name: str
    least: float | None
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    our_cpu: list[float] = field(default_factory=list)
    their_cpu: list[float] = field(default_factory=list)

    def line(self, note: str) -> str:
        times = statistics.median(ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))
        cpu = f"{statistics.median(self.our_cpu):.2f}"
        their_cpu = f"{statistics.median(self.their_cpu):.2f}" if self.their_cpu else ""
        verdict = "" if self.least is None else "held" if times >= self.least else f"missed: >= {self.least:g}x"
        target = "" if self.least is None else f">= {self.least:g}x"
        rates = f"{statistics.median(self.ours):,.0f}/s | {statistics.median(self.theirs):,.0f}/s | {times:.1f}x"
        return f"| {self.name} | {rates} | {cpu} | {their_cpu} | {note} | {target} | {verdict} |"


@dataclass
class Measured:
    accepted: Job
    applied: Job
    both: Job
    slow: Job
    reads: list[float] = field(default_factory=list)
    their_reads: list[float] = field(default_factory=list)
    taken_ms: list[float] = field(default_factory=list)
    their_taken_ms: list[float] = field(default_factory=list)


# --- Servers ----------------------------------------------------------------------------------------------------------


@contextmanager
def stack() -> Iterator[servers.Server]:
    """Sandbox, database and the store's web server."""
    port = ports.any_free()
    sandbox = (sys.executable, "-m", "billing.sandbox", "--port", str(port))
    with servers.started(*sandbox, port=port), web.database():
        os.environ |= {
            "STRIPE_API_BASE": f"http://127.0.0.1:{port}",
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": webhook_traffic.SECRET,
        }
        from django.conf import settings  # noqa: PLC0415 - needs the environment above

        settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = os.environ["STRIPE_API_BASE"], KEY
        with servers.granian("config.wsgi:application", port=ports.any_free()) as server:
            yield server


def sandbox_call(method: str, path: str, **body: Any) -> Any:
    address = f"{os.environ['STRIPE_API_BASE']}{path}"
    answer = requests.request(method, address, json=body or None, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
    answer.raise_for_status()
    return answer.json()


def sell(count: int) -> list[Any]:
    """So many subscriptions, as the API shows them."""
    from bench import webhook_shop  # noqa: PLC0415 - needs Django

    return [sandbox_call("GET", f"/v1/subscriptions/{stripe_id}") for stripe_id in webhook_shop.sell(count)]


# --- Measuring --------------------------------------------------------------------------------------------------------


def drain() -> tuple[float, float]:
    """Seconds until the inbox is empty, and of those this process's CPU."""
    from billing.models import InboxEvent, StripeObject  # noqa: PLC0415 - needs Django
    from billing.services import inbox  # noqa: PLC0415 - as above
    from config import clock  # noqa: PLC0415 - as above

    started, before = time.monotonic(), time.process_time()
    while inbox.drain(clock.wall()).handled:
        pass
    seconds, cpu = time.monotonic() - started, time.process_time() - before
    left = InboxEvent.objects.filter(handled_at=None).count()
    assert not left, f"{left} events are left: {list(StripeObject.objects.exclude(error='').values())[:3]}"
    return seconds, cpu


def reads(sold: Sequence[Any]) -> int:
    """GETs of these subscriptions since the calls were last forgotten."""
    paths = {f"/v1/subscriptions/{one['id']}" for one in sold}
    return sum(call["path"] in paths and call["method"] == "GET" for call in sandbox_call("GET", "/_sandbox/calls")["data"])


class Bench:
    """The store, the peer (None: recorded rates) and what both are told."""

    def __init__(self, store: servers.Server, peer: dj_stripe.Peer | None, sold: list[Any], burst: int) -> None:
        self.store, self.peer, self.sold, self.burst = store, peer, sold, burst
        self.peer_burst = max(100, burst // 8)
        self.found = Measured(
            Job("accepted", ACCEPTED_TARGET),
            Job("applied", APPLIED_TARGET),
            Job("accepted, then applied", None),
            Job("applied, Stripe at 80 ms", APPLIED_TARGET),
        )

    def tell(self) -> webhook_traffic.Burst:
        events = webhook_traffic.bodies(self.sold, self.burst)
        return webhook_traffic.send(self.store.port, self.store.pid, PATH, events)

    def tell_peer(self, count: int, recorded: float) -> webhook_traffic.Burst:
        if self.peer is None:
            return webhook_traffic.Burst(recorded, 0.0)
        events = webhook_traffic.bodies(self.sold, count)
        return webhook_traffic.send(self.peer.server.port, self.peer.server.pid, dj_stripe.ADDRESS, events)

    def warm(self) -> None:
        """The peer's first look at each subscription fetches all that hangs on it; that is not measured."""
        self.tell()
        drain()
        self.tell_peer(2 * len(self.sold), RECORDED)

    def round(self) -> None:
        sandbox_call("DELETE", "/_sandbox/calls")
        theirs = self.tell_peer(self.peer_burst, RECORDED)
        self.found.their_reads.append(reads(self.sold) / self.peer_burst)
        sandbox_call("DELETE", "/_sandbox/calls")
        ours = self.tell()
        seconds, cpu = drain()
        self.found.reads.append(reads(self.sold) / len(self.sold))
        applied_cpu = cpu * 1000 / self.burst
        self._note(self.found.accepted, ours.rate, ours.cpu_ms, theirs)
        self._note(self.found.applied, self.burst / seconds, applied_cpu, theirs)
        self._note(self.found.both, 1 / (1 / ours.rate + seconds / self.burst), ours.cpu_ms + applied_cpu, theirs)
        self.found.taken_ms += ours.taken_ms
        self.found.their_taken_ms += theirs.taken_ms

    def slow_round(self) -> None:
        self.tell()
        sandbox_call("POST", "/_sandbox/faults", match="GET /v1/*", kind="slow", seconds=LATENCY_SECONDS, times=1_000_000)
        theirs = self.tell_peer(self.peer_burst // 2, RECORDED_SLOW)
        seconds, cpu = drain()
        sandbox_call("DELETE", "/_sandbox/faults")
        self._note(self.found.slow, self.burst / seconds, cpu * 1000 / self.burst, theirs)

    def _note(self, job: Job, rate: float, cpu_ms: float, theirs: webhook_traffic.Burst) -> None:
        job.ours.append(rate)
        job.our_cpu.append(cpu_ms)
        job.theirs.append(theirs.rate)
        if self.peer is not None:
            job.their_cpu.append(theirs.cpu_ms)


def measure(store: servers.Server, peer: dj_stripe.Peer | None, *, subscriptions: int, burst: int, rounds: int) -> Measured:
    bench = Bench(store, peer, sell(subscriptions), burst)
    bench.warm()
    for number in range(rounds):
        bench.round()
        bench.slow_round()
        print(f"round {number + 1} of {rounds} is done")
    if peer is not None:
        done, failed = peer.processed()
        if failed or not done:
            raise RuntimeError(f"dj-stripe processed {done} deliveries and not {failed}: its rates would mean nothing.")
    return bench.found


# --- Report -----------------------------------------------------------------------------------------------------------


def report(found: Measured, options: argparse.Namespace, *, missing: str) -> str:
    where = (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores for clients, sandbox, "
        f"database and servers, load {os.getloadavg()[0]:.1f} at the end; {options.rounds} interleaved rounds, "
        f"{options.burst:,} events about {options.subscriptions} subscriptions, {webhook_traffic.CONNECTIONS} connections. "
        f"Both behind granian (WSGI, one worker, {servers.BLOCKING_THREADS} blocking threads) on the same Postgres (the test "
        "servers': fsync and synchronous commit off) and the same sandbox."
    )
    peer = (
        f"dj-stripe did not run: {missing} Its rates are recorded ones of a machine of this size; read the ratios with care."
        if missing
        else "dj-stripe 2.11 ran beside us, set up as its documentation says: it applies an event before it answers, so its "
        "one rate stands against both of ours. CPU is milliseconds an event of the web server, or of the process that applies, "
        "without Postgres and sandbox."
    )
    heads = f"ours | dj-stripe 2.11, {'recorded' if missing else 'same run'} | ratio | our CPU ms | its CPU ms"
    p99 = statistics.quantiles(found.taken_ms, n=100)[98]
    theirs = f" (its {statistics.quantiles(found.their_taken_ms, n=100)[98]:.0f} ms)" if found.their_taken_ms else ""
    most = max(found.reads)
    their_reads = "" if missing else f"{statistics.median(found.their_reads):.2f} an event"
    kept = "held" if most <= READS_TARGET else "missed"
    reads_line = f"| reads | {most:.2f} an object and burst | {their_reads} |  |  |  |  | <= {READS_TARGET} | {kept} |"
    best = statistics.median(found.accepted.ours) / RECORDED
    by_cpu = 0.0 if missing else statistics.median(found.accepted.their_cpu) / statistics.median(found.accepted.our_cpu)
    against = (
        f"\nOther work on the machine slows whoever asks more of it, so see also: accepted by CPU {by_cpu:.0f}x, and "
        f"against the peer's best recorded rate, {RECORDED:.0f}/s alone on such a machine, {best:.1f}x.\n"
    )
    lines = [
        f"{SECTION}\n\n{where}\n\n{peer}\n",
        f"| job | {heads} | how | target | verdict |",
        "|---|---:|---:|---:|---:|---:|---|---|---|",
        found.accepted.line(f"p99 {p99:.0f} ms{theirs}, one statement"),
        found.applied.line("one process"),
        found.both.line("one after the other, as if nothing overlapped"),
        found.slow.line("one process"),
        reads_line,
    ]
    return "\n".join(lines) + "\n" + ("" if missing else against)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=50)
    parser.add_argument("--burst", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dry", action="store_true", help="print the section and leave RESULTS.md alone")
    options = parser.parse_args()
    numbers = {name: getattr(options, name) for name in ("subscriptions", "burst", "rounds")}
    missing = ""
    with ExitStack() as running:
        store = running.enter_context(stack())
        peer = None
        try:
            peer = running.enter_context(dj_stripe.running())
        except dj_stripe.MissingPeerError as error:
            missing = f"{error}."
            print(f"dj-stripe cannot run here: {error}")
        found = measure(store, peer, **numbers)
    section = report(found, options, missing=missing)
    print(section)
    if not options.dry:
        results.write(SECTION, section)


if __name__ == "__main__":
    main()
