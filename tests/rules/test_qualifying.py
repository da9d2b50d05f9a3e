"""Whether somebody fits a person's time: points with their parts, and what decides whatever the points."""

from hypothesis import given
from hypothesis import strategies as st

from offramps.rules import qualifying
from offramps.rules.qualifying import Numbers, Profile

MOST = {"employees": 40, "industry": 15, "region": 15, "use": 30}
SMB = Numbers(threshold=56, most=MOST, unserved=frozenset({"apac"}))


def fit(numbers=SMB, **known):
    found = qualifying.qualify(Profile(**{"topic": "other", **known}), numbers)
    assert found.score == sum(found.parts.values())
    return found.fit, found.score, found.decided_by


def test_points_of_each_part_and_the_threshold_decide():
    assert fit(employees=10, region="europe") == ("self_service", 40, "employees")
    assert fit(employees=10, region="europe", seats=20) == ("routed", 62, "use")
    assert fit(employees=1000, region="europe") == ("routed", 70, "employees")
    assert fit() == ("self_service", 26, "employees")
    assert fit(seats=50) == ("routed", 56, "use"), "the threshold itself is enough"
    picky = Numbers(threshold=56, most=MOST, industries=frozenset({"energy"}))
    assert [fit(picky, employees=250, industry=one)[1] for one in ("energy", "", "retail")] == [52, 44, 37]


def test_whoever_is_not_served_is_not_whatever_the_points_and_law_and_security_reach_a_person():
    large = {"employees": 5000, "seats": 500}
    assert fit(**large, region="apac")[::2] == ("unserved", "region")
    assert fit(**large, is_competitor=True)[::2] == ("competitor", "competitor")
    for topic in ("legal", "security"):
        assert fit(topic=topic, region="apac", is_competitor=True)[::2] == ("at_once", "topic")


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 200), st.integers(0, 200))
def test_more_people_or_seats_never_fit_worse(people, more_people, seats, more_seats):
    less = fit(employees=people, seats=seats)
    more = fit(employees=people + more_people, seats=seats + more_seats)
    assert more[1] >= less[1]
    assert more[0] == "routed" or less[0] == "self_service"
