"""Conditions as data: what is refused, with its place; and when a rule holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offramps.rules import detecting
from offramps.rules.detecting import Occasion, Problem, Unfit


def one(fact, op, value, **more):
    return {"fact": fact, "op": op, "value": value, **more}


BIG = one("cart_seats", "at_least", 150)
LARGE = one("segment", "one_of", ["enterprise"])


@pytest.mark.parametrize(
    ("data", "problem", "place"),
    [
        ([], Problem.SHAPE, ""),
        ({"all": [BIG], "none": []}, Problem.SHAPE, ""),
        ({"all": "cart"}, Problem.SHAPE, "all"),
        ({"all": [BIG | {"code": "import os"}]}, Problem.SHAPE, "all.0"),
        ({"all": [], "any": []}, Problem.EMPTY, ""),
        ({"all": [BIG] * 13}, Problem.TOO_MANY, ""),
        ({"all": [one("mood", "is", True)]}, Problem.UNKNOWN_FACT, "all.0.fact"),
        ({"any": [BIG, one("cart_seats", "one_of", 3)]}, Problem.OPERATOR, "any.1.op"),
        ({"all": [one("cart_seats", "at_least", "150")]}, Problem.NOT_A_NUMBER, "all.0.value"),
        ({"all": [one("cart_seats", "at_least", True)]}, Problem.NOT_A_NUMBER, "all.0.value"),
        ({"all": [one("cart_seats", "at_least", -1)]}, Problem.NOT_A_NUMBER, "all.0.value"),
        ({"all": [BIG, one("is_free_mail", "is", "no")]}, Problem.NOT_YES_OR_NO, "all.1.value"),
        ({"all": [BIG, one("segment", "one_of", ["huge"])]}, Problem.NOT_A_CHOICE, "all.1.value"),
        ({"all": [BIG, one("segment", "one_of", "smb")]}, Problem.NOT_A_CHOICE, "all.1.value"),
        ({"all": [one("pricing_people", "at_least", 3)]}, Problem.DAYS, "all.0.days"),
        ({"all": [one("pricing_people", "at_least", 3, days=91)]}, Problem.DAYS, "all.0.days"),
        ({"all": [BIG | {"days": 3}]}, Problem.DAYS, "all.0.days"),
        ({"all": [LARGE]}, Problem.NO_OCCASION, ""),
        ({"all": [BIG, one("declined_minor", "at_least", 1)]}, Problem.MIXED, ""),
        ({"all": [BIG, one("cart_seats", "at_most", 149)]}, Problem.CONTRADICTION, ""),
    ],
)
def test_what_says_nothing_is_refused_with_its_place(data, problem, place):
    with pytest.raises(Unfit) as refused:
        detecting.read(data)
    assert (refused.value.problem, refused.value.place) == (problem, place)


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        ({"cart_seats": 150, "segment": "enterprise"}, 2),
        ({"cart_seats": 149, "segment": "enterprise"}, 0),
        ({"cart_seats": 200, "segment": "smb", "is_named_account": True}, 2),
        ({"cart_seats": 200, "segment": "enterprise", "is_named_account": True}, 3),
        ({"cart_seats": 200, "segment": "smb", "is_named_account": False}, 0),
        ({"cart_seats": 200}, 0),
        ({"segment": "enterprise"}, 0),
    ],
)
def test_all_and_one_of_any(facts, holds):
    rule = detecting.read({"all": [BIG], "any": [LARGE, one("is_named_account", "is", True)]})
    assert len(rule.met(facts)) == holds


@pytest.mark.parametrize(
    ("conditions", "occasion"),
    [
        ([BIG], Occasion.CART),
        ([BIG, one("abandoned_hours", "at_least", 24)], Occasion.ABANDONED),
        ([one("declined_minor", "at_least", 100_000), LARGE], Occasion.DECLINED),
        ([one("pricing_people", "at_least", 3, days=14)], Occasion.VISITS),
        ([one("seats_asked", "at_least", 50)], Occasion.ASKED),
    ],
)
def test_the_conditions_decide_what_is_watched(conditions, occasion):
    rule = detecting.read({"all": conditions})
    assert rule.occasion is occasion
    assert detecting.read(rule.as_data()) == rule


@given(st.sampled_from(sorted(detecting.FACTS)), st.data())
def test_what_is_not_known_fulfils_nothing(name, data):
    fact = detecting.FACTS[name]
    values = {"choice": list(fact.choices[:1]), "yes": data.draw(st.booleans())}
    value = values.get(fact.kind, data.draw(st.integers(0, 100)))
    for op in detecting.OPS[fact.kind]:
        condition = detecting.Condition(fact=name, op=op, value=tuple(value) if isinstance(value, list) else value)
        assert not condition.holds({})
        assert not condition.holds({name: None})
        if isinstance(value, int) and not isinstance(value, bool):
            seen = data.draw(st.integers(0, 200))
            assert condition.holds({name: seen}) is (seen >= value if op == "at_least" else seen <= value)
