"""How many seats a renewal needs, by use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import renewals


def wanted(active, coming, *, least=1, headroom=500, seen=1):
    use = renewals.Use(active=active, seen=seen)
    return renewals.recommended(use=use, coming=coming, least=least, headroom_bps=headroom)


@pytest.mark.parametrize(
    ("active", "coming", "more", "expected"),
    [
        (38, 50, {}, 40),  # the issue's own example
        (38, 40, {}, None),
        (50, 50, {}, None),
        (0, 50, {"least": 3}, 3),
        (38, 50, {"headroom": 0}, 38),
        (38, 50, {"seen": 0}, None),  # the product reports nobody: nothing is known
        (38, 50, {"least": 50}, None),
    ],
)
def test_as_many_as_are_used_with_some_room(active, coming, more, expected):
    assert wanted(active, coming, **more) == expected


@given(st.integers(0, 5_000), st.integers(0, 5_000), st.integers(1, 50), st.integers(0, 10_000))
def test_never_more_than_there_are_nor_fewer_than_are_used(active, coming, least, headroom):
    found = wanted(active, coming, least=least, headroom=headroom)
    assert found is None or (least <= found < coming and found >= active)
