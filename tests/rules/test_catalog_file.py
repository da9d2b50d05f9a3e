"""Reading catalog.toml: what a good file becomes, and what a bad one is told."""

from pathlib import Path

import pytest

from billing.rules import catalog, catalog_file, toml_lines
from billing.rules.catalog_diff import Kind, changes
from billing.rules.pricing import Tier

SHIPPED = Path(__file__).parents[2] / "catalog.toml"
GOOD = """
currencies = ["usd", "jpy"]

[lines.main]
name = { en = "Main", de = "Haupt" }
pitch = "One text for all"
family = "core"
stage = "mature"

[lines.main.features]
notes = { name = "Notes" }
projects = { name = "Projects", unit = { en = "projects", de = "Projekte" } }

[lines.main.plans.small]
name = "Small"
pitch = "For few"
seats = { min = 1, max = 25 }
margin_bps = 8000
moves = ["large"]
features = { notes = true, projects = 10 }
prices.month = { usd = 900, jpy = 1300 }
prices.year = { usd = 9000, jpy = 13000 }

[lines.main.plans.large]
name = "Large"
pitch = "For many"
recommended = true
seats = { min = 3, max = 100 }
unit_cost.month = { usd = 100, jpy = 150 }
unit_cost.year = { usd = 1000, jpy = 1500 }
features = { notes = true, projects = "unlimited" }
scheme = "volume"
tiers = [9, 24]
prices.month = { usd = [1800, 1600, 1400], jpy = [2600, 2300, 2000] }
prices.year = { usd = [18000, 16000, 14000], jpy = [26000, 23000, 20000] }
"""


def parse(text, **options):
    return catalog_file.parse(text, languages=("en", "de"), **options)


def problems(old, new):
    assert old in GOOD
    with pytest.raises(catalog_file.CatalogError) as caught:
        parse(GOOD.replace(old, new, 1))
    return caught.value.problems


def test_a_good_file():
    read = parse(GOOD)
    line = read.lines[0]
    small, large = line.plans
    assert read.currencies == ("usd", "jpy")
    assert (line.code, dict(line.name), line.stage, line.growth, line.max_plans) == (
        "main",
        {"en": "Main", "de": "Haupt"},
        "mature",
        False,
        4,
    )
    assert dict(small.pitch) == {"en": "For few", "de": "For few"}
    assert (small.seats_min, small.seats_max, small.moves, small.margin_bps) == (1, 25, ("large",), 8000)
    assert [(feature.code, feature.limit) for feature in small.features] == [("notes", None), ("projects", 10)]
    assert large.price("month", "usd").tiers == (Tier(9, 1800), Tier(24, 1600), Tier(None, 1400))
    assert (large.price("year", "jpy").scheme, large.price("year", "jpy").unit_cost_minor) == ("volume", 1500)
    assert [feature.limit for feature in large.features] == [None, None]
    assert large.recommended


