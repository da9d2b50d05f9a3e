"""The manager's board: who waits, who is on, what is uncovered, how fast each stage was, and the manager's hand on it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from accounts.origin import Origin, Source
from config import clock
from offramps.models import Lead, Pool, Presence
from offramps.queries import board as queries
from offramps.queries import roster
from offramps.rules.hours import Span
from offramps.services import offers, presence
from tests.shop import text

pytestmark = pytest.mark.django_db
CLICK = datetime(2027, 3, 24, 10, tzinfo=UTC)  # a Wednesday, 11:00 in Berlin
PAGE = Origin(source=Source.PAGE)
BOARD = "/desk/board/"


def after(seconds):
    return CLICK + timedelta(seconds=seconds)


def test_stages_are_measured_by_pool_and_rep_and_misses_say_why(floor):
    ann = floor.rep("Ann")
    for number, (accepted, begun) in enumerate(((10, 30), (20, 50), (25, 85))):
        at = CLICK + timedelta(hours=number)
        held = floor.click(at, reason=("other", "terms", "seats")[number])
        offers.accept(held, rep=ann, at=at + timedelta(seconds=accepted), origin=PAGE)
        offers.talking(held, rep=ann, at=at + timedelta(seconds=begun), origin=PAGE)
    presence.switch(ann, to=Presence.OFFLINE, cause="self", at=CLICK + timedelta(hours=3), origin=PAGE)
    floor.click(CLICK + timedelta(hours=4))
    floor.until(CLICK + timedelta(hours=4, seconds=90))
    found = queries.board(CLICK + timedelta(hours=5))
    (europe,) = [speed for speed in found.by_pool if speed.name == "Europe"]
    (by_ann,) = [speed for speed in found.by_rep if speed.name == "Ann"]
    assert by_ann.stages == [(0, 0, 0), (0, 0, 0), (20, 24, 25), (30, 54, 59), (50, 78, 84)]
    assert (by_ann.count, europe.count, europe.stages[4]) == (3, 4, (50, 78, 84))
    assert [held.get_missed_because_display() for held in found.missed] == ["Nobody was there"]
    assert queries.board(CLICK + timedelta(days=40)).by_rep == []


def test_uncovered_hours_are_those_that_leave_takes_from_everybody(floor):
    ann, ben = floor.rep("Ann"), floor.rep("Ben", hours=(13, 20))
    thursday = date(2027, 3, 25)
    floor.away(ann, thursday, thursday + timedelta(days=1))
    floor.away(ben, thursday, thursday + timedelta(days=2))
    (group,) = queries.board(CLICK).groups
    # Clocks change on the 28th: none of these days.
    assert group.uncovered == [
        Span(datetime(2027, 3, 25, 8, tzinfo=UTC), datetime(2027, 3, 25, 19, tzinfo=UTC)),
        Span(datetime(2027, 3, 26, 16, tzinfo=UTC), datetime(2027, 3, 26, 19, tzinfo=UTC)),
    ]
    people = {
        str(one.rep): (one.is_at_work, one.is_on_leave, one.load) for one in queries.board(CLICK + timedelta(days=1)).people
    }
    assert people == {"Ann": (False, True, 0), "Ben": (False, True, 0)}


def test_who_waits_is_seen_and_given_to_somebody_else(floor, cast, client, django_assert_max_num_queries):
    floor.rep("Ann", is_here=False)
    ben = floor.rep("Ben", pool="Asia", hours=(0, 24), time_zone="UTC")
    lead = floor.click(clock.now()).lead
    roster.forget()
    client.force_login(cast.staff_member("manager"))
    with django_assert_max_num_queries(18):
        page = text(client.get(BOARD))
    assert reverse("offramps:case", args=[lead.public_id]) in page
    assert f'value="rep:{ben.public_id}"' in page
    give = reverse("offramps:board_reassign", args=[lead.public_id])
    assert "Say why." in text(client.post(give, {"to": f"rep:{ben.public_id}", "reason": " "}, follow=True))
    assert "Choose a rep or a pool." in text(client.post(give, {"to": "rep:nobody", "reason": "x"}, follow=True))
    assert Lead.objects.get().rep is None
    assert "Ben has it now." in text(client.post(give, {"to": f"rep:{ben.public_id}", "reason": "Knows them"}, follow=True))
    assert Lead.objects.get().rep == ben
    switch = reverse("offramps:board_pool", args=[floor.pools["Asia"].public_id])
    assert "paused since" in text(client.post(switch, {"to": "paused"}, follow=True))
    assert "paused since" not in text(client.post(switch, {"to": "running"}, follow=True))
    assert client.post(switch, {"to": "gone"}).status_code == 404
    Pool.objects.filter(name="Asia").update(is_fallback=True)
    assert "make another one do that first" in text(client.post(switch, {"to": "paused"}, follow=True))


def test_only_who_runs_the_floor_sees_the_board(floor, cast, client):
    lead = floor.rep("Ann") and floor.click(clock.now()).lead
    pool = floor.pools["Europe"]
    give = reverse("offramps:board_reassign", args=[lead.public_id])
    switch = reverse("offramps:board_pool", args=[pool.public_id])
    for who in (floor.reps["Ann"].user, *(cast.staff_member(group) for group in ("rep", "csm", "support", "finance"))):
        client.force_login(who)
        answers = [client.get(BOARD), client.post(give, {"to": "x"}), client.post(switch, {"to": "paused"})]
        assert {answer.status_code for answer in answers} == {404}
    pool.refresh_from_db()
    assert pool.paused_at is None
    for who in (cast.staff_member("revenue_operations"), cast.admin):
        client.force_login(who)
        assert f'href="{BOARD}" aria-current="page"' in text(client.get(BOARD))
