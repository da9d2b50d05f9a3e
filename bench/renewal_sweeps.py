"""The sweeps that `bench.renewals` measures, each beside a bare UPDATE of the rows it moves on. Needs Django set up."""

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import connection

from bench import renewal_rows
from billing.services.recovery import dunning_sweep
from billing.services.renewing import renewals

LEAST_SHARE, MOST_SECONDS, MILLION = 0.22, 25.0, 1_000_000
MOST_GROWTH_MB = 20.0


@dataclass
class Sweep:
    """One sweep: the bare UPDATE's and its own seconds, a round each; how many rows it decided, and wrote."""

    name: str
    bare_sql: str
    decide: Callable[[datetime], int]
    written_sql: str
    bare: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    grown_mb: list[float] = field(default_factory=list)
    decided: int = 0
    written: int = 0

    def line(self, count: int) -> str:
        share = statistics.median(bare / own for bare, own in zip(self.bare, self.own, strict=True))
        rate = count / statistics.median(self.own)
        million, grown = MILLION / rate, max(self.grown_mb)
        missed = [
            *([] if share >= LEAST_SHARE else [f"share >= {LEAST_SHARE:g}"]),
            *([] if million <= MOST_SECONDS else [f"<= {MOST_SECONDS:g} s"]),
            *([] if grown <= MOST_GROWTH_MB else ["memory"]),
        ]
        verdict = f"missed: {', '.join(missed)}" if missed else "held"
        return (
            f"| {self.name} | {count:,} | {self.written:,} | {rate:,.0f}/s | {count / statistics.median(self.bare):,.0f}/s | "
            f"{share:.2f} | {million:.1f} s | {grown:+.1f} MB | {verdict} |"
        )


def rss_mb() -> float:
    """The most memory this process has had; Linux says it in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def sweeps() -> list[Sweep]:
    def dunning(at: datetime) -> int:
        count = 0
        while found := dunning_sweep.sweep(at).claimed:
            count += found
        return count

    return [
        Sweep(
            "renewals",
            "UPDATE billing_renewalwatch SET due_at = due_at + interval '1 day'",
            renewals.sweep_all,
            "SELECT count(*) FROM billing_renewalnotice",
        ),
        Sweep(
            "failed payments",
            "UPDATE billing_dunningepisode SET due_at = due_at + interval '1 day'",
            dunning,
            "SELECT count(*) FROM billing_dunningstep",
        ),
    ]


def measure(count: int, rounds: int, yearly: int) -> list[Sweep]:
    now = datetime.now(UTC)
    renewal_rows.write(count, yearly, now)
    found = sweeps()
    for sweep in found:  # the first claim reads statements and policies
        renewal_rows.begin_again(now)
        sweep.decide(now)
    for _round in range(rounds):
        for sweep in found:
            renewal_rows.begin_again(now)
            sweep.bare.append(timed(lambda bare=sweep.bare_sql: renewal_rows.run(bare)))
            renewal_rows.begin_again(now)
            before = rss_mb()
            sweep.own.append(timed(lambda one=sweep: setattr(one, "decided", one.decide(now))))
            sweep.grown_mb.append(rss_mb() - before)
            with connection.cursor() as cursor:
                cursor.execute(sweep.written_sql)
                sweep.written = cursor.fetchone()[0]
            assert sweep.decided == count, (sweep.name, sweep.decided)
            assert sweep.decide(now) == 0, "a second sweep found something left"
    return found


def report(found: list[Sweep], count: int, rounds: int, yearly: int) -> str:
    day, python, load = f"{datetime.now(UTC):%Y-%m-%d}", platform.python_version(), os.getloadavg()[0]
    where = (
        f"{day}, Python {python}, 2 cores for one process and the database, load {load:.1f} at the end; {rounds} interleaved "
        f"rounds of {count:,} due rows, {yearly}% of them renewed by the year, batches of 5,000, on the test servers' Postgres "
        "(fsync and synchronous commit off)."
    )
    how = (
        "Decided are all that are due; written are the notices (unique for a subscription, period and kind) and steps of that. "
        "The bare UPDATE moves on the same rows in one statement, with nothing decided and nothing written."
    )
    lines = [
        f"{where}\n\n{how}\n",
        "| sweep | decided | written | a second | bare UPDATE, same run | share | a million takes | memory grew by | verdict |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
        *(sweep.line(count) for sweep in found),
    ]
    targets = f"Targets: share >= {LEAST_SHARE:g}, a million in {MOST_SECONDS:g} s, memory flat (within {MOST_GROWTH_MB:g} MB)."
    return "\n".join([*lines, "", targets]) + "\n"
