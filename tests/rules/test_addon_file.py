"""Add-ons in catalog.toml: what a good one becomes, what a bad one is told, and what changes from one catalog to the next."""

import pytest

from billing.rules import catalog, catalog_file
from billing.rules.catalog_diff import Kind, changes
from billing.rules.pricing import Tier
from tests.rules import test_catalog_file

ADDONS = """
[lines.main.addons.support]
name = { en = "Support", de = "Hilfe" }
pitch = "A person within an hour"
margin_bps = 4000
prices.month = { usd = 4900, jpy = 7000 }
prices.year = { usd = 49000, jpy = 70000 }

[lines.main.addons.rooms]
name = "Rooms"
pitch = "More projects for everybody"
kind = "per_seat"
plans = ["small"]
features = { projects = 2 }
unit_cost.month = { usd = 20, jpy = 30 }
unit_cost.year = { usd = 200, jpy = 300 }
prices.month = { usd = 300, jpy = 500 }
prices.year = { usd = 3000, jpy = 5000 }
"""
GOOD = test_catalog_file.GOOD + ADDONS
LARGE_LACKS = 'features = { notes = true, projects = "unlimited" }'


def parse(text=GOOD):
    return catalog_file.parse(text, languages=("en", "de"))


def test_a_good_file():
    support, rooms = parse().line("main").addons
    assert (support.kind, support.quantity_min, support.quantity_max, support.plans) == ("fixed", 1, 1, ("small", "large"))
    assert (rooms.kind, rooms.plans, rooms.features[0].limit, rooms.features[0].unit["de"]) == (
        *("per_seat", ("small",), 2, "Projekte"),
    )
    price = rooms.price("year", "jpy")
    assert (price.tiers, price.unit_cost_minor) == ((Tier(None, 5000),), 300)
    assert support.price("month", "eur") is None


def test_a_catalog_survives_json_and_one_of_before_there_were_add_ons_is_read():
    read = parse()
    assert catalog.Catalog.of_document(read.document) == read
    old = read.document
    for line in old["lines"]:
        del line["addons"]
    assert catalog.Catalog.of_document(old).line("main").addons == ()


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('kind = "per_seat"', 'kind = "each"', "rooms.kind", "Choose one of: fixed, per_seat."),
        ('plans = ["small"]', 'plans = ["smal"]', "rooms.plans", "Plans here: small, large."),
        ('plans = ["small"]', "plans = []", "rooms.plans", "nobody could have it"),
        ('plans = ["small"]', 'plans = ["large"]', "rooms.features", "Leave large out of plans"),
        ("features = { projects = 2 }", "features = { notes = true }", "rooms.features", "are all in plan small already"),
        ("features = { projects = 2 }", "features = { rooms = 2 }", "rooms.features.rooms", "is not known"),
        ('kind = "per_seat"', 'kind = "per_seat"\nquantity = { min = 1, max = 3 }', "rooms.quantity", 'write kind = "fixed"'),
        ("margin_bps = 4000", "margin_bps = 4000\nquantity = { min = 3, max = 2 }", "support.quantity.max", "Give 3 or more."),
        ("margin_bps = 4000", "", "support.margin_bps", "is missing."),
        ("usd = 49000", "usd = 59000", "support.prices.year.usd", "Give at most 58800."),
        ('pitch = "A person within an hour"', "", "support.pitch", "is missing."),
        ("prices.month = { usd = 300, jpy = 500 }", "prices.month = { usd = 300 }", "rooms.prices.month.jpy", "is missing."),
        ("margin_bps = 4000", "margin_bps = 4000\nseats = 3", "support.seats", "is not known."),
    ],
)
def test_a_bad_one_is_told_where_and_what_to_do(old, new, key, said):
    assert ADDONS.count(old) == 1
    text = test_catalog_file.GOOD + ADDONS.replace(old, new)
    with pytest.raises(catalog_file.CatalogError) as caught:
        parse(text)
    [problem] = [one for one in caught.value.problems if one.key == f"lines.main.addons.{key}"]
    assert said in str(problem)
    first = test_catalog_file.GOOD.count("\n") + 1
    assert problem.line > first


def test_a_number_of_them():
    [support, _rooms] = (
        parse(GOOD.replace("margin_bps = 4000", "margin_bps = 4000\nquantity = { min = 2, max = 5 }")).line("main").addons
    )
    assert (support.quantity_min, support.quantity_max) == (2, 5)


def test_what_changes():
    without = catalog_file.parse(test_catalog_file.GOOD, languages=("en", "de"))
    found = changes(without, parse())
    assert [change.kind for change in found if change.subject == "main+support"] == [Kind.ADDON_ADDED, *[Kind.PRICE_ADDED] * 4]
    assert {change.after.get("kind") for change in found if change.kind == Kind.PRICE_ADDED} == {"fixed", "per_seat"}
    assert [change.kind for change in changes(parse(), without)] == [Kind.ADDON_WITHDRAWN] * 2
    dearer = parse(
        GOOD.replace("usd = 300,", "usd = 310,")
        .replace('plans = ["small"]', 'plans = ["small", "large"]')
        .replace(LARGE_LACKS, "features = { notes = true, projects = 50 }")
    )
    kinds = [(change.kind, change.name) for change in changes(parse(), dearer) if change.subject == "main+rooms"]
    assert kinds == [(Kind.FIELD_CHANGED, "plans"), (Kind.PRICE_CHANGED, "")]
    assert changes(parse(), parse()) == ()
