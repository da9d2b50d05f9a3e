"""The parts of the sandbox's pages by themselves: markup, words, amounts, the card form, the PDF."""

import ast
import pathlib
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.sandbox import contract, pages
from billing.sandbox.engine import cards as engine_cards
from billing.sandbox.pages import amounts, banks, cards, checkout_view, invoice_view, layout, pdf, prices, words
from billing.sandbox.pages.markup import Html, join, tag

EN, DE = words.Say("en"), words.Say("de")
PAGES = [ast.parse(path.read_text()) for path in pathlib.Path(pages.__file__).parent.glob("*.py") if path.name != "words.py"]
GOOD_CARD = {"card_number": "4242 4242-4242 4242", "card_expiry": "12/34", "card_cvc": "123", "card_name": "Ada Beispiel"}


def constants() -> set[str]:
    return {
        node.value
        for tree in PAGES
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@given(st.text(), st.text())
def test_text_and_attributes_are_escaped(child, attribute):
    built = tag("p", child, title=attribute)
    inner = built.removeprefix("<p").removesuffix("</p>")
    assert "<" not in inner.replace("&lt;", "")
    assert inner.count('"') == 2
    assert inner.count(">") == 1


def test_all_countries_and_nothing_else_can_be_chosen():
    found = {code: name for name, code in cards.countries(EN)}
    assert (found["DE"], found["GB"], len(found) > 240) == ("Germany", "United Kingdom", True)
    assert [name for name in found.values() if "Pseudo" in name or "Unknown" in name or "Union" in name] == []


def test_markup_is_escaped_once():
    assert tag("b", tag("i", "a & b"), None, [Html("<br>"), 3]) == "<b><i>a &amp; b</i><br>3</b>"
    assert (
        tag("input", required=True, disabled=False, value=None, for_="x", aria_label="y")
        == '<input required for="x" aria-label="y">'
    )
    assert join(["<", Html("<hr>")]) == "&lt;<hr>"


def test_every_word_has_its_german_and_none_is_left_over():
    said = {
        node.args[0].value
        for tree in PAGES
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "say"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(said) > 60
    assert said - words.GERMAN.keys() == set()
    assert words.GERMAN.keys() - constants() == set()
    for does in [advice for pair in cards.ADVICE.values() for advice in pair] + [
        does for known in (cards.TEST_CARDS, *banks.TEST_ACCOUNTS.values()) for _, does in known
    ]:
        assert does in words.GERMAN


def test_both_languages_have_the_same_values():
    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for english, german in words.GERMAN.items():
        assert names(english) == names(german)


@pytest.mark.parametrize(
    ("locale", "accepted", "language"),
    [
        ("de", "", "de"),
        ("de-AT", "en", "de"),
        ("en-GB", "de", "en"),
        ("auto", "fr;q=0.9, de-CH;q=0.8", "de"),
        (None, "fr, en-GB;q=0.7", "en"),
        ("fr", "de", "en"),
        (None, "", "en"),
    ],
)
def test_the_language_is_the_objects_else_the_browsers_else_english(locale, accepted, language):
    assert words.choose(locale, accepted).language == language


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "shown"),
    [
        (123450, "eur", "de", "1.234,50\u00a0€"),
        (123450, "usd", "en", "$1,234.50"),
        (-667, "usd", "en", "-$6.67"),
        (500, "jpy", "en", "¥500"),
        (500, "jpy", "de", "500\u00a0¥"),
        (1234, "bhd", "en", "BHD1.234"),
        (0, "gbp", "en", "£0.00"),
        (amounts.exact("999.5"), "usd", "en", "$9.995"),
    ],
)
def test_amounts_have_the_currencys_own_places(minor, currency, locale, shown):
    assert amounts.money(minor, currency, locale) == shown


def test_every_listed_test_card_does_what_the_list_says():
    for number, does in cards.TEST_CARDS:
        card = engine_cards.of_number(number)
        assert (card.challenge != "never") == ("3-D Secure" in does)
        assert (card.outcome == "succeeded") == (does.startswith("Succeeds") or does in {
            "Asks for 3-D Secure, each time",
            "Asks for 3-D Secure when it is saved",
        })  # fmt: skip


