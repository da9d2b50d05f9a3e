"""How soon a click rings at a rep: `python -m bench.routing` (100 hand-raises a second for a minute, on 500 reps).

Needs test servers (`python -m config.local services` in another terminal). Clicks are the service's own, in processes of
several threads, each at its planned instant: what waits behind a slow one counts as late. The countdowns' lane runs beside
them, as in the pulse. Reps answer within a second, set-based, so that their answers do not compete with the clicks; a watcher
sees each offer's row as a desk would, 20 ms apart, and that is when it rang. Writes its verdict into bench/RESULTS.md. A rate
that is too high for the machine is halved until one holds.
"""

import argparse
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import results, web

SECTION = "## Click to offer (`python -m bench.routing`)"
REPS, SEGMENTS = 500, ("mid_market", "enterprise")
CLICKERS, THREADS = 2, 4
LOOK_SECONDS, ANSWER_SECONDS = 0.02, 1.0
MOST_P99_MS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rate", type=int, default=100, help="hand-raises a second")
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with web.database():
        places, lines, rate = _write_roster(), [], options.rate
        while rate:
            _write_customers(places, rate * options.seconds)
            line, held = _round(rate, options.seconds)
            lines.append(line)
            rate = 0 if held else rate // 2
    results.write(SECTION, _report(lines))


def _round(rate: int, seconds: int) -> tuple[str, bool]:
    """One rate: a line of the report, and whether the target held."""
    from offramps.models import HandRaise  # noqa: PLC0415 - needs Django

    context = multiprocessing.get_context("spawn")
    seen: Any = context.Queue()
    cpu: Any = context.Queue()
    over: Any = context.Event()
    ready: Any = context.Barrier(CLICKERS + 2)
    organizations, before = _organizations(rate * seconds), HandRaise.objects.count()
    helpers = [context.Process(target=_lane, args=(ready, over)), context.Process(target=_watch, args=(ready, over, seen))]
    clickers = [
        context.Process(target=_click, args=(ready, organizations[part::CLICKERS], part / rate, CLICKERS / rate, cpu))
        for part in range(CLICKERS)
    ]
    for process in (*helpers, *clickers):
        process.start()
    spent = sum(cpu.get(timeout=seconds * 10 + 60) for _clicker in clickers)
    for process in clickers:
        process.join()
    time.sleep(3)
    over.set()
    found = sorted(seen.get(timeout=30))
    for process in helpers:
        process.join(20)
    clicks = HandRaise.objects.count() - before
    lost, doubled = clicks - len(found), _doubled()
    p50, p90, p99 = (statistics.quantiles(found, n=100)[place] for place in (49, 89, 98))
    held = p99 <= MOST_P99_MS and not lost and not doubled
    verdict = "held" if held else "missed"
    line = (
        f"| {rate}/s for {seconds} s | {clicks:,} | {p50:,.0f} | {p90:,.0f} | {p99:,.0f} | {lost} | {doubled}"
        f" | {1000 * spent / max(1, clicks):.1f} | p99 <= {MOST_P99_MS:,} ms, none lost or doubled | {verdict} |"
    )
    sys.stderr.write(line + "\n")
    return line, held


# --- Processes --------------------------------------------------------------------------------------------------------


def _setup() -> None:
    import django  # noqa: PLC0415 - a process of its own

    django.setup()


def _click(ready: Any, organizations: Sequence[int], first: float, every: float, cpu: Any) -> None:
    """Each organization asks once, at its planned instant. Tells the processor seconds it took."""
    _setup()
    from offramps.queries import roster  # noqa: PLC0415 - needs Django; as a process that serves has it in memory
    from offramps.services import hand_raises  # noqa: F401, PLC0415

    roster.roster(datetime.now(UTC))
    ready.wait()
    begins, before = time.time() + 0.5 + first, time.process_time()
    with ThreadPoolExecutor(THREADS) as threads:
        for place, organization in enumerate(organizations):
            planned = begins + place * every
            time.sleep(max(0.0, planned - time.time()))
            threads.submit(_raise, organization, planned)
    cpu.put(time.process_time() - before)


def _raise(organization_id: int, planned: float) -> None:
    from accounts.models import Organization  # noqa: PLC0415 - needs Django
    from accounts.origin import Origin  # noqa: PLC0415
    from offramps.models import HandRaiseReason  # noqa: PLC0415
    from offramps.services import hand_raises  # noqa: PLC0415

    try:
        hand_raises.raise_hand(
            reason=HandRaiseReason.OTHER,
            answers={},
            contact=hand_raises.Contact(email=f"a{organization_id}@buyer.example", channel="phone", phone="+1 555 0100"),
            at=datetime.fromtimestamp(planned, UTC),
            origin=Origin.system(),
            organization=Organization.objects.select_related("profile").get(pk=organization_id),
        )
    except Exception as error:  # noqa: BLE001 - what fails is counted as lost, and said
        sys.stderr.write(f"{error!r}\n")


def _lane(ready: Any, over: Any) -> None:
    _setup()
    from config import clock  # noqa: PLC0415 - needs Django
    from offramps.services import countdowns  # noqa: PLC0415

    ready.wait()
    while not over.is_set():
        if not countdowns.drain(clock.wall()).handled:
            over.wait(0.25)


