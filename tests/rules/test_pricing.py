"""Tiers at their edges, savings, and the one rule for MRR."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import pricing
from billing.rules.pricing import Tier

TIERS = (Tier(9, 1800), Tier(24, 1600), Tier(49, 1400), Tier(None, 1200))
FLAT = (Tier(None, 900),)
PRICES = st.lists(st.integers(1, 5000), min_size=1, max_size=5).map(lambda units: sorted(units, reverse=True))


@st.composite
def falling_tiers(draw):
    units = draw(PRICES)
    bounds = sorted(draw(st.sets(st.integers(1, 500), min_size=len(units) - 1, max_size=len(units) - 1)))
    return tuple(Tier(bound, unit) for bound, unit in zip([*bounds, None], units, strict=True))


@pytest.mark.parametrize(
    ("seats", "volume", "graduated"),
    [
        (0, 0, 0),
        (1, 1800, 1800),
        (9, 16200, 16200),
        (10, 16000, 17800),
        (24, 38400, 40200),
        (25, 35000, 41600),
        (49, 68600, 75200),
        (50, 60000, 76400),
        (100, 120000, 136400),
    ],
)
def test_totals_at_the_edges_of_tiers(seats, volume, graduated):
    assert pricing.total(TIERS, "volume", seats) == volume
    assert pricing.total(TIERS, "graduated", seats) == graduated


def test_per_unit_totals():
    assert [pricing.total(FLAT, "per_unit", seats) for seats in (0, 1, 25)] == [0, 900, 22500]


def test_what_cannot_be_priced():
    with pytest.raises(ValueError, match="0 or more"):
        pricing.total(FLAT, "per_unit", -1)
    with pytest.raises(ValueError, match="No tier holds 10 seats"):
        pricing.total((Tier(9, 1800),), "volume", 10)
    with pytest.raises(ValueError, match="ends at 9"):
        pricing.total((Tier(9, 1800),), "graduated", 10)


def test_the_next_tier_says_how_many_more_seats_and_what_they_cost():
    coming = pricing.next_break(TIERS, "volume", 8)
    assert coming == pricing.Break(seats=10, more=2, unit_minor=1600, total_minor=16000, total_falls=False)
    assert pricing.next_break(TIERS, "volume", 9) == pricing.Break(10, 1, 1600, 16000, total_falls=True)
    assert pricing.next_break(TIERS, "volume", 10) == pricing.Break(25, 15, 1400, 35000, total_falls=False)


def test_no_next_tier_at_the_top_beyond_the_maximum_or_without_tiers():
    assert pricing.next_break(TIERS, "volume", 50) is None
    assert pricing.next_break(TIERS, "volume", 30, seats_max=49) is None
    assert pricing.next_break(FLAT, "per_unit", 3) is None


def test_ticks_of_a_slider():
    assert pricing.break_seats(TIERS, 100) == (10, 25, 50)
    assert pricing.break_seats(TIERS, 49) == (10, 25)
    assert pricing.break_seats(FLAT, 49) == ()


def test_savings_in_money():
    assert pricing.tier_saving(TIERS, "volume", 25) == 25 * 400
    assert pricing.tier_saving(TIERS, "volume", 9) == 0
    assert pricing.tier_saving(TIERS, "graduated", 25) == 25 * 1800 - 41600
    assert pricing.year_saving(35000, 350000) == 70000


def test_mrr_is_the_total_normalized_once():
    assert pricing.mrr(FLAT, "per_unit", 7, "month") == 6300
    assert pricing.mrr((Tier(None, 10000),), "per_unit", 7, "year") == 5833  # 70000 / 12, not 7 x 833
    assert pricing.average_unit(TIERS, "graduated", 25) == 1664


def test_margin_by_cost_or_by_share():
    assert pricing.margin(16000, 10, margin_bps=8000, unit_cost_minor=None) == 12800
    assert pricing.margin(16000, 10, margin_bps=8000, unit_cost_minor=200) == 14000


@given(falling_tiers(), st.integers(1, 1000))
def test_falling_tiers_never_cost_more_than_the_first_price(tiers, seats):
    assert pricing.tier_saving(tiers, "volume", seats) >= pricing.tier_saving(tiers, "graduated", seats) >= 0


@given(falling_tiers(), st.integers(1, 1000))
def test_graduated_totals_rise_by_the_last_seats_price(tiers, seats):
    step = pricing.total(tiers, "graduated", seats) - pricing.total(tiers, "graduated", seats - 1)
    assert step == pricing.unit(tiers, seats)


@given(falling_tiers(), st.integers(1, 1000))
def test_a_break_is_the_first_seat_number_that_is_cheaper(tiers, seats):
    coming = pricing.next_break(tiers, "volume", seats)
    here = pricing.unit(tiers, seats)
    if coming is None:
        assert pricing.unit(tiers, 10_000) == here
    else:
        assert pricing.unit(tiers, coming.seats) == coming.unit_minor < here
        assert pricing.unit(tiers, coming.seats - 1) == here
        assert coming.more == coming.seats - seats > 0


@given(falling_tiers(), st.sampled_from(["month", "year"]), st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_mrr_of_changes_telescopes(tiers, interval, quantities):
    mrrs = [pricing.mrr(tiers, "volume", quantity, interval) for quantity in [0, *quantities, 0]]
    assert sum(after - before for before, after in itertools.pairwise(mrrs)) == 0
