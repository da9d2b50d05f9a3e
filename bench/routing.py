"""How soon a click rings at a rep: `python -m bench.routing` (100 hand-raises a second for a minute, on 500 reps).

Needs test servers (`python -m config.local services` in another terminal). What clicks, offers, watches and answers is in
bench.routing_load, each in a process of its own. Writes its verdict into bench/RESULTS.md. A rate that is too high for the
machine is halved until one holds.
"""

import argparse
import importlib
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import django

from bench import results, web

SECTION = "## Click to offer (`python -m bench.routing`)"
REPS = 500
CLICKERS = 2
MOST_P99_MS = 1000
SETTLED_SECONDS = 3  # for the last offers to be seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rate", type=int, default=100, help="hand-raises a second")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with web.database():
        load = importlib.import_module("bench.routing_load")
        places, lines, rate = load.write_roster(REPS), [], options.rate
        while rate:
            organizations = load.write_customers(places, rate * options.seconds)
            line, held = _round(load, organizations, rate, options.seconds)
            lines.append(line)
            rate = 0 if held else rate // 2
    results.write(SECTION, _report(lines))


def _round(load: Any, organizations: Sequence[int], rate: int, seconds: int) -> tuple[str, bool]:
    """One rate: a line of the report, and whether the target held."""
    context = multiprocessing.get_context("spawn")
    seen, spent, over = context.Queue(), context.Queue(), context.Event()
    ready, newest = context.Barrier(CLICKERS + 2), load.newest()
    helpers = [_process(context, "lane", ready, over), _process(context, "watch", ready, over, seen)]
    clickers = [
        _process(context, "click", ready, spent, organizations[part::CLICKERS], first=part / rate, every=CLICKERS / rate)
        for part in range(CLICKERS)
    ]
    cpu, failures = 0.0, []
    for _clicker in clickers:
        seconds_of_one, failed = spent.get(timeout=seconds * 10 + 60)
        cpu, failures = cpu + seconds_of_one, [*failures, *failed]
    for process in clickers:
        process.join()
    time.sleep(SETTLED_SECONDS)
    over.set()
    found = sorted(seen.get(timeout=30))
    for process in helpers:
        process.join(20)
    sys.stderr.writelines(f"{failure}\n" for failure in failures[:5])
    told = load.counts(newest, len(organizations))
    p50, p90, p99 = (statistics.quantiles(found, n=100)[place] for place in (49, 89, 98))
    held = p99 <= MOST_P99_MS and not failures and not told.lost and not told.doubled and len(found) == told.clicks
    line = (
        f"| {rate}/s for {seconds} s | {told.clicks:,} | {p50:,.0f} | {p90:,.0f} | {p99:,.0f} | {told.lost} | {told.doubled}"
        f" | {told.clicks - told.lost - len(found)} | {1000 * cpu / max(1, told.clicks):.1f}"
        f" | p99 <= {MOST_P99_MS:,} ms, none lost, doubled or unseen | {'held' if held else 'missed'} |"
    )
    sys.stderr.write(line + "\n")
    return line, held


def _process(context: Any, name: str, *given: Any, **named: float) -> Any:
    made = context.Process(target=_run, args=(name, *given), kwargs=named)
    made.start()
    return made


def _run(name: str, *given: Any, **named: float) -> None:
    """In a process of its own, which has to set Django up before what needs it is imported."""
    django.setup()
    getattr(importlib.import_module("bench.routing_load"), name)(*given, **named)


def _report(lines: Sequence[str]) -> str:
    machine = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores for all of it"
    rows = "\n".join(lines)
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    return f"""{SECTION}

{machine}, {load}; {REPS} reps in 10 pools; {CLICKERS} clicking processes of 4 threads, the lane and a watcher.

| rate | clicks | p50 ms | p90 ms | p99 ms | lost | doubled | unseen | CPU ms a click | target | verdict |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---|---|
{rows}

From the planned instant of the click to the offer's row being read by somebody else. Lost: without a row, a clock or an
offer. Doubled: several clocks of one lead, or two offers of one that rang at the same time. CPU is the clicking processes' own.
"""


if __name__ == "__main__":
    main()
