"""kill -9 of whoever moves a countdown, at each of its steps, with Redis gone all the time: the promise is kept once."""

import os
import re
import signal
from datetime import timedelta

import pytest
from django.db.models import F

from accounts.models import OrganizationProfile, OutgoingMail
from config import clock
from config.local import processes
from offramps.models import CallSlot, Countdown, CountdownState, HandRaise, Offer, Pool, PoolMember, Rep, WorkingHours
from tests import factories, waiting

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.django_db(transaction=True)]
NAMES = ("Ann", "Ben", "Cem")

RINGS = """
    INSERT INTO offramps_offer (countdown_id, rep_id, step, eligible, explained, offered_at, until_at, outcome)
    VALUES (-%(rep)s, %(rep)s, 'pool', '{}', '{}', now(), now(), '')
"""


def put_on_duty():
    """Three who are here around the clock, and a customer who may be called."""
    factories.rule("offramps.look_again_seconds", 25)  # how late a lane may be without moving the marks: a busy machine's
    pool = Pool.objects.create(name="All", is_fallback=True, created_at=factories.FIRST)
    for name in NAMES:
        user = factories.UserFactory(name=name, is_staff=True)
        rep = Rep.objects.create(user=user, presence="online", created_at=factories.FIRST)
        PoolMember.objects.create(pool=pool, rep=rep)
        WorkingHours.objects.bulk_create(
            WorkingHours(rep=rep, weekday=day, starts_minute=0, ends_minute=1440) for day in range(7)
        )
    acme = factories.OrganizationFactory()
    OrganizationProfile.objects.update_or_create(organization=acme, defaults={"segment": "mid_market"})


def seconds_pass(seconds):
    """For the countdown and its offers, up to `seconds` after the click."""
    by = timedelta(seconds=seconds) - (clock.now() - Countdown.objects.get().clicked_at)
    of_a_clock = ("clicked_at", "deadline_at", "routed_at", "offered_at", "offers_ran_until", "due_at")
    Countdown.objects.update(**{name: F(name) - by for name in of_a_clock})
    Offer.objects.update(offered_at=F("offered_at") - by, until_at=F("until_at") - by)


class Cast:
    """The processes, started and killed one after the other."""

    def __init__(self, store, parts):
        store.environment["REDIS_URL"] = "redis://127.0.0.1:1/0"
        self.store, self.program = store, store.start("cues", "-m", "tests.faults.cues", *parts)
        said = self.program.wait_until(lambda: re.search(r"parted: ([\d ]+)\.", self.program.said))
        self.waiting = [int(pid) for pid in said[1].split()]

    def enter(self):
        self.now = self.waiting.pop(0)
        os.kill(self.now, signal.SIGUSR1)

    def kill(self):
        os.kill(self.now, signal.SIGKILL)
        waiting.until(lambda: processes.started(self.now) is None, 10)

    def die_at(self, grip, doing):
        """Whoever is on waits for a row that the test holds, and is killed there."""
        try:
            grip.wait_for_victim(doing)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.program.said}") from None
        self.kill()
        grip.let_go()


def hold_reps(traps):
    grip = traps.grip()
    for rep in Rep.objects.all():
        grip.row(rep)
    return grip


def hold_offers(traps):
    """As if another ring at each of them were being written, which in the end is not."""
    grip = traps.grip()
    for rep in Rep.objects.values_list("pk", flat=True):
        grip.held.execute(RINGS, {"rep": rep})
    return grip


def rung():
    """Each offer: to whom, how many seconds after the click it ran out, what came of it."""
    clicked_at = Countdown.objects.get().clicked_at
    offers = Offer.objects.order_by("pk").select_related("rep__user")
    return [(one.rep.user.name, round((one.until_at - clicked_at).total_seconds()), one.outcome) for one in offers]


def test_killed_at_every_step_of_a_countdown(store, traps):
    put_on_duty()
    cast = Cast(store, ["click", "lane", "lane", "lane"])

    offers = hold_offers(traps)
    cast.enter()
    cast.die_at(offers, 'INSERT INTO "offramps_offer"')  # the web: the click is committed, what rings is not
    assert (HandRaise.objects.count(), Countdown.objects.get().routed_at, rung()) == (1, None, [])

    cast.enter()
    waiting.until(rung, 20)
    reps = hold_reps(traps)
    seconds_pass(30)
    cast.die_at(reps, 'UPDATE "offramps_rep"')  # the lane: the first offer is over, the next not made
    assert rung() == [("Ann", 30, "")]

    cast.enter()
    waiting.until(lambda: len(rung()) == 2, 20)
    seconds_pass(60)
    waiting.until(lambda: len(rung()) == len(NAMES), 20)
    assert rung() == [("Ann", 30, "passed"), ("Ben", 60, "passed"), ("Cem", 90, "")]
    reps = hold_reps(traps)
    seconds_pass(90)
    cast.die_at(reps, 'UPDATE "offramps_rep"')  # the lane: the seconds are over, no slot is held
    assert not CallSlot.objects.exists()

    cast.enter()
    waiting.until(CallSlot.objects.exists, 20)
    cast.kill()
    held = Countdown.objects.get()
    assert (held.state, held.missed_because, held.due_at) == (CountdownState.SLOT, "nobody_answered", None)
    assert CallSlot.objects.count() == 1
    assert [outcome for *_offer, outcome in rung()] == ["passed"] * len(NAMES)
    told = OutgoingMail.objects.filter(kind__in=["offramps/lead_offered", "offramps/call_dated"])
    assert sorted(told.values_list("kind", flat=True)) == ["offramps/call_dated"] + ["offramps/lead_offered"] * len(NAMES)