def test_the_shipped_file_is_good_and_survives_the_database():
    read = parse(SHIPPED.read_text(encoding="utf-8"))
    assert all(len(line.plans) <= line.max_plans for line in read.lines)
    assert catalog.Catalog.of_document(read.document) == read
    assert catalog.Catalog.of_document(read.document).sha256 == read.sha256


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "remedy"),
    [
        ('"usd", "jpy"', '"usd", "USD"', 2, "currencies", "small letters"),
        ('"usd", "jpy"', '"usd", "jpy", "isk"', 2, "currencies", "Leave it out"),
        ('stage = "mature"', 'stage = "old"', 8, "lines.main.stage", "launch, growth, mature, sunset"),
        ('family = "core"\n', "", 4, "lines.main.family", 'family = "core"'),
        ('{ en = "Main", de = "Haupt" }', '{ en = "Main" }', 5, "lines.main.name.de", 'de = "..."'),
        ("recommended = true", "recomended = true", 27, "lines.main.plans.large.recomended", "Did you mean recommended?"),
        ("seats = { min = 3, max = 100 }", "seats = { min = 3, max = 2 }", 28, "lines.main.plans.large.seats.max", "3 or more"),
        ("seats = { min = 1, max = 25 }\n", "", 14, "lines.main.plans.small.seats", "seats = { min = 1, max = 25 }"),
        ("margin_bps = 8000\n", "", 14, "lines.main.plans.small.margin_bps", "unit_cost"),
        ("margin_bps = 8000", "margin_bps = 80_000", 18, "lines.main.plans.small.margin_bps", "from 0 to 10000"),
        ('moves = ["large"]', 'moves = ["huge"]', 19, "lines.main.plans.small.moves", "Others here: large."),
        ('moves = ["large"]', 'moves = ["small"]', 19, "lines.main.plans.small.moves", "Others here: large."),
        ("notes = true, projects = 10", "notes = 3", 20, "lines.main.plans.small.features.notes", "Write true"),
        ("projects = 10", "projects = true", 20, "lines.main.plans.small.features.projects", "unlimited"),
        ("projects = 10", "projcts = 10", 20, "lines.main.plans.small.features.projcts", "Did you mean projects?"),
        ("usd = 900,", "usd = 9.00,", 21, "lines.main.plans.small.prices.month.usd", "whole number"),
        ("usd = 900,", "usd = 0,", 21, "lines.main.plans.small.prices.month.usd", "from 1"),
        ("usd = 900, ", "", 21, "lines.main.plans.small.prices.month.usd", "usd = 900"),
        ("usd = 9000,", "usd = 10801,", 22, "lines.main.plans.small.prices.year.usd", "at most 10800"),
        ("tiers = [9, 24]", "tiers = [24, 9]", 33, "lines.main.plans.large.tiers", "[9, 24]"),
        ('scheme = "volume"\n', "", 32, "lines.main.plans.large.tiers", 'scheme = "volume"'),
        ("[1800, 1600, 1400]", "[1800, 1600]", 34, "lines.main.plans.large.prices.month.usd", "Give 3"),
        ("[1800, 1600, 1400]", "[1800, 1900, 1400]", 34, "lines.main.plans.large.prices.month.usd", "may not cost more"),
        ("[lines.main.plans.large]", "[lines.main.plans.Large]", 24, "lines.main.plans.Large", "small letters"),
        ("prices.year = { usd = 9000, jpy = 13000 }\n", "", 21, "lines.main.plans.small.prices.year", "year = {"),
    ],
)
def test_a_bad_file_names_line_key_and_remedy(old, new, line, key, remedy):
    found = [problem for problem in problems(old, new) if problem.key == key]
    assert found, problems(old, new)
    assert found[0].line == line
    assert remedy in found[0].remedy


def test_all_problems_are_said_at_once_and_in_order():
    bad = GOOD.replace("usd = 900,", "usd = 0,").replace('stage = "mature"', "stage = 3").replace("min = 3", "min = 300")
    with pytest.raises(catalog_file.CatalogError) as caught:
        parse(bad, file="other.toml")
    assert [problem.line for problem in caught.value.problems] == [8, 21, 28]
    assert str(caught.value).startswith("other.toml, line 8: lines.main.stage: is a number, not a text.")


def test_too_many_plans_and_two_recommendations():
    fifth = "".join(
        GOOD[GOOD.index("[lines.main.plans.large]") :].replace("plans.large", f"plans.more{number}") for number in range(3)
    )
    with pytest.raises(catalog_file.CatalogError) as caught:
        parse(GOOD + fifth)
    texts = [str(problem) for problem in caught.value.problems]
    assert any("offers 5 plans; this line may offer 4" in text for text in texts)
    assert any("Recommend one at most." in text for text in texts)


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = [", 1), ("a = 1\nb = \n", 2), ("a = 1\na = 2\n", 2), ('a = 1\nb = "x\n', 2)],
)
def test_what_is_no_toml_names_its_line(text, line):
    with pytest.raises(catalog_file.CatalogError) as caught:
        parse(text)
    (problem,) = caught.value.problems
    assert problem.line == line
    assert "no TOML" in problem.message


def test_an_empty_file_is_told_what_to_add():
    with pytest.raises(catalog_file.CatalogError) as caught:
        parse("")
    assert {problem.key for problem in caught.value.problems} == {"currencies", "lines"}


