"""Who is taxed how: every branch of the table; the form of ids; prices with tax; the catalog's `[tax]`."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import catalog_file, tax, tax_ids
from billing.rules.tax import Exempt, Mode, Reason, Validity

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
GERMAN, FRENCH = tax.Rate("DE", "MwSt.", "19"), tax.Rate("FR", "TVA", "20")
RATES = tax.Settings(Mode.RATES, "DE", (GERMAN, FRENCH))
AUTOMATIC = tax.Settings(Mode.STRIPE, "DE")


def held(country="FR", validity=Validity.VERIFIED, days=0, kind="eu_vat"):
    return tax.TaxId(kind, country, validity, NOW - timedelta(days=days))


def treat(settings=RATES, country="FR", ids=(), **more):
    return tax.treat(settings, country=country, ids=ids, now=NOW, patience=WEEK, **more)


@pytest.mark.parametrize(
    ("country", "ids", "exempt", "reason", "rate"),
    [
        ("DE", [], "none", "home", GERMAN),
        ("DE", [held("DE")], "none", "home", GERMAN),
        ("DE", [held("FR")], "none", "home", GERMAN),  # the place decides, not the id
        ("FR", [], "none", "no_id", FRENCH),
        ("FR", [held("DE")], "none", "home_id", FRENCH),
        ("FR", [held("FR", kind="fr_siren")], "none", "no_id", FRENCH),
        ("FR", [held("GB")], "none", "home_id", FRENCH),  # XI: no member state
        ("FR", [held()], "reverse", "confirmed", FRENCH),
        ("FR", [held("AT")], "reverse", "confirmed", FRENCH),  # another member state's, of a company with several
        ("FR", [held(validity=Validity.UNVERIFIED)], "none", "not_confirmed", FRENCH),
        ("FR", [held(validity=Validity.UNVERIFIED), held("AT")], "reverse", "confirmed", FRENCH),
        ("FR", [held(validity=Validity.PENDING, days=6)], "reverse", "being_checked", FRENCH),
        ("FR", [held(validity=Validity.UNAVAILABLE, days=6)], "reverse", "being_checked", FRENCH),
        ("FR", [held(validity=Validity.PENDING, days=7)], "none", "not_in_time", FRENCH),
        ("FR", [held(validity=Validity.PENDING, days=8), held(validity=Validity.PENDING)], "none", "not_in_time", FRENCH),
        ("FR", [held(validity=Validity.UNVERIFIED, days=9), held("AT", Validity.PENDING)], "reverse", "being_checked", FRENCH),
        ("PL", [held("PL")], "reverse", "confirmed", None),  # no rate needed to reverse
        ("PL", [], "none", "outside", None),
        ("US", [], "none", "outside", None),
        ("US", [held("FR")], "none", "outside", None),
    ],
)
def test_every_branch_with_rates(country, ids, exempt, reason, rate):
    found = treat(country=country, ids=ids)
    assert (found.exempt, found.reason, found.rate, found.is_automatic) == (exempt, reason, rate, False)


def test_waiting_ends_a_week_after_the_oldest_open_id():
    found = treat(ids=[held(validity=Validity.PENDING, days=2), held("AT", Validity.UNAVAILABLE, days=5)])
    assert found.until == NOW + timedelta(days=2)
    assert treat(ids=[held()]).until is None
    assert treat(ids=[held(validity=Validity.PENDING, days=8)]).until is None


def test_a_seller_outside_the_union_reverses_nothing():
    swiss = tax.Settings(Mode.RATES, "CH", (tax.Rate("CH", "MWST", "8.1"), FRENCH))
    assert treat(swiss, ids=[held()]) == tax.Treatment(Exempt.NONE, Reason.OUTSIDE, FRENCH)
    assert treat(swiss, country="CH").reason is Reason.HOME


def test_off_taxes_nobody_and_takes_reverse_charge_back():
    assert treat(tax.Settings(), ids=[held()]) == tax.Treatment(Exempt.NONE, Reason.OFF)


def test_stripe_tax_brings_no_rate_of_ours():
    assert treat(AUTOMATIC, ids=[held()]) == tax.Treatment(Exempt.REVERSE, Reason.CONFIRMED, None, is_automatic=True)
    assert treat(AUTOMATIC) == tax.Treatment(Exempt.NONE, Reason.NO_ID, None, is_automatic=True)


@pytest.mark.parametrize("settings", [RATES, AUTOMATIC])
def test_what_staff_exempted_stays(settings):
    found = treat(settings, country="DE", is_exempted=True)
    assert (found.exempt, found.reason) == (Exempt.EXEMPT, Reason.EXEMPTED)
    assert treat(tax.Settings(), is_exempted=True).exempt is Exempt.EXEMPT


ANY_ID = st.builds(
    held,
    st.sampled_from(["DE", "FR", "AT", "GB", "US"]),
    st.sampled_from(Validity),
    st.integers(0, 20),
    st.sampled_from(["eu_vat", "gb_vat"]),
)


@given(st.sampled_from([RATES, AUTOMATIC]), st.sampled_from(["DE", "FR", "PL", "US", "CH"]), st.lists(ANY_ID, max_size=4))
def test_nobody_at_home_or_outside_the_union_is_reversed(settings, country, ids):
    found = treat(settings, country=country, ids=ids)
    if found.exempt is Exempt.REVERSE:
        assert country in tax.EU - {settings.seller}
        assert any(one.country != settings.seller and one.validity is not Validity.UNVERIFIED for one in ids)
    assert (found.until is not None) == (found.reason is Reason.BEING_CHECKED)


@pytest.mark.parametrize(("amount", "percent", "total"), [(1500, "19", 1785), (1, "19", 1), (3, "19", 4), (1000, "8.1", 1081)])
def test_prices_with_tax(amount, percent, total):
    assert tax.gross(amount, tax.Rate("DE", "", percent)) == total
    assert tax.gross(amount, tax.Rate("DE", "", percent, inclusive=True)) == amount


# --- Ids ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "kind", "typed", "value"),
    [
        ("DE", "eu_vat", "de 136.695.976", "DE136695976"),
        ("DE", "eu_vat", "136695976", "DE136695976"),
        ("AT", "eu_vat", "ATU13585627", "ATU13585627"),
        ("GR", "eu_vat", "GR 094259216", "EL094259216"),
        ("GB", "gb_vat", "980 7806 84", "GB980780684"),
        ("GB", "eu_vat", "XI 980 7806 84", "XI980780684"),
        ("CH", "ch_vat", "che107787577 mwst", "CHE-107.787.577 MWST"),
        ("US", "us_ein", "911144442", "91-1144442"),
        ("ZA", "za_vat", "4150 216 378", "4150216378"),
    ],
)
def test_an_id_is_taken_as_stripe_writes_it(country, kind, typed, value):
    assert tax_ids.check(country, kind, typed) == value
    assert tax_ids.country_of(kind, value) == country


@pytest.mark.parametrize(
    ("country", "kind", "typed", "fault"),
    [
        ("DE", "eu_vat", "DE136695978", "digits"),
        ("DE", "eu_vat", "DE13669597", "length"),
        ("DE", "eu_vat", "DE13669597X", "characters"),
        ("DE", "eu_vat", "ATU13585627", "prefix"),
        ("DE", "gb_vat", "GB980780684", "kind"),
        ("ZA", "za_vat", "12", "length"),
        ("ZA", "za_vat", "12345abcde", "characters"),
        ("AF", "eu_vat", "1", "kind"),
    ],
)
def test_what_is_wrong_with_an_id_is_said(country, kind, typed, fault):
    with pytest.raises(tax_ids.UnfitError) as caught:
        tax_ids.check(country, kind, typed)
    assert caught.value.fault == fault


def test_every_member_state_has_a_number_that_is_checked():
    for country in tax.EU:
        (form,) = tax_ids.forms(country)
        assert form.number is not None
        with pytest.raises(tax_ids.UnfitError):
            tax_ids.check(country, form.type, "1")


# --- Charges to come ------------------------------------------------------------------------------------------------


def test_each_line_is_rounded_by_itself_as_stripe_does():
    levy = tax.Levy(name="VAT", percent="8.1")
    assert [(line.amount_minor, line.taxable_minor) for line in levy.on(1_006, 1_006)] == [(162, 2_012)]  # 81.486 each
    assert (levy.added(2_012), levy.added()) == (163, 0)


def test_tax_within_the_price_adds_nothing():
    levy = tax.Levy(name="TVA", percent="20", inclusive=True)
    assert [(line.amount_minor, line.taxable_minor, line.inclusive) for line in levy.on(1_200)] == [(200, 1_000, True)]
    assert levy.added(1_200) == 0


@pytest.mark.parametrize(
    ("levy", "shown"),
    [
        (tax.Levy(exempt="reverse", name="VAT", percent="20"), [(0, True)]),
        (tax.Levy(exempt="reverse"), [(0, True)]),
        (tax.Levy(exempt="exempt", name="VAT", percent="20"), []),
        (tax.UNTAXED, []),
        (tax.Levy(is_automatic=True), []),
    ],
)
def test_who_pays_none(levy, shown):
    assert [(line.amount_minor, line.is_reverse) for line in levy.on(1_000)] == shown


def test_a_treatment_is_how_charges_are_taxed():
    assert tax.levy(treat(country="DE")) == tax.Levy(name="MwSt.", percent="19")


# --- The file -------------------------------------------------------------------------------------------------------

PLANS = """
currencies = ["eur"]
[lines.main]
name = "Main"
pitch = "Main"
family = "core"
stage = "mature"
[lines.main.plans.one]
name = "One"
pitch = "One"
seats = { min = 1, max = 9 }
margin_bps = 0
prices.month = { eur = 100 }
prices.year = { eur = 1000 }
"""
TAX = """[tax]
mode = "rates"
seller = "DE"
gross = ["DE"]
rates.DE = { name = "MwSt.", percent = "19" }
rates.FR = { name = "TVA", percent = "20", inclusive = true }
"""


def read(text):
    return catalog_file.parse(PLANS + text, languages=["en"])


def test_the_file_is_read_and_survives_the_database():
    found = read(TAX).tax
    assert found == tax.Settings(Mode.RATES, "DE", (GERMAN, tax.Rate("FR", "TVA", "20", inclusive=True)), ("DE",))
    assert tax.Settings.of_document(asdict(found)) == found
    assert read("").tax == tax.Settings()
    assert tax.Settings.of_document(None) == tax.Settings()


@pytest.mark.parametrize(
    ("old", "new", "key", "remedy"),
    [
        ('"rates"', '"all"', "tax.mode", "none, rates, stripe"),
        ('seller = "DE"', 'seller = "UK"', "tax.seller", "United Kingdom GB"),
        ('seller = "DE"', 'seller = "AT"', "tax.rates", "tax.rates.AT"),
        ('gross = ["DE"]', 'gross = ["IT"]', "tax.gross", "tax.rates.IT"),
        ("rates.FR", "rates.EL", "tax.rates.EL", "Greece is GR"),
        ('"19"', '"19,5"', "tax.rates.DE.percent", "with a point"),
        ('"19"', "19", "tax.rates.DE.percent", "Write a text"),
        ("inclusive = true", 'inclusive = "yes"', "tax.rates.FR.inclusive", "true"),
        ("gross", "gros", "tax.gros", "Did you mean gross?"),
    ],
)
def test_a_bad_table_names_the_remedy(old, new, key, remedy):
    with pytest.raises(catalog_file.CatalogError) as caught:
        read(TAX.replace(old, new, 1))
    found = {problem.key: problem.remedy for problem in caught.value.problems}
    assert remedy in found[key], found
