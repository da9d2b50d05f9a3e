"""The credit of orders: the same by every way, and what goes back sums to what there was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from offramps.rules import credit
from offramps.rules.credit import Order, Reversed

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


def order(number=1, mrr=10_000, amount=6_000, starts=BEGIN, **more):
    return Order(id=number, mrr_minor=mrr, amount_minor=amount, starts_at=starts, ends_at=starts + YEAR, **more)


def after(held, contra):
    """The order with what went back written down."""
    done = Reversed(mrr_minor=contra.mrr_minor, due_minor=contra.due_minor, amount_minor=contra.amount_minor)
    return replace(held, reversals=(*held.reversals, done))


def test_an_order_is_credited_by_what_it_adds_in_a_year():
    assert credit.of_order(10_000, 500) == 6_000
    assert credit.of_order(0, 500) == 0


def test_half_of_it_given_back_after_half_its_term_is_a_quarter():
    (contra,) = credit.of_decrease([order()], 5_000, BEGIN + YEAR / 2)
    assert (contra.mrr_minor, contra.amount_minor) == (5_000, -1_500)
    assert credit.of_decrease([order()], 5_000, BEGIN + YEAR) == [replace(contra, due_minor=0, amount_minor=0)]
    assert credit.of_decrease([order()], 5_000, BEGIN + 2 * YEAR)[0].amount_minor == 0


def test_the_newest_order_goes_back_first_and_no_order_twice():
    first, second = order(1), order(2, mrr=2_000, amount=1_200, starts=BEGIN + timedelta(days=30))
    found = credit.of_decrease([first, second], 3_000, BEGIN + timedelta(days=30))
    assert [(one.id, one.mrr_minor) for one in found] == [(2, 2_000), (1, 1_000)]
    assert found[0].amount_minor == -1_200
    left = [after(second, found[0]), after(first, found[1])]
    assert [(one.id, one.mrr_minor) for one in credit.of_decrease(left, 99_000, BEGIN + YEAR / 2)] == [(1, 9_000)]


def test_ended_at_once_and_refunded_goes_back_once():
    """By the time that is left, or by the money that went back: the larger, in whichever order they are heard of."""
    at = BEGIN + YEAR / 2
    ended = after(order(), credit.of_decrease([order()], 10_000, at)[0])
    assert credit.of_refund(ended, 6_000, 12_000).amount_minor == 0
    assert credit.of_refund(ended, 9_000, 12_000).amount_minor == -1_500
    refunded = after(order(), credit.of_refund(order(), 9_000, 12_000))
    assert refunded.reversals[0].amount_minor == -4_500
    assert credit.of_decrease([refunded], 10_000, at)[0].amount_minor == 0
    assert credit.of_refund(order(), 0, 0).amount_minor == 0


@given(
    st.integers(1, 10**9),
    st.integers(1, 10**7),
    st.lists(st.integers(1, 100), min_size=1, max_size=8),
    st.integers(0, 400),
    st.lists(st.integers(0, 12_000), max_size=3),
)
def test_what_goes_back_never_is_more_than_there_was_and_all_of_it_on_the_first_day(amount, mrr, shares, days, refunds):
    first_day = late = order(mrr=mrr, amount=amount)
    for place, share in enumerate(shares):
        is_last = place == len(shares) - 1
        part = first_day.open_mrr_minor if is_last else max(mrr * share // (100 * len(shares)), 1)
        for contra in credit.of_decrease([first_day], part, BEGIN):
            first_day = after(first_day, contra)
        for contra in credit.of_decrease([late], part, BEGIN + timedelta(days=days)):
            late = after(late, contra)
        for refunded in refunds:
            late = after(late, credit.of_refund(late, refunded, 12_000))
    assert first_day.open_mrr_minor == 0
    assert sum(one.amount_minor for one in first_day.reversals) == -amount
    assert -amount <= sum(one.amount_minor for one in late.reversals) <= 0
    assert all(one.amount_minor <= 0 for one in late.reversals)
