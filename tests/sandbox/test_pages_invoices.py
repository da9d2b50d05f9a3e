"""The sandbox's hosted invoices over HTTP, as a browser without JavaScript sees them."""

import pytest

from tests.sandbox.browsing import CARD, POOR, SECURE, VISA


@pytest.fixture
def draft(store, customer):
    """An invoice of $36.00 that is not final yet."""
    made = store.invoices.create(
        {
            "customer": customer,
            "collection_method": "send_invoice",
            "days_until_due": 14,
            "custom_fields": [{"name": "PO number", "value": "PO-118"}],
        }
    )
    store.invoice_items.create(
        {"customer": customer, "invoice": made.id, "amount": 3600, "currency": "usd", "description": "A & B"}
    )
    return store.invoices.retrieve(made.id)


@pytest.fixture
def invoice(store, draft):
    """An open invoice, to be paid by its page."""
    return store.invoices.finalize_invoice(draft.id)


def test_an_invoice_shows_what_is_owed(browser, invoice):
    page = browser.get(invoice.hosted_invoice_url)
    assert page.status == 200
    for words in (
        f"Invoice {invoice.number}",
        "Open",
        "A & B",
        "PO number PO-118",
        "Amount due $36.00",
        "Pay $36.00",
        "Due by",
    ):
        assert words in page.text
    assert f'href="{invoice.invoice_pdf}"' in page.body.decode()


def test_an_invoice_is_paid_once_by_a_good_card(browser, store, invoice):
    answers = [browser.post(invoice.hosted_invoice_url, **CARD, card_number=VISA) for _ in range(2)]
    assert [(answer.status, answer.to) for answer in answers] == [(303, f"/i/{invoice.id}")] * 2
    found = store.invoices.retrieve(invoice.id)
    assert (found.status, found.amount_paid) == ("paid", 3600)
    page = browser.get(invoice.hosted_invoice_url)
    assert "Thank you." in page.text
    assert "Pay $" not in page.text
    assert "Amount due $0.00" in page.text


def test_a_refused_card_leaves_the_invoice_open(browser, store, invoice):
    answer = browser.post(invoice.hosted_invoice_url, **CARD, card_number=POOR)
    assert answer.status == 402
    assert "Your card has insufficient funds." in answer.text
    assert store.invoices.retrieve(invoice.id).status == "open"
    assert browser.post(invoice.hosted_invoice_url, **CARD, card_number="1").status == 400


def test_an_invoice_is_paid_through_the_banks_question(browser, store, invoice):
    question = browser.post(invoice.hosted_invoice_url, **CARD, card_number=SECURE)
    assert question.to.startswith("/3ds/pi_")
    back = browser.post(question.to, answer="fail")
    assert back.to.startswith(f"/i/{invoice.id}?failed=")
    assert "The bank did not confirm that it was you." in browser.get(back.to).text
    question = browser.post(invoice.hosted_invoice_url, **CARD, card_number=SECURE)
    assert browser.post(question.to, answer="complete").to == f"/i/{invoice.id}"
    assert store.invoices.retrieve(invoice.id).status == "paid"


def test_a_void_invoice_takes_no_card(browser, store, invoice):
    store.invoices.void_invoice(invoice.id)
    page = browser.get(invoice.hosted_invoice_url)
    assert "This invoice was voided on" in page.text
    assert "Card number" not in page.text
    assert browser.post(invoice.hosted_invoice_url, **CARD, card_number=VISA).status == 303
    assert store.invoices.retrieve(invoice.id).amount_paid == 0


def test_a_draft_says_that_it_is_one(browser, draft):
    page = browser.get(f"/i/{draft.id}")
    assert "This invoice is a draft." in page.text
    assert "Card number" not in page.text


def test_an_invoice_as_pdf(browser, invoice):
    document = browser.get(invoice.invoice_pdf)
    assert document.headers["content-type"] == "application/pdf"
    assert document.headers["content-disposition"] == f'inline; filename="{invoice.number}.pdf"'
    assert f"Invoice {invoice.number}".encode() in document.body


def test_an_invoice_speaks_the_customers_language(browser, store, customer, invoice):
    store.customers.update(customer, {"preferred_locales": ["de-DE"]})
    page = browser.get(invoice.hosted_invoice_url)
    assert f"Rechnung {invoice.number}" in page.text
    assert b"Zu zahlen" in browser.get(invoice.invoice_pdf).body
    browser.headers["Accept-Language"] = "de"
    store.customers.update(customer, {"preferred_locales": ["en"]})
    assert f"Invoice {invoice.number}" in browser.get(invoice.hosted_invoice_url).text
