"""The exception budget: whatever is asked for in whatever order, neither customers nor ARR come over the ceiling."""

from hypothesis import given
from hypothesis import strategies as st

from billing.rules import terms
from billing.rules.exception_budget import Counted, Standing, share

AMOUNTS = st.integers(0, 10**9)
COUNTED = st.builds(Counted, deals=st.integers(0, 500), us_cents=st.integers(0, 10**10))


@given(base=COUNTED, ceiling=st.integers(0, 10_000), least=st.integers(0, 3), asked=st.lists(AMOUNTS, max_size=40))
def test_it_is_never_passed(base, ceiling, least, asked):
    used = Counted()
    for us_cents in asked:
        more = Counted(deals=1, us_cents=us_cents)
        if Standing(base=base, used=used, ceiling_bps=ceiling, least=least).has_room(more):
            used = used.plus(more)
        else:
            assert used.deals >= least  # the few that always fit were not refused
    is_within = used.deals * 10_000 <= ceiling * base.deals and used.us_cents * 10_000 <= ceiling * base.us_cents
    assert is_within or used.deals <= least


def test_the_one_that_would_pass_it_by_customers_or_by_arr_is_refused():
    def standing(deals, dollars):
        base = Counted(deals=100, us_cents=100_000_000)
        return Standing(base=base, used=Counted(deals=deals, us_cents=dollars * 100), ceiling_bps=500, least=0)

    assert standing(4, 10_000).has_room(Counted(deals=1, us_cents=4_000_000))
    assert not standing(5, 10_000).has_room(Counted(deals=1, us_cents=1))  # six of a hundred
    assert not standing(1, 10_000).has_room(Counted(deals=1, us_cents=4_000_001))  # a cent over 5% of the ARR
    assert (standing(4, 10_000).deals_bps, standing(4, 10_000).arr_bps, standing(1, 49_999).share_bps) == (400, 100, 500)
    assert [standing(deals, 0).is_near(8_000) for deals in (3, 4)] == [False, True]


def test_a_share_of_nothing():
    assert (share(0, 0), share(1, 0), share(1, 3)) == (0, 10_000, 3334)


def test_quarters_and_months():
    assert [terms.quarter_over(f"2026-Q{number}").isoformat() for number in (1, 3, 4)] == [
        "2026-04-01",
        "2026-10-01",
        "2027-01-01",
    ]
    day = terms.quarter_over("2026-Q4").replace(day=31)
    assert [terms.after_months(day, months).isoformat() for months in (1, 12, 14)] == ["2027-02-28", "2028-01-31", "2028-03-31"]
