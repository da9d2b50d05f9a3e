"""Bank debits: which are offered, and by when they have usually arrived."""

from datetime import date, timedelta

import pytest

from billing.rules import debits

LINES = ["eur: card, sepa_debit", "USD : us_bank_account", "gbp: card, sepa_debit, bacs_debit", "nonsense"]


@pytest.mark.parametrize(
    ("currency", "offered"),
    [("eur", ("card", "sepa_debit")), ("usd", ("card", "us_bank_account")), ("gbp", ("card",)), ("chf", ("card",))],
)
def test_a_card_always_works_and_a_debit_only_in_its_own_currency(currency, offered):
    assert debits.offered(LINES, currency) == offered
    assert debits.offered([], currency) == ("card",)


def test_the_currency_says_which_debit_it_was():
    assert [debits.of_currency(currency) for currency in ("eur", "usd", "gbp")] == ["sepa_debit", "us_bank_account", ""]


def test_a_debit_arrives_on_a_working_day_after_as_many_of_them():
    monday = date(2026, 3, 2)
    for start in (monday + timedelta(days=ahead) for ahead in range(7)):
        for days in range(1, 15):
            arrives = debits.arrives_on(start, days)
            between = [start + timedelta(days=ahead) for ahead in range(1, (arrives - start).days + 1)]
            assert arrives.weekday() < 5
            assert sum(day.weekday() < 5 for day in between) == days
