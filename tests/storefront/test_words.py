"""Money, dates and counts in words."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone, translation

from billing.queries import decline_words
from billing.sandbox.engine.cards import OUTCOMES
from config import words

TODAY = date(2026, 3, 10)
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
THIN = "\N{THIN SPACE}"


@pytest.mark.parametrize(
    ("language", "amount_minor", "currency", "said"),
    [
        ("en", 123450, "USD", "$1,234.50"),
        ("en", 123450, "usd", "$1,234.50"),
        ("en", -500, "EUR", MINUS + "€5.00"),
        ("en", 0, "GBP", "£0.00"),
        ("en", 250000, "JPY", "¥250,000"),
        ("de", 123450, "EUR", "1.234,50\xa0€"),
        ("de", -5, "USD", MINUS + "0,05\xa0$"),
        ("de", 500, "JPY", "500\xa0¥"),
    ],
)
def test_money(language, amount_minor, currency, said):
    with translation.override(language):
        assert words.money(amount_minor, currency) == said


@pytest.mark.parametrize(
    ("language", "amount_minor", "currency", "said"),
    [
        ("en", 120000, "USD", "$1,200"),
        ("en", 120050, "USD", "$1,200.50"),
        ("de", 1800, "EUR", "18\xa0€"),
        ("en", 700, "JPY", "¥700"),
    ],
)
def test_whole_money_drops_only_a_fraction_of_zero(language, amount_minor, currency, said):
    with translation.override(language):
        assert words.money(amount_minor, currency, whole=True) == said


def test_signed_money():
    assert words.money(250, "USD", signed=True) == "+$2.50"
    assert words.money(-250, "USD", signed=True) == MINUS + "$2.50"
    assert words.money(0, "USD", signed=True) == "$0.00"


def test_a_currency_that_is_none_is_refused_by_name():
    with pytest.raises(ValueError, match="'dollars' is no ISO 4217"):
        words.money(1, "dollars")


@pytest.mark.parametrize(
    ("language", "amount_minor", "currency", "parts"),
    [
        ("en", 1950, "USD", ("$19", ".50", "")),
        ("en", 1200, "USD", ("$12", "", "")),
        ("de", 123450, "EUR", ("1.234", ",50", "\xa0€")),
        ("en", 1234, "JPY", ("¥1,234", "", "")),
    ],
)
def test_the_parts_of_a_price_put_together_are_the_price(language, amount_minor, currency, parts):
    with translation.override(language):
        assert words.money_parts(amount_minor, currency) == parts
        assert "".join(parts) == words.money(amount_minor, currency, whole=True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (date(2026, 3, 10), "10 March, today"),
        (date(2026, 3, 11), "11 March, tomorrow"),
        (date(2026, 3, 9), "9 March, yesterday"),
        (date(2026, 3, 22), "22 March, in 12 days"),
        (date(2026, 3, 7), "7 March, 3 days ago"),
        (date(2027, 3, 10), "10 March 2027, in 12 months"),
        (date(2025, 9, 1), "1 September 2025, 6 months ago"),
    ],
)
def test_dates_in_words(value, said):
    assert words.day_away(value, today=TODAY) == said


def test_an_instant_is_the_day_of_the_reader():
    instant = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        assert words.on_day(instant, today=TODAY) == "on 11 March"
        assert words.moment(instant, today=TODAY) == "11 March at 08:30"


def test_a_half_open_period_says_its_last_day():
    assert words.period(date(2026, 3, 1), date(2026, 4, 1)) == f"1{DASH}31 Mar 2026"
    assert words.period(date(2026, 3, 15), date(2026, 4, 15)) == f"15 Mar{THIN}{DASH}{THIN}14 Apr 2026"


def test_counts():
    assert [words.seats(n) for n in (0, 1, 1200)] == ["0 seats", "1 seat", "1,200 seats"]
    assert [words.percent(n) for n in (0, 1950, 10000, 25)] == ["0%", "19.5%", "100%", "0.25%"]


def test_what_a_bank_says_is_said_in_the_readers_language():
    said = {refusal.message for refusal in OUTCOMES.values() if refusal}
    assert said <= decline_words.KNOWN
    with translation.override("de"):
        assert decline_words.said("Your card has expired.") == "Die Karte ist abgelaufen."
        assert not {decline_words.said(message) for message in said} & said
    assert decline_words.said("Ask for the code MX-4.") == "Ask for the code MX-4."
