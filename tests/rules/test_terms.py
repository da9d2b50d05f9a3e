"""Exceptions: what each kind may say, how long it may last, and who may approve it."""

from datetime import UTC, date, datetime

import pytest

from billing.rules import terms
from billing.rules.terms import Band, Kind, Why, Wrong

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("kind", "raw", "said"),
    [
        (Kind.DISCOUNT, {"percent_bps": "1000"}, {"percent_bps": 1000}),
        (Kind.PRICE_HOLD, {"percent_bps": "1000"}, {}),
        (Kind.TERM, {}, {}),
        (Kind.PAYMENT_TERMS, {"net_days": 45}, {"net_days": 45}),
        (Kind.CREDIT_LIMIT, {"amount_minor": 5_00, "currency": " EUR "}, {"amount_minor": 500, "currency": "eur"}),
        (Kind.SEAT_CEILING, {"seats": " 400 "}, {"seats": 400}),
        (Kind.FEATURE, {"feature": "sso", "limit": ""}, {"feature": "sso", "limit": None, "granted": {}}),
        (Kind.FEATURE, {"feature": "api", "limit": 5}, {"feature": "api", "limit": 5, "granted": {}}),
    ],
)
def test_a_value_is_typed_by_its_kind(kind, raw, said):
    assert terms.value(kind, raw) == said


@pytest.mark.parametrize(
    ("kind", "raw", "field", "why"),
    [
        (Kind.DISCOUNT, {}, "percent_bps", Why.MISSING),
        (Kind.DISCOUNT, {"percent_bps": 0}, "percent_bps", Why.OUT_OF_BOUNDS),
        (Kind.DISCOUNT, {"percent_bps": 10_001}, "percent_bps", Why.OUT_OF_BOUNDS),
        (Kind.DISCOUNT, {"percent_bps": "ten"}, "percent_bps", Why.NOT_A_NUMBER),
        (Kind.DISCOUNT, {"percent_bps": True}, "percent_bps", Why.NOT_A_NUMBER),
        (Kind.PAYMENT_TERMS, {"net_days": 181}, "net_days", Why.OUT_OF_BOUNDS),
        (Kind.CREDIT_LIMIT, {"amount_minor": 1}, "currency", Why.MISSING),
        (Kind.CREDIT_LIMIT, {"amount_minor": 1, "currency": "euros"}, "currency", Why.UNKNOWN),
        (Kind.SEAT_CEILING, {"seats": "1.5"}, "seats", Why.NOT_A_NUMBER),
        (Kind.FEATURE, {}, "feature", Why.MISSING),
        (Kind.FEATURE, {"feature": "sso", "limit": -1}, "limit", Why.OUT_OF_BOUNDS),
    ],
)
def test_a_value_that_does_not_do_names_its_field(kind, raw, field, why):
    with pytest.raises(Wrong) as refused:
        terms.value(kind, raw)
    assert (refused.value.field, refused.value.why) == (field, why)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "why"),
    [
        (DAY, None, Why.MISSING),
        (DAY, DAY, Why.BEFORE_START),
        (date(2026, 1, 1), date(2026, 11, 23), Why.IN_THE_PAST),
        (DAY, date(2027, 11, 24), Why.TOO_LONG),
    ],
)
def test_there_is_no_exception_without_an_end(starts_on, ends_on, why):
    assert terms.check_dates(DAY, date(2027, 11, 23), today=DAY, longest_days=365) == date(2027, 11, 23)
    with pytest.raises(Wrong) as refused:
        terms.check_dates(starts_on, ends_on, today=DAY, longest_days=365)
    assert (refused.value.field, refused.value.why) == ("ends_on", why)


def test_bands_say_who_may_approve():
    bands = {
        "finance": Band(discount_bps=2_500, net_days=90, credit_us_cents=10_000),
        "manager": Band(discount_bps=1_500, net_days=45, credit_us_cents=5_000),
    }
    assert terms.who_may(bands, Kind.DISCOUNT, {"percent_bps": 1_500}, 0) == ["manager", "finance"]
    assert terms.who_may(bands, Kind.DISCOUNT, {"percent_bps": 1_501}, 0) == ["finance"]
    assert terms.who_may(bands, Kind.DISCOUNT, {"percent_bps": 2_501}, 0) == []
    assert terms.who_may(bands, Kind.PAYMENT_TERMS, {"net_days": 60}, 0) == ["finance"]
    assert terms.who_may(bands, Kind.CREDIT_LIMIT, {"amount_minor": 9_000, "currency": "eur"}, 10_800) == []
    assert terms.who_may(bands, Kind.SEAT_CEILING, {"seats": 10**6}, 0) == ["manager", "finance"]


def test_days_quarters_and_overlaps():
    assert [terms.quarter(date(2026, month, 1)) for month in (1, 3, 4, 12)] == ["2026-Q1", "2026-Q1", "2026-Q2", "2026-Q4"]
    assert terms.instant(DAY) == datetime(2026, 11, 23, tzinfo=UTC)
    spans = [(date(2026, 1, 1), date(2026, 2, 1))]
    assert not terms.overlaps(date(2026, 2, 1), date(2026, 3, 1), spans)  # the end is no part of it
    assert terms.overlaps(date(2026, 1, 31), date(2026, 3, 1), spans)
