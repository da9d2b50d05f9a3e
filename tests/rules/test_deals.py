"""What of a deal is not the catalog's, and who may allow it: more asked for is never fewer people to ask."""

from hypothesis import given
from hypothesis import strategies as st

from offramps.rules import deals
from offramps.rules.deals import Asked, Band, Part, Sold

SOLD = Sold(seats_max=200, term_months=12, net_days=0, ceiling_times=2)
BANDS = {
    name: Band(discount_bps=bps, term_months=months, net_days=days, ceiling_times=times, is_wording_allowed=name == "finance")
    for name, bps, months, days, times in (
        ("rep", 500, 12, 30, 2),
        ("manager", 1_500, 24, 45, 4),
        ("finance", 2_500, 36, 90, 10),
        ("revenue_operations", 5_000, 36, 90, 10),
    )
}
ASKED = st.builds(
    Asked,
    seats=st.integers(1, 500),
    discount_bps=st.integers(0, 6_000),
    term_months=st.sampled_from(deals.TERMS),
    net_days=st.integers(0, 120),
    ceiling=st.integers(0, 6_000),
    has_wording=st.booleans(),
)


@given(less=ASKED, more=ASKED)
def test_more_takes_no_narrower_band(less, more):
    """Of two deals of as many seats, one asking for at least as much of each thing."""
    wider = Asked(
        seats=less.seats,
        discount_bps=max(less.discount_bps, more.discount_bps),
        term_months=max(less.term_months, more.term_months),
        net_days=max(less.net_days, more.net_days),
        ceiling=max(less.ceiling, more.ceiling),
        has_wording=less.has_wording or more.has_wording,
    )
    narrow, wide = deals.judge(less, SOLD, BANDS), deals.judge(wider, SOLD, BANDS)
    assert set(wide.groups) <= set(narrow.groups)
    assert {one.part for one in narrow.findings} <= {one.part for one in wide.findings}


def test_what_the_catalog_sells_is_said_nothing_about():
    for asked in (Asked(seats=40), Asked(seats=300, ceiling=600), Asked(seats=10, ceiling=200)):
        assert deals.judge(asked, SOLD, BANDS).is_standard
    assert deals.judge(Asked(seats=40), SOLD, BANDS).is_for_rep


def test_each_thing_is_named_with_who_may_allow_it_and_all_of_it_takes_one_person():
    asked = Asked(seats=40, discount_bps=1_501, term_months=24, net_days=30, ceiling=201, has_wording=True)
    verdict = deals.judge(asked, SOLD, BANDS)
    assert {one.part: one.who for one in verdict.findings} == {
        Part.DISCOUNT: "finance",
        Part.TERM: "manager",
        Part.PAYMENT_TERMS: "rep",
        Part.SEAT_CEILING: "finance",
        Part.WORDING: "finance",
    }
    assert verdict.groups == ("finance",)
    assert deals.judge(Asked(seats=40, discount_bps=5_001), SOLD, BANDS).groups == ()