def test_lines_of_keys_in_all_their_shapes():
    text = '''# comment = 1
a.b = "x = # ]"  # [no]
"quoted key".c = 'y'

[t."u.v"] # note
long = """
not = here
[nor] here"""
raw = \'\'\'
x = 1
\'\'\'
list = [
  1, # one
  "two]", { three = 3 },
]
inline = { a = 1, b = { c = [2] } }
when = 2026-01-01T00:00:00Z
[[rows]]
x = 1
[[rows]]
x = 2
'''
    found = toml_lines.lines(text)
    expected = {
        ("a", "b"): 2,
        ("quoted key", "c"): 3,
        ("t", "u.v"): 5,
        ("t", "u.v", "long"): 6,
        ("t", "u.v", "raw"): 9,
        ("t", "u.v", "list"): 12,
        ("t", "u.v", "list", "1"): 14,
        ("t", "u.v", "list", "2", "three"): 14,
        ("t", "u.v", "inline", "b", "c", "0"): 16,
        ("t", "u.v", "when"): 17,
        ("rows", "0", "x"): 19,
        ("rows", "1", "x"): 21,
    }
    assert {path: found.get(path) for path in expected} == expected
    assert ("not",) not in found
    assert ("nor",) not in found


def test_the_first_catalog_adds_everything():
    found = changes(None, parse(GOOD))
    kinds = [change.kind for change in found]
    assert kinds.count(Kind.LINE_ADDED) == 1
    assert kinds.count(Kind.PLAN_ADDED) == 2
    assert kinds.count(Kind.PRICE_ADDED) == 8


def test_the_same_catalog_changes_nothing():
    assert changes(parse(GOOD), parse(GOOD)) == ()


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("usd = 900,", "usd = 950,", {Kind.PRICE_CHANGED}),
        ("[1800, 1600, 1400]", "[1800, 1500, 1400]", {Kind.PRICE_CHANGED}),
        ("tiers = [9, 24]", "tiers = [9, 29]", {Kind.PRICE_CHANGED}),
        ("projects = 10", "projects = 12", {Kind.FEATURE_CHANGED}),
        ("notes = true, projects = 10", "projects = 10", {Kind.FEATURE_REMOVED}),
        ('moves = ["large"]\n', "", {Kind.MOVE_REMOVED}),
        ("max = 25 }", "max = 30 }", {Kind.FIELD_CHANGED}),
        ("margin_bps = 8000", "margin_bps = 7000", {Kind.FIELD_CHANGED}),
        ("usd = 100, jpy = 150", "usd = 110, jpy = 150", {Kind.FIELD_CHANGED}),
        ('pitch = "For few"', 'pitch = "For a few"', {Kind.FIELD_CHANGED}),
        ("[lines.main.plans.small]", "[lines.main.plans.tiny]", {Kind.PLAN_ADDED, Kind.PRICE_ADDED, Kind.PLAN_WITHDRAWN}),
    ],
)
def test_one_edit_is_one_kind_of_change(old, new, kinds):
    assert old in GOOD
    after = parse(GOOD.replace(old, new, 1))
    assert {change.kind for change in changes(parse(GOOD), after)} == kinds


def test_a_withdrawn_line():
    two = GOOD + GOOD[GOOD.index("[lines.main]") :].replace("lines.main", "lines.other")
    found = changes(parse(two), parse(GOOD))
    assert [(change.kind, change.subject) for change in found] == [(Kind.LINE_WITHDRAWN, "other")]


UNIT = 'unit = { en = "projects", de = "Projekte" }'


def test_metered_features_say_when_they_begin_at_nought():
    def resets(text):
        return [plan.features[1].resets for plan in parse(text).lines[0].plans]

    assert resets(GOOD) == ["", ""]
    metered = parse(GOOD.replace(UNIT, f'{UNIT}, kind = "metered"'))
    assert [plan.features[1].resets for plan in metered.lines[0].plans] == ["month", "month"]
    assert metered.lines[0].plans[0].features[1].limit == 10
    never = GOOD.replace(UNIT, f'{UNIT}, kind = "metered", resets = "never"')
    assert resets(never) == ["never", "never"]
    said = [(change.name, change.before, change.after) for change in changes(metered, parse(never))]
    assert said == [("features.projects.resets", "month", "never")] * 2


@pytest.mark.parametrize(
    ("instead", "key"),
    [
        (f'{UNIT}, kind = "counted", resets = "month"', "resets"),
        (f'{UNIT}, kind = "included"', "unit"),
        ('kind = "metered"', "unit"),
        (f'{UNIT}, kind = "metered", resets = "weekly"', "resets"),
        (f'{UNIT}, kind = "sometimes"', "kind"),
    ],
)
def test_what_is_wrong_with_metering(instead, key):
    assert f"lines.main.features.projects.{key}" in [problem.key for problem in problems(UNIT, instead)]
