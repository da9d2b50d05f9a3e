"""Invoices that are sent: their account for bank transfers, what arrives on it, and the words before they are due."""

import pytest
import stripe

START = 1_780_000_000
DAY = 86400
TRANSFER = {"type": "us_bank_transfer"}
BY_TRANSFER = {
    "payment_method_types": ["card", "customer_balance"],
    "payment_method_options": {"customer_balance": {"funding_type": "bank_transfer", "bank_transfer": TRANSFER}},
}


@pytest.fixture
def sent(shop):
    clock = shop.clock(START)
    customer = shop.customer(card=None, clock=clock.id)
    terms = {"collection_method": "send_invoice", "days_until_due": 30, "payment_settings": BY_TRANSFER}
    subscription = shop.subscribe(customer, shop.price(), **terms)
    return clock.id, customer, subscription


def test_each_customer_has_an_account_of_its_own(shop):
    customer = shop.customer(card=None)
    # stripe-python's types of the answer know the euro's account and the yen's alone.
    how = {"type": "eu_bank_transfer", "eu_bank_transfer": {"country": "DE"}}
    asked = {"bank_transfer": how, "currency": "eur", "funding_type": "bank_transfer"}
    told = shop.client.customers.funding_instructions.create(customer.id, asked)
    again = shop.client.customers.funding_instructions.create(customer.id, asked)
    address = told.bank_transfer.financial_addresses[0]
    assert (told.currency, told.bank_transfer.country, address.type) == ("eur", "DE", "iban")
    assert address.iban.account_holder_name != customer.name, "it is the vendor's account"
    assert address.iban.iban == again.bank_transfer.financial_addresses[0].iban.iban
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.customers.funding_instructions.create(customer.id, asked | {"currency": "usd"})


def test_a_transfer_pays_what_it_covers_and_the_rest_waits(shop, sent, browser):
    _, customer, subscription = sent
    invoice = shop.invoice(subscription.latest_invoice)
    page = browser.get(invoice.hosted_invoice_url).text
    assert "Pay by bank transfer" in page
    assert "Routing number" in page
    arrives = shop.client.test_helpers.customers.fund_cash_balance
    assert arrives(customer.id, {"amount": invoice.total - 1, "currency": "usd"}).ending_balance == invoice.total - 1
    assert shop.invoice(invoice.id).status == "open"
    assert arrives(customer.id, {"amount": 1, "currency": "usd"}).ending_balance == 0
    assert (shop.invoice(invoice.id).status, shop.invoice(invoice.id).amount_paid) == ("paid", invoice.total)


def test_words_before_the_day_and_on_it(shop, sent):
    clock, _, _ = sent
    shop.advance(clock, START + 31 * DAY)
    kinds = [event.type for event in shop.client.events.list({"limit": 100}).data]
    assert {"invoice.will_be_due", "invoice.overdue"} <= set(kinds)
