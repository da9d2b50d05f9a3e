"""Pilots of catalog.toml: read with every problem said, compared, kept in a version; with how many seats the plan begins."""

from dataclasses import replace

import pytest

from billing.queries import catalog_words
from billing.rules import catalog, catalog_file, pilots
from billing.rules.catalog_diff import Kind, changes

PILOT = """
[lines.inspect.pilots.start]
name = "Start"
pitch = "Six weeks"
fee = { usd = 90000, eur = 85000, gbp = 75000, jpy = 130000 }
seats = 25
weeks = 6
plan = "complete"
unit_cost = { usd = 20000, eur = 19000, gbp = 17000, jpy = 29000 }
"""


def parse(text):
    return catalog_file.parse(text, languages=["en", "de"])


def problems(changed):
    with pytest.raises(catalog_file.CatalogError) as refused:
        parse(changed)
    return [(one.key, one.message) for one in refused.value.problems]


def test_a_pilot_is_read_and_survives_its_version(settings):
    text = settings.CATALOG_FILE.read_text(encoding="utf-8") + PILOT
    read = parse(text)
    pilot = read.line("inspect").pilot("start")
    assert (pilot.days, pilot.seats, pilot.plan, pilot.credited) == (42, 25, "complete", False)
    assert (pilot.fee("usd").amount_minor, pilot.fee("usd").cost_minor, pilot.fee("chf")) == (90_000, 20_000, None)
    assert catalog.Catalog.of_document(read.document) == read


@pytest.mark.parametrize(
    ("before", "after", "key", "message"),
    [
        ('plan = "complete"', 'plan = "team"', "plan", "no plan of this line"),
        ("seats = 25", "seats = 500", "seats", "outside what complete sells"),
        ("weeks = 6", "weeks = 6\ndays = 30", "days", "both given"),
        ("weeks = 6\n", "", "days", "missing"),
        ("weeks = 6", "weeks = 40", "weeks", "outside 1 to 26"),
        ("usd = 90000", "usd = 0", "fee.usd", "outside 1"),
        ("jpy = 130000", "chf = 1", "fee.chf", "not known"),
        ("unit_cost", "margin_bps = 5000\nunit_cost", "margin_bps", "both given"),
        ("seats = 25", "seat = 25", "seat", "not known"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(settings, before, after, key, message):
    text = settings.CATALOG_FILE.read_text(encoding="utf-8") + PILOT
    assert before in PILOT
    found = problems(text.replace(PILOT, PILOT.replace(before, after)))
    assert any(one == f"lines.inspect.pilots.start.{key}" and message in said for one, said in found), found


def test_changes_are_said_in_words(settings):
    text = settings.CATALOG_FILE.read_text(encoding="utf-8")
    before, after = parse(text), parse(text + PILOT)
    (added,) = changes(before, after)
    assert added.kind is Kind.PILOT_ADDED
    assert catalog_words.sentence(added) == (
        "inspect/start: new pilot, 42 days, up to 25 people, one fee ($900, €850, £750, ¥130,000), then complete by a click"
    )
    (gone,) = changes(after, before)
    assert "no longer offered" in catalog_words.sentence(gone)
    dearer = parse(text + PILOT.replace("usd = 90000", "usd = 95000"))
    (changed,) = changes(after, dearer)
    assert changed.kind is Kind.PILOT_FEE_CHANGED
    assert "$950 now, was $900" in catalog_words.sentence(changed)
    assert changes(after, after) == ()


def test_a_fee_or_its_credit_changed_is_another_price():
    fee = pilots.Fee("usd", 900, 100)
    pilot = pilots.Pilot("x", {}, {}, 10, 30, "team", credited=False, margin_bps=0, fees=(fee,))
    same = replace(pilot, seats=12, days=40)
    assert same.fingerprint(fee) == pilot.fingerprint(replace(fee, cost_minor=200))
    assert pilot.fingerprint(fee) != replace(pilot, credited=True).fingerprint(fee)
    assert pilot.fingerprint(fee) != pilot.fingerprint(replace(fee, amount_minor=901))


def test_nobody_who_works_loses_a_seat_by_the_click():
    assert pilots.least_seats(plan_min=3, taken=1) == 3
    assert pilots.least_seats(plan_min=3, taken=12) == 12
