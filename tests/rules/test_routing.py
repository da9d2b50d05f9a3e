"""Who is offered a lead, fairly and with the reason; and what the clock does when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offramps.rules import answering, countdown, round_robin, routing
from offramps.rules.countdown import Do, Next, Standing, Timing
from offramps.rules.routing import Asked, Pool, Rep, Step, Why

CLICK = datetime(2027, 3, 22, 10, tzinfo=UTC)


def after(seconds):
    return CLICK + timedelta(seconds=seconds)


def deal(weights, eligible_of, number):
    past = []
    for place in range(number):
        eligible = frozenset(eligible_of(place))
        past.append(round_robin.Dealt(round_robin.turn(weights, eligible, past).rep, eligible))
    return past


def farthest(weights, past):
    """How far anybody is from the target over any fifty, in leads."""
    most = 0.0
    for end in range(round_robin.WINDOW, len(past) + 1):
        window = past[end - round_robin.WINDOW : end]
        for rep in weights:
            shares = (weights[rep] / sum(weights[one] for one in dealt.eligible) for dealt in window if rep in dealt.eligible)
            most = max(most, abs(sum(dealt.rep == rep for dealt in window) - sum(shares)))
    return most


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 100), min_size=1, max_size=12))
def test_over_any_fifty_nobody_is_a_lead_from_the_target(weights):
    known = dict(enumerate(weights))
    assert farthest(known, deal(known, lambda _place: known, 130)) < 1


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_who_comes_and_goes_is_caught_up_within_the_window(weights, random):
    """Every fifth is away at each offer: nobody can promise one lead then, but no debt grows either."""
    known = dict(enumerate(weights))
    past = deal(known, lambda _place: [rep for rep in known if random.random() < 0.8] or list(known), 90)
    assert farthest(known, past) < 2.5


def test_equals_take_turns_and_a_heavy_one_does_not_wait():
    assert [dealt.rep for dealt in deal({1: 1, 2: 1, 3: 1}, lambda _place: {1, 2, 3}, 6)] == [1, 2, 3, 1, 2, 3]
    heavy = [dealt.rep for dealt in deal({1: 3, 2: 1}, lambda _place: {1, 2}, 8)]
    assert heavy.count(1) == 6
    assert heavy[0] == 1
    with pytest.raises(ValueError, match="Nobody"):
        round_robin.turn({}, frozenset(), [])


def test_who_was_away_gets_no_flood():
    dealt = deal({1: 1, 2: 1}, lambda place: {1} if place < 40 else {1, 2}, 60)
    assert [one.rep for one in dealt[40:]].count(2) == 10


EUROPE = Pool(id=1, segments=frozenset({"smb", "mid_market"}), regions=frozenset({"europe"}), members=frozenset({1, 2, 3}))
LARGE = Pool(id=2, segments=frozenset({"enterprise"}), members=frozenset({4, 5}))
REST = Pool(id=3, members=frozenset({6}), is_fallback=True)
POOLS = (REST, LARGE, EUROPE)


def rep(number, **options):
    return Rep(id=number, languages=frozenset({"en"}), capacity=3, **options)


def reps(**changed):
    """All of them; `_2=...` replaces the second."""
    found = {number: rep(number) for number in (1, 2, 3, 6)}
    found[4] = rep(4, regions=frozenset({"europe"}))
    found[5] = rep(5, regions=frozenset({"na"}))
    return found | {int(name[1:]): value for name, value in changed.items()}


def asked(**options):
    return Asked(**{"segment": "mid_market", "region": "europe"} | options)


def test_the_order_of_routing():
    assert routing.route(asked(owners=(5,)), reps(), POOLS).step is Step.OWNER
    own = routing.route(asked(owners=(5, 2)), reps(_5=rep(5, is_online=False)), POOLS)
    assert (own.candidates, own.passed_over) == ({2}, {5: Why.OFFLINE})
    regional = routing.route(asked(segment="enterprise"), reps(), POOLS)
    assert (regional.step, regional.pool, regional.candidates) == (Step.REGIONAL, 2, {4})
    assert regional.passed_over == {5: Why.REGION}
    turns = routing.route(asked(), reps(), POOLS)
    assert (turns.step, turns.pool, turns.candidates) == (Step.POOL, 1, {1, 2, 3})
    elsewhere = routing.route(asked(region="apac"), reps(), POOLS)
    assert (elsewhere.step, elsewhere.pool, elsewhere.candidates) == (Step.FALLBACK, 3, {6})


def test_nobody_is_left_out_without_a_reason():
    busy = reps(
        _1=rep(1, is_at_work=False),
        _2=rep(2, load=3),
        _3=rep(3, is_ringing=True),
        _6=rep(6, is_online=False),
    )
    found = routing.route(asked(passed=frozenset({6})), busy, POOLS)
    assert not found.candidates
    assert found.pool == 1
    assert found.passed_over == {1: Why.OFF_HOURS, 2: Why.FULL, 3: Why.RINGING, 6: Why.PASSED}
    assert routing.route(asked(), {}, ()).pool is None


def test_a_skill_is_needed_a_language_is_liked():
    skilled = reps(_2=rep(2, skills=frozenset({"legal"})))
    assert routing.route(asked(skill="legal"), skilled, POOLS).candidates == {2}
    german = reps(_3=Rep(id=3, languages=frozenset({"de"}), capacity=1))
    liked = routing.route(asked(language="de"), german, POOLS)
    assert (liked.candidates, liked.speaks_language) == ({3}, True)
    assert liked.passed_over == {1: Why.LANGUAGE, 2: Why.LANGUAGE}
    none = routing.route(asked(language="fr"), german, POOLS)
    assert (none.candidates, none.speaks_language) == ({1, 2, 3}, False)
    assert routing.home(asked(skill="security"), POOLS, reps()) == EUROPE, "nobody has it: it still is somebody's"
    only = reps(_6=rep(6, skills=frozenset({"security"})))
    assert routing.home(asked(skill="security"), POOLS, only) == REST
    assert routing.route(asked(skill="security"), only, POOLS).candidates == {6}


def test_a_paused_pool_is_passed_by():
    paused = Pool(id=1, regions=frozenset({"europe"}), members=frozenset({1}), is_paused=True)
    assert routing.route(asked(), reps(), (paused, REST)).pool == REST.id


TIMING = Timing()


@pytest.mark.parametrize(
    ("standing", "seconds", "next_step"),
    [
        ({}, 0, Next(Do.OFFER)),
        ({"offer_until": after(30)}, 29, Next(Do.WAIT, after(30))),
        ({"offer_until": after(30)}, 30, Next(Do.OFFER)),
        ({"offers_ran_until": after(30)}, 33, Next(Do.OFFER)),
        ({"is_accepted": True}, 40, Next(Do.WAIT, after(90))),
        ({"is_accepted": True}, 90, Next(Do.HOLD_SLOT)),
        ({"offer_until": after(90)}, 90, Next(Do.HOLD_SLOT)),
        ({"is_slot_held": True}, 91, Next(Do.REST)),
        ({"is_slot_held": True, "is_offered_on": True}, 91, Next(Do.OFFER)),
        ({"is_slot_held": True, "is_offered_on": True, "is_accepted": True}, 91, Next(Do.REST)),
        ({"is_slot_held": True, "is_offered_on": True}, 180, Next(Do.REST)),
        ({"is_contacted": True}, 40, Next(Do.REST)),
    ],
)
def test_what_the_clock_does(standing, seconds, next_step):
    assert countdown.next_step(Standing(clicked_at=CLICK, **standing), TIMING, after(seconds)) == next_step


@pytest.mark.parametrize(
    ("ran_until", "seconds", "until"),
    [
        (None, 0.4, 30),
        (after(30), 30.4, 60),  # a lane that is late does not shift the marks
        (after(12), 12, 42),  # declined at 12 s
        (after(72), 72, 90),
        (after(30), 50, 75),  # somebody came at 50 s
        (None, 100, 125),
    ],
)
def test_until_when_it_rings(ran_until, seconds, until):
    standing = Standing(clicked_at=CLICK, offers_ran_until=ran_until)
    assert countdown.offer_until(standing, TIMING, after(seconds)) == after(until)


@pytest.mark.parametrize(
    ("reason", "segment", "seats", "called"),
    [
        ("other", "smb", 5, False),
        ("other", "smb", 50, True),
        ("legal", "smb", 1, True),
        ("security", "smb", 0, True),
        ("discount", "mid_market", 5, True),
    ],
)
def test_who_is_called(reason, segment, seats, called):
    assert answering.may_be_called(reason=reason, segment=segment, seats=seats, call_from_seats=50) is called