def _watch(ready: Any, over: Any, seen: Any) -> None:
    """When each offer's row was there, in milliseconds from its click; and the reps' answers, a second later."""
    _setup()
    from django.db import connection  # noqa: PLC0415 - needs Django

    found: dict[int, float] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM offramps_offer")
        last, answered_at = cursor.fetchone()[0], time.time()
        ready.wait()
        while not over.is_set():
            cursor.execute(NEWEST, [last])
            now = time.time()
            for offer, countdown, clicked in cursor.fetchall():
                last = max(last, offer - 50)  # rows of slower transactions come later with smaller keys
                found.setdefault(countdown, (now - float(clicked)) * 1000)
            if now - answered_at > ANSWER_SECONDS / 4:
                answered_at = now
                cursor.execute(ANSWERED, [datetime.fromtimestamp(now, UTC) - timedelta(seconds=ANSWER_SECONDS)])
            time.sleep(LOOK_SECONDS)
    seen.put(list(found.values()))


NEWEST = """
SELECT o.id, o.countdown_id, extract(epoch FROM c.clicked_at) FROM offramps_offer o
JOIN offramps_countdown c ON c.id = o.countdown_id WHERE o.id > %s
"""
ANSWERED = """
WITH taken AS (
    UPDATE offramps_offer SET outcome = 'accepted', outcome_at = now() WHERE outcome = '' AND offered_at < %s
    RETURNING countdown_id, rep_id
), talking AS (
    UPDATE offramps_countdown c SET state = 'contacted', contacted_at = now(), rep_id = t.rep_id, due_at = NULL
    FROM taken t WHERE c.id = t.countdown_id RETURNING c.lead_id
)
UPDATE offramps_lead l SET state = 'won', closed_at = now() FROM talking k WHERE l.id = k.lead_id
"""


# --- Rows -------------------------------------------------------------------------------------------------------------


def _write_roster() -> list[tuple[str, str]]:
    """500 reps around the clock in 10 pools, one for each segment and region. Returns (segment, region) of each pool."""
    from accounts.models import Region, User  # noqa: PLC0415 - needs Django
    from offramps import models  # noqa: PLC0415

    now = datetime.now(UTC)
    places = [(segment, region) for segment in SEGMENTS for region in Region.values]
    pools = [models.Pool(name=f"{s} {r}", segments=[s], regions=[r], created_at=now) for s, r in places]
    models.Pool.objects.bulk_create(pools)
    users = [User(email=f"rep{number}@vendor.example", is_staff=True) for number in range(REPS)]
    User.objects.bulk_create(users)
    reps = [models.Rep(user=user, languages=["en"], capacity=50, presence="online", created_at=now) for user in users]
    models.Rep.objects.bulk_create(reps)
    models.WorkingHours.objects.bulk_create(
        models.WorkingHours(rep=rep, weekday=day, starts_minute=0, ends_minute=1440) for rep in reps for day in range(7)
    )
    models.PoolMember.objects.bulk_create(
        models.PoolMember(pool=pools[place % len(pools)], rep=rep, weight=1 + place % 3) for place, rep in enumerate(reps)
    )
    return places


def _write_customers(places: Sequence[tuple[str, str]], number: int) -> None:
    """As many as will click, each once."""
    from accounts.models import Organization, OrganizationProfile  # noqa: PLC0415 - needs Django

    made = [Organization(name=f"Buyer {n}", country="DE", region=places[n % len(places)][1]) for n in range(number)]
    Organization.objects.bulk_create(made)
    OrganizationProfile.objects.bulk_create(
        OrganizationProfile(organization=one, segment=places[n % len(places)][0], segment_reason="bench")
        for n, one in enumerate(made)
    )


def _organizations(newest: int) -> list[int]:
    from accounts.models import Organization  # noqa: PLC0415 - needs Django

    return list(Organization.objects.order_by("-pk").values_list("pk", flat=True)[:newest])


def _doubled() -> int:
    """Clicks with more than one clock, and clocks that rang at two reps within one offer's time."""
    from django.db.models import Count  # noqa: PLC0415 - needs Django

    from offramps.models import Countdown, Lead  # noqa: PLC0415

    twice = Lead.objects.annotate(clocks=Count("countdowns")).filter(clocks__gt=1).count()
    return twice + Countdown.objects.annotate(rung=Count("offers")).filter(rung__gt=1).count()


def _report(lines: Sequence[str]) -> str:
    machine = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores for all of it"
    rows = "\n".join(lines)
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    return f"""{SECTION}

{machine}, {load}; {REPS} reps in 10 pools; {CLICKERS} clicking processes of {THREADS} threads, the lane and a watcher.

| rate | clicks | p50 ms | p90 ms | p99 ms | lost | doubled | CPU ms a click | target | verdict |
|---|---:|---:|---:|---:|---:|---:|---:|---|---|
{rows}

From the planned instant of the click to the offer's row being read by somebody else. CPU is the clicking processes' own.
"""


if __name__ == "__main__":
    main()
