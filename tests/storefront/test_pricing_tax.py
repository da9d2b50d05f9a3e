"""The pricing page and tax: plus VAT, with VAT where readers expect it, and without when they ask."""

from dataclasses import replace

import pytest

from billing.queries import catalog
from billing.rules import tax
from tests.shop import text

RATES = (tax.Rate("DE", "MwSt.", "19"), tax.Rate("FR", "TVA", "20", inclusive=True))
BASE = "/pricing/?currency=eur&seats=3"


@pytest.fixture
def taxed(on_sale, monkeypatch):
    found = replace(on_sale, tax=tax.Settings(tax.Mode.RATES, "DE", RATES, ("DE", "FR")))
    monkeypatch.setattr(catalog, "on_sale", lambda: found)
    return found


def shown(client, url=BASE, spoken="en"):
    return text(client.get(url, headers={"Accept-Language": spoken}))


def test_without_tax_nothing_is_said_of_it(client, on_sale):
    assert "Prices are without tax." in shown(client)


def test_elsewhere_prices_are_plus_vat(client, taxed):
    page = shown(client, spoken="en-US, de-DE;q=0.5")
    assert "Prices are plus VAT." in page
    assert "€51" in page  # 3 seats at 17


def test_where_readers_expect_it_tax_is_in_the_prices(client, taxed):
    page = shown(client, spoken="en, de-DE;q=0.8")
    assert "Prices include 19% MwSt." in page
    assert "MwSt.." not in page
    assert "€60.69" in page  # 3 times 20.23
    ten = shown(client, "/pricing/?currency=eur&seats=10", spoken="de-DE")
    assert ("10,12" in ten, "101,15" in ten) == (True, True)  # a seat of 8.50, and the charge for ten as the cart has it
    assert "€51 " not in page
    without = shown(client, f"{BASE}&country=none", spoken="en, de-DE")
    assert "Prices are plus VAT." in without
    assert "€60.69" not in without
    assert "Show them with tax" in without


def test_a_rate_that_is_in_the_prices_leaves_them(client, taxed):
    page = shown(client, f"{BASE}&country=fr")
    assert "Prices include 20% TVA." in page
    assert "€51" in page


def test_an_unknown_country_is_nobodys(client, taxed):
    assert "Prices are plus VAT." in shown(client, f"{BASE}&country=xx")


def test_the_taxed_page_is_kept_too(client, taxed, django_assert_num_queries):
    shown(client, f"{BASE}&country=de")
    with django_assert_num_queries(0):
        shown(client, f"{BASE}&country=de")