@pytest.mark.parametrize("expiry", ["12/34", "1234", "12 / 34", "12/2034", "12-34"])
def test_a_card_is_read_as_people_type_it(expiry):
    entry = cards.Entry(GOOD_CARD | {"card_expiry": expiry})
    card = cards.read(entry)
    assert (card.number, card.exp_month, card.exp_year, card.cvc) == ("4242424242424242", 12, 2034, "123")
    assert entry.wrong == {}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("card_number", "4242"),
        ("card_number", "4242 4242 4242 424x"),
        ("card_number", ""),
        ("card_expiry", "13/34"),
        ("card_expiry", "soon"),
        ("card_cvc", "12"),
        ("card_cvc", "abc"),
        ("card_name", " "),
    ],
)
def test_a_field_that_is_wrong_is_named(field, typed):
    entry = cards.Entry(GOOD_CARD | {field: typed})
    assert cards.read(entry) is None
    assert entry.wrong.keys() == {field}
    assert entry.wrong[field] in words.GERMAN


def test_a_card_never_shows_itself():
    entry = cards.Entry(GOOD_CARD)
    assert "4242" not in repr(cards.read(entry)) + repr(entry)
    shown = cards.fields(EN, entry, "DE")
    assert "4242" not in shown
    assert 'value="123"' not in shown
    assert "Ada Beispiel" in shown


def test_a_test_card_that_was_asked_for_is_filled_in():
    shown = cards.fields(DE, cards.Entry({"fill": "378282246310005"}), "DE")
    assert 'value="3782 822463 10005"' in shown
    assert 'value="1234"' in shown
    assert "4111" not in cards.fields(EN, cards.Entry({"fill": "4111111111111111"}), "DE")


def test_a_refusal_without_advice_keeps_stripes_words():
    assert cards.advice(EN, "card_declined", "test_mode_live_card", "Not a test card.")[0] == "Your card was declined."
    assert cards.advice(DE, "card_declined", "insufficient_funds", "")[0] == "Ihre Karte hat nicht genug Deckung."
    assert cards.advice(EN, "odd", None, "Something odd.") == (
        "Something odd.",
        EN("Nothing was charged. Correct it and try again."),
    )


def test_every_refusal_of_the_test_cards_has_advice():
    for refusal in engine_cards.OUTCOMES.values():
        if refusal is not None:
            assert refusal.decline_code in cards.ADVICE or refusal.code in cards.ADVICE


def test_a_frame_allows_only_its_own_style_and_the_addresses_its_forms_lead_to():
    response = layout.page(
        EN, "A", leads_to=["https://store.example/done?x=1", None, "https://store.example/", "javascript:alert(1)"]
    )
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
        "form-action 'self' https://store.example"
    )
    hostile = layout.page(EN, "A", leads_to=["https://a.example; script-src *"])
    assert "script-src" not in hostile.headers["Content-Security-Policy"]
    assert not re.search(r"<script|style=|<style|\son\w+=", response.body.decode())


TIERS = [
    {"up_to": 10, "unit_amount": 1200, "unit_amount_decimal": "1200", "flat_amount": None, "flat_amount_decimal": None},
    {"up_to": 20, "unit_amount": 1000, "unit_amount_decimal": "1000", "flat_amount": 500, "flat_amount_decimal": "500"},
    {"up_to": None, "unit_amount": None, "unit_amount_decimal": None, "flat_amount": 30000, "flat_amount_decimal": "30000"},
]


