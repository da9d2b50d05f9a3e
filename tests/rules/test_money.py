"""Money and its rounding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import money, rounding

AMOUNTS = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(("currency", "decimals"), [("usd", 2), ("eur", 2), ("jpy", 0), ("krw", 0), ("kwd", 3), ("huf", 2)])
def test_decimals_of_a_currency(currency, decimals):
    assert money.exponent(currency) == decimals


def test_money_adds_up_in_one_currency_only():
    assert money.Money(150, "eur") + money.Money(-50, "eur") == money.Money(100, "eur")
    assert money.Money(150, "eur") - money.Money(50, "eur") == money.Money(100, "eur")
    assert -money.Money(150, "eur") == money.Money(-150, "eur")
    with pytest.raises(money.CurrencyMismatch, match="eur and usd"):
        money.Money(1, "eur") + money.Money(1, "usd")


def test_money_refuses_floats_and_capitals():
    with pytest.raises(TypeError, match="minor units"):
        money.Money(1.5, "eur")
    with pytest.raises(ValueError, match="lower case"):
        money.Money(1, "EUR")


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("", "usd"),
        ("*", "usd"),
        ("de", "eur"),
        ("de-AT,de;q=0.9", "eur"),
        ("en-GB,en;q=0.8", "gbp"),
        ("ja", "jpy"),
        ("zh-Hans-JP", "jpy"),
        ("fr-CH,fr;q=0.9", "eur"),  # no francs are offered; French is most likely spoken in France
        ("sv-SE", "usd"),
        ("en", "usd"),
        ("xx-QQ;;;,,", "usd"),
        ("x" * 5000, "usd"),
    ],
)
def test_currency_of_a_reader(header, currency):
    assert money.likely_currency(header, ("usd", "eur", "gbp", "jpy")) == currency


@pytest.mark.parametrize(
    ("numerator", "denominator", "result"),
    [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (5, 4, 1), (7, 4, 2), (1, -2, -1), (0, 7, 0), (10, 3, 3)],
)
def test_halves_round_away_from_zero(numerator, denominator, result):
    assert rounding.divide(numerator, denominator) == result


def test_nothing_divides_by_zero():
    with pytest.raises(ZeroDivisionError):
        rounding.divide(1, 0)


@given(AMOUNTS, st.integers(1, 10**6))
def test_rounding_is_symmetric_and_near(numerator, denominator):
    rounded = rounding.divide(numerator, denominator)
    assert rounded == -rounding.divide(-numerator, denominator)
    assert 2 * abs(rounded * denominator - numerator) <= denominator


@given(AMOUNTS, st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_parts_sum_to_the_whole(amount, weights):
    parts = rounding.split(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        exact = abs(amount) * weight
        assert exact // sum(weights) <= abs(part) <= exact // sum(weights) + 1
        assert weight > 0 or part == 0


def test_the_remainder_goes_to_the_largest_fractions():
    assert rounding.split(100, [1, 1, 1]) == (34, 33, 33)
    assert rounding.split(-100, [1, 1, 1]) == (-34, -33, -33)
    assert rounding.split(10, [3, 3, 1]) == (4, 4, 2)


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_that_cannot_split(weights):
    with pytest.raises(ValueError):
        rounding.split(10, weights)
