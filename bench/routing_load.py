"""What bench.routing sets up and lets run: the roster and customers, and a process's work each. Needs Django set up.

Clicks are the service's own, in processes of several threads, each at its planned instant: what waits behind a slow one counts
as late. The countdowns' lane runs beside them, as in the pulse. Reps answer within a second, set-based, so that their answers
do not compete with the clicks; a watcher sees each offer's row as a desk would, 20 ms apart, and that is when it rang.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count
from django.urls import reverse

from accounts.models import Organization, OrganizationProfile, Region, User
from accounts.origin import Origin
from config import clock
from offramps.models import HandRaise, HandRaiseReason, Lead, Pool, PoolMember, Rep, WorkingHours
from offramps.queries import roster
from offramps.services import countdowns, hand_raises

SEGMENTS = ("mid_market", "enterprise")
THREADS = 4
LOOK_SECONDS, ANSWER_SECONDS = 0.02, 1.0


# --- Rows -------------------------------------------------------------------------------------------------------------


def write_roster(reps: int) -> list[tuple[str, str]]:
    """So many reps around the clock in 10 pools, one for each segment and region. Returns (segment, region) of each pool."""
    now = datetime.now(UTC)
    places = [(segment, region) for segment in SEGMENTS for region in Region.values]
    pools = [Pool(name=f"{s} {r}", segments=[s], regions=[r], created_at=now) for s, r in places]
    Pool.objects.bulk_create(pools)
    users = [User(email=f"rep{number}@vendor.example", is_staff=True) for number in range(reps)]
    User.objects.bulk_create(users)
    rows = [Rep(user=user, languages=["en"], capacity=50, presence="online", created_at=now) for user in users]
    Rep.objects.bulk_create(rows)
    WorkingHours.objects.bulk_create(
        WorkingHours(rep=rep, weekday=day, starts_minute=0, ends_minute=1440) for rep in rows for day in range(7)
    )
    PoolMember.objects.bulk_create(
        PoolMember(pool=pools[place % len(pools)], rep=rep, weight=1 + place % 3) for place, rep in enumerate(rows)
    )
    return places


def write_customers(places: Sequence[tuple[str, str]], number: int) -> list[int]:
    """As many as will click, each once. Returns their keys."""
    made = [Organization(name=f"Buyer {n}", country="DE", region=places[n % len(places)][1]) for n in range(number)]
    Organization.objects.bulk_create(made)
    OrganizationProfile.objects.bulk_create(
        OrganizationProfile(organization=one, segment=places[n % len(places)][0], segment_reason="bench")
        for n, one in enumerate(made)
    )
    return [one.pk for one in made]


# --- Processes --------------------------------------------------------------------------------------------------------


def click(ready: Any, spent: Any, organizations: Sequence[int], *, first: float, every: float) -> None:
    """Each organization asks once, at its planned instant. Puts the processor seconds it took, and what failed."""
    _warm()
    ready.wait()
    begins, before = time.time() + 0.5 + first, time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        asked = []
        for place, organization in enumerate(organizations):
            planned = begins + place * every
            time.sleep(max(0.0, planned - time.time()))
            asked.append(pool.submit(_raise, organization, planned))
    failed = [repr(error) for one in asked if (error := one.exception())]
    spent.put((time.process_time() - before, failed))


def _warm() -> None:
    """What a process that serves has in memory: the store's addresses, who works when."""
    reverse("offramps:desk")
    now = datetime.now(UTC)
    known = roster.roster(now)
    for rep in known.reps:
        known.is_at_work(rep, now)


def _raise(organization_id: int, planned: float) -> None:
    hand_raises.raise_hand(
        reason=HandRaiseReason.OTHER,
        answers={},
        contact=hand_raises.Contact(email=f"a{organization_id}@buyer.example", channel="phone", phone="+1 555 0100"),
        at=datetime.fromtimestamp(planned, UTC),
        origin=Origin.system(),
        organization=Organization.objects.select_related("profile").get(pk=organization_id),
    )


def lane(ready: Any, over: Any) -> None:
    """The countdowns' lane, as the pulse drives it."""
    _warm()
    ready.wait()
    while not over.is_set():
        if not countdowns.drain(clock.wall()).handled:
            over.wait(0.25)


def watch(ready: Any, over: Any, seen: Any) -> None:
    """When each clock's first offer could be read, in milliseconds from its click; and the reps' answers, a second later."""
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


# --- What became of them ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """Of one round: clicks written down, clicks without row, clock or offer, and those that rang twice at once."""

    clicks: int
    lost: int
    doubled: int


def newest() -> int:
    """The newest hand-raise, after which a round begins."""
    return HandRaise.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def counts(after: int, asked: int) -> Counts:
    clicks = HandRaise.objects.filter(pk__gt=after).count()
    leads = Lead.objects.filter(triggers__hand_raise__gt=after)
    rung = leads.filter(countdowns__offers__isnull=False).distinct().count()
    twice = leads.annotate(clocks=Count("countdowns", distinct=True)).filter(clocks__gt=1).count()
    with connection.cursor() as cursor:
        cursor.execute(AT_ONCE, [after])
        return Counts(clicks=clicks, lost=asked - rung, doubled=twice + cursor.fetchone()[0])


AT_ONCE = """
SELECT count(DISTINCT a.countdown_id) FROM offramps_offer a
JOIN offramps_offer b ON b.countdown_id = a.countdown_id AND b.id > a.id AND b.offered_at < coalesce(a.outcome_at, a.until_at)
JOIN offramps_countdown c ON c.id = a.countdown_id JOIN offramps_leadtrigger t ON t.lead_id = c.lead_id
WHERE t.hand_raise_id > %s
"""