@pytest.mark.parametrize(
    ("quantity", "here"),
    [
        (1, '1 to 10</td><td class="figure">$12.00 each'),
        (10, '1 to 10</td><td class="figure">$12.00 each'),
        (11, '11 to 20</td><td class="figure">$10.00 each, plus $5.00'),
        (21, '21 and more</td><td class="figure">$300.00 in all'),
    ],
)  # fmt: skip
def test_the_tier_of_the_quantity_is_marked(quantity, here):
    price = {"recurring": {"interval": "month", "interval_count": 3}, "tiers": TIERS, "tiers_mode": "volume"}
    item = {"description": "Seats", "quantity": quantity, "amount_subtotal": 100, "currency": "usd", "price": price}
    shown = prices.lines(EN, [item])
    assert f'<tr class="here"><td>{here}' in shown
    assert shown.count('class="here"') == 1
    assert f"Quantity {quantity} · every 3 months" in shown


def invoice(**changes) -> dict:
    found = contract.skeleton("invoice") | {
        "id": "in_1",
        "number": "ACME-0001",
        "status": "open",
        "currency": "eur",
        "created": 1_800_000_000,
        "subtotal": 1000,
        "total": 1000,
        "amount_due": 1000,
        "amount_remaining": 1000,
    }
    return found | changes


@pytest.mark.parametrize(
    ("changes", "rows", "due"),
    [
        ({}, [("Subtotal", "€10.00")], "€10.00"),
        (
            {"total_taxes": [{"amount": 190}], "total": 1190, "amount_due": 1190, "amount_remaining": 1190},
            [("Subtotal", "€10.00"), ("Tax", "€1.90"), ("Total", "€11.90")],
            "€11.90",
        ),
        (
            {"starting_balance": -400, "amount_due": 600, "amount_remaining": 0, "amount_paid": 600, "status": "paid"},
            [("Subtotal", "€10.00"), ("Total", "€10.00"), ("Paid from the credit", "-€4.00"), ("Amount paid", "-€6.00")],
            "€0.00",
        ),
        (
            {"subtotal": -667, "total": -667, "amount_due": 0, "amount_remaining": 0, "status": "paid"},
            [("Subtotal", "-€6.67"), ("Total", "-€6.67"), ("Kept as credit for later invoices", "€6.67")],
            "€0.00",
        ),
        (
            {"subtotal": 30, "total": 30, "amount_due": 0, "amount_remaining": 0, "status": "paid"},
            [("Subtotal", "€0.30"), ("Total", "€0.30"), ("Too small to charge, carried over", "-€0.30")],
            "€0.00",
        ),
        (
            {"starting_balance": 30, "amount_due": 1030, "amount_remaining": 1030},
            [("Subtotal", "€10.00"), ("Total", "€10.00"), ("Owed from earlier invoices", "€0.30")],
            "€10.30",
        ),
    ],
)
def test_an_invoices_sums_lead_to_what_is_due(changes, rows, due):
    assert invoice_view.sums(EN, invoice(**changes)) == (rows, ("Amount due", due))


def test_an_invoice_as_pdf_is_whole_and_breaks_into_pages():
    line = {
        "description": "Seats (at €9.99 \\ month)",
        "period": {"start": 1_800_000_000, "end": 1_802_678_400},
        "quantity": 3,
        "currency": "eur",
        "amount": 2997,
        "pricing": {"unit_amount_decimal": "999"},
    }
    document = pdf.render(DE, "Fieldnote", invoice(lines={"data": [line] * 50}))
    assert document.startswith(b"%PDF-1.4")
    assert document.endswith(b"%%EOF\n")
    text = document.decode("cp1252")
    assert "Rechnung ACME-0001" in text
    assert "Seats \\(at €9.99 \\\\ month\\)" in text
    assert f"Seite 1 von {text.count('/Type /Page /')}" in text
    assert text.count("/Type /Page /") == 3
    start = int(text.rsplit("startxref\n", 1)[1].split("\n", 1)[0])
    assert document[start:].startswith(b"xref")
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", document), 1):
        assert document[int(offset) :].startswith(b"%d 0 obj" % number)


def test_tax_id_types_are_those_of_the_api():
    assert {"eu_vat", "gb_vat", "us_ein", "ch_vat"} <= set(checkout_view.tax_id_types())
