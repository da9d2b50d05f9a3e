"""The billing details page: saving, adding and removing ids with a remedy for each mistake, states in words, one budget."""

import pytest
from django.utils import translation

from billing.models import BillingDetails, TaxId, TaxStanding
from billing.queries import tax as queries
from billing.queries import tax_words as words
from billing.rules import tax as rules
from billing.rules import tax_ids
from billing.rules.tax import Reason, TaxLine
from config import clock
from storefront import tax_words
from tests.shop import text

PAGE = "/settings/billing/"
IDS = "/settings/billing/tax-ids/"


@pytest.fixture
def page(client, cast):
    client.force_login(cast.owner)
    return client


def held(cast, **values):
    base = {"type": "eu_vat", "value": "FR40303265045", "country": "FR", "state": "pending", "added_at": clock.now()}
    return TaxId.objects.create(organization=cast.acme, **(base | values))


def test_details_are_saved_once(page, cast):
    form = {"legal_name": "Acme GmbH", "line1": "Hauptstr. 1", "city": "Berlin", "country": "DE", "purchase_order": "PO 17"}
    assert page.post(PAGE, form).status_code == 303
    row = BillingDetails.objects.get(organization=cast.acme)
    assert (row.legal_name, row.line1, row.country, row.purchase_order) == ("Acme GmbH", "Hauptstr. 1", "DE", "PO 17")
    assert "Nothing was changed." in text(page.post(PAGE, form, follow=True))
    assert "Hauptstr. 1" in text(page.get(PAGE))


def test_it_is_one_of_the_settings_for_those_who_may_change_them(page, client, cast):
    assert 'href="/settings/organization/" aria-current="page"' in text(page.get(PAGE))
    assert '<a href="/invoices/">Invoices</a>' not in text(page.get(PAGE))
    client.force_login(cast.billing_admin)
    assert '<a href="/invoices/">Invoices</a>' in text(client.get(PAGE)), "others came from the invoices"


def test_a_country_must_be_chosen(page):
    answer = page.post(PAGE, {"country": ""})
    assert answer.status_code == 422
    assert not BillingDetails.objects.exists()


@pytest.mark.parametrize(
    ("kind", "number", "remedy"),
    [
        ("FR:eu_vat", "FR40303265046", "check digit does not fit"),
        ("FR:eu_vat", "FR4030326504", "It looks like FR40303265045"),
        ("FR:eu_vat", "DE136695976", "of another country"),
        ("US:us_ein", "12-ABCDEFG", "letters or digits where none belong"),
        ("FR:eu_vat", "", "required"),
    ],
)
def test_each_mistake_has_its_remedy(page, kind, number, remedy):
    answer = page.post(IDS, {"kind": kind, "number": number})
    assert answer.status_code == 422
    assert remedy in text(answer)
    assert not TaxId.objects.exists()


def test_an_id_is_added_and_removed(page, cast):
    added = page.post(IDS, {"kind": "FR:eu_vat", "number": "fr 40 303 265 045"}, follow=True)
    assert "FR40303265045 is saved." in text(added)
    assert "in the list" in text(page.post(IDS, {"kind": "FR:eu_vat", "number": "FR40303265045"}))
    row = TaxId.objects.get(organization=cast.acme)
    gone = page.post(f"{IDS}{row.pk}/removal/", follow=True)
    assert "FR40303265045 is removed." in text(gone)
    assert TaxId.objects.get().removed_at is not None


def test_a_sixth_is_not_taken(page, cast):
    for number in range(5):
        held(cast, value=f"FR{number}")
    answer = page.post(IDS, {"kind": "FR:eu_vat", "number": "FR40303265045"})
    assert "Five tax ids are the most" in text(answer) or TaxId.objects.count() == 5
    assert TaxId.objects.count() == 5


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "pending"}, "The authority is being asked"),
        ({"state": "verified", "registered_name": "ACME SARL"}, "Registered to ACME SARL."),
        ({"state": "verified"}, "The authority confirmed it."),
        ({"state": "unverified"}, "does not know this number"),
        ({"state": "unavailable"}, "No authority answers"),
        ({"state": "sending"}, "It is kept"),
        ({"state": "refused", "message": "Invalid value."}, "It was not taken: Invalid value."),
    ],
)
def test_each_state_is_said(page, cast, values, said):
    held(cast, **values)
    assert said in text(page.get(PAGE))


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.OFF])
@pytest.mark.parametrize("language", ["en", "de"])
def test_each_treatment_is_explained(cast, reason, language):
    exempt = "reverse" if reason in rules.REVERSED else "exempt" if reason is Reason.EXEMPTED else "none"
    row = TaxStanding(organization=cast.acme, reason=reason, exempt=exempt, until_at=clock.now())
    with translation.override(language):
        found = tax_words.treatment(row, "FR")
    assert found.title
    assert found.text
    assert "%(" not in found.title + found.text


def test_what_could_not_be_set_up_is_said(cast):
    row = TaxStanding(organization=cast.acme, reason=Reason.HOME, message="No address.")
    assert tax_words.treatment(row, "DE").tone == "bad"
    assert tax_words.treatment(None, "DE").title == ""


def test_every_fault_has_words():
    form = tax_ids.forms("DE")[0]
    for fault in ("prefix", "length", "characters", "digits", "kind"):
        assert words.remedy(tax_ids.UnfitError(fault, form))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "VAT 19%"),
        ({"inclusive": True}, "of which VAT 19%"),
        ({"is_reverse": True}, "VAT: reverse charge, you account for it"),
        ({"name": "", "percent": ""}, "Tax"),
    ],
)
def test_a_tax_line_in_words(values, said):
    base = {"name": "VAT", "percent": "19", "amount_minor": 19, "taxable_minor": 100, "inclusive": False, "is_reverse": False}
    assert queries.label(TaxLine(**(base | values))) == said


def test_the_page_costs_few_queries(page, cast, kept, django_assert_max_num_queries):
    for number in range(4):
        held(cast, value=f"FR{number}")
    page.get(PAGE)
    with django_assert_max_num_queries(6):
        page.get(PAGE)
