"""Promotions: the file's checks, who may use one, and what it takes off."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import catalog_file, promotions
from billing.rules.promotions import Held, Promotion, Refusal, Use
from tests.rules.test_catalog_file import GOOD

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SPRING = Promotion(code="SPRING", name={"en": "Spring"}, percent_bps=2000, plans=("fieldnote",), intervals=("year",))
USE = Use(plan="fieldnote/team", interval="year", currency="usd", at=NOW)


def read(more):
    return catalog_file.parse(GOOD + more, languages=("en", "de")).promotions


def wrong(more):
    with pytest.raises(catalog_file.CatalogError) as caught:
        read(more)
    return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]


def test_a_promotion_is_read_with_its_days_in_utc():
    (one,) = read(
        '[promotions.spring20]\nname = "Spring"\npercent_bps = 1250\nduration = "repeating"\nmonths = 3\n'
        "starts = 2026-12-01\nexpires = 2027-01-01T00:00:00+01:00\nmost_uses = 5\nfirst_purchase_only = true\n"
    )
    assert (one.code, one.percent_bps, one.months, one.most_uses) == ("SPRING20", 1250, 3, 5)
    assert (one.starts_at, one.expires_at) == ("2026-12-01T00:00:00+00:00", "2026-12-31T23:00:00+00:00")
    assert not one.is_for_all_to_type


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("percent_bps = 20000", "promotions.spring.percent_bps: is 20000, outside 1 to 10000."),
        ("", "promotions.spring.percent_bps: is missing."),
        ("percent_bps = 5\namount = { usd = 5 }", "promotions.spring.percent_bps: and amount are both given."),
        ("percent_bps = 5\nmonths = 3", "promotions.spring.months: is given, but the duration is another."),
        ('percent_bps = 5\nduration = "repeating"', "promotions.spring.months: is missing."),
        ('percent_bps = 5\nplans = ["nowhere"]', "promotions.spring.plans: names 'nowhere', which is not there."),
        ("percent_bps = 5\nexpires = 2027-01-01T09:00:00", "promotions.spring.expires: says no offset from UTC."),
        ('percent_bps = 5\nexpires = "soon"', "promotions.spring.expires: is no date."),
        ("percent_bps = 5\nstarts = 2027-01-02\nexpires = 2027-01-01", "promotions.spring.expires: is not after starts."),
        ("percent_bps = 5\nuses = 3", "promotions.spring.uses: is not known."),
    ],
)
def test_what_is_wrong_is_named(more, said):
    assert said in wrong(f'[promotions.spring]\nname = "Spring"\n{more}\n')


def test_a_code_that_stripe_would_not_take_is_named():
    said = wrong('[promotions.spring_20]\nname = "Spring"\npercent_bps = 5\nduration = "once"\n')
    assert said == ["promotions.spring_20: cannot be a promotion's code."]


@pytest.mark.parametrize(
    ("promotion", "use", "why"),
    [
        (None, USE, Refusal.UNKNOWN),
        (SPRING, USE, None),
        (replace(SPRING, starts_at="2026-11-01T12:00:01+00:00"), USE, Refusal.NOT_YET),
        (replace(SPRING, expires_at="2026-11-01T12:00:00+00:00"), USE, Refusal.EXPIRED),
        (replace(SPRING, most_uses=2), replace(USE, uses=2), Refusal.USED_UP),
        (replace(SPRING, first_purchase_only=True), replace(USE, has_bought=True), Refusal.FIRST_PURCHASE_ONLY),
        (SPRING, replace(USE, plan="inspect/complete"), Refusal.OTHER_PLAN),
        (SPRING, replace(USE, interval="month"), Refusal.OTHER_INTERVAL),
        (replace(SPRING, percent_bps=None, amounts=(("eur", 500),)), USE, Refusal.OTHER_CURRENCY),
    ],
)
def test_who_may_use_it(promotion, use, why):
    assert promotions.refusal(promotion, use) is why


@given(total=st.integers(0, 10**9), bps=st.integers(1, 10_000), amount=st.integers(1, 10**9))
def test_it_never_takes_off_more_than_there_is(total, bps, amount):
    held = [
        Held(stripe_id=str(number), code="", name={}, percent_bps=share, amount_minor=fixed, duration="forever", ends_at=None)
        for number, (share, fixed) in enumerate([(bps, None), (None, amount), (10_000, None)])
    ]
    assert promotions.total_off(held, total, NOW) == total
    assert 0 <= promotions.total_off(held[:2], total, NOW) <= total


def test_it_takes_off_nothing_from_its_end_on():
    held = Held(stripe_id="di", code="", name={}, percent_bps=5000, amount_minor=None, duration="repeating", ends_at=NOW)
    assert (held.off(100, NOW), replace(held, ends_at=None).off(101, NOW)) == (0, 51)


def test_the_months_of_a_discount_end_on_the_same_day():
    start = datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert promotions.ends_at(start, "repeating", 3) == datetime(2027, 2, 28, 9, tzinfo=UTC)
