"""A purchase order on one line, to Stripe's custom fields and back."""

from types import SimpleNamespace

import pytest

from billing.rules import purchase_orders


@pytest.mark.parametrize(
    ("typed", "kept"), [("PO 4711", "PO 4711"), ("  PO\t4711\r\nBerlin ", "PO 4711 Berlin"), ("\x00", ""), ("  ", "")]
)
def test_it_stands_on_one_line(typed, kept):
    assert purchase_orders.clean(typed) == kept


@pytest.mark.parametrize(("locale", "name"), [("en", "PO number"), ("de", "Bestellnummer"), ("fr", "PO number")])
def test_there_and_back_beside_fields_of_others(locale, name):
    others = SimpleNamespace(name="Project", value="Apollo")
    there = [others, *(SimpleNamespace(**field) for field in purchase_orders.fields("PO 4711", locale))]
    assert there[1].name == name
    assert purchase_orders.read(there) == "PO 4711"
    assert purchase_orders.read([others]) == purchase_orders.read(None) == ""
    assert purchase_orders.fields("", locale) == ""
