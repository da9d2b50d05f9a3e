"""Bank debits: days of processing, late failures, money taken back; and Checkout with a choice of how to pay."""

import pytest
import stripe

from tests.sandbox.browsing import Answer

START = 1_780_272_000  # a Monday, the first of June 2026
DAY = 86400
SUCCESS, LATE, POOR, DISPUTED = (
    "pm_sepaDebit_success_de",
    "pm_sepaDebit_failed_de",
    "pm_sepaDebit_insufficientFunds_de",
    "pm_sepaDebit_disputed_de",
)
IBAN, IBAN_OVER = "DE89 3704 0044 0532 0130 00", "DE65 3704 0044 0000 3434 34"
BANK = {"action": "pay", "card_name": "Ada Beispiel", "country": "DE"}


def subscribed(shop, account, amount=5000):
    clock = shop.clock(START)
    customer = shop.customer(card=account, clock=clock.id)
    subscription = shop.subscribe(customer, shop.price(amount, "eur"))
    return clock.id, customer, subscription


def told(shop, since=()):
    seen = [event.type for event in reversed(shop.client.events.list({"limit": 100}).data)]
    return seen[len(since) :]


def test_a_debit_is_processing_for_days_and_then_paid(shop):
    clock, _customer, subscription = subscribed(shop, SUCCESS)
    invoice, intent = shop.invoice(subscription.latest_invoice), shop.intent(subscription.latest_invoice)
    assert (subscription.status, invoice.status, intent.status) == ("active", "open", "processing")
    assert (invoice.attempted, invoice.attempt_count, invoice.next_payment_attempt) == (True, 1, None)
    charge = shop.client.charges.retrieve(intent.latest_charge)
    details = charge.payment_method_details.sepa_debit
    assert charge.id.startswith("py_")
    assert (charge.status, charge.paid, details.last4, details.expected_debit_date) == ("pending", False, "3000", "2026-06-08")
    mandate = shop.client.mandates.retrieve(details.mandate)
    assert (mandate.status, mandate.type, bool(mandate.payment_method_details.sepa_debit.url)) == ("active", "multi_use", True)

    shop.advance(clock, START + 6 * DAY)  # a weekend is no working day
    assert shop.intent(invoice.id).status == "processing"
    before = told(shop)
    shop.advance(clock, START + 7 * DAY)
    invoice = shop.invoice(invoice.id)
    assert (invoice.status, invoice.attempt_count, shop.intent(invoice.id).status) == ("paid", 1, "succeeded")
    assert {"charge.succeeded", "payment_intent.succeeded", "invoice.paid"} <= set(told(shop, before))


@pytest.mark.parametrize(
    ("account", "code", "is_retried"),
    [(LATE, "payment_intent_payment_attempt_failed", False), (POOR, "insufficient_funds", True)],
)
def test_a_late_failure_makes_it_past_due(shop, account, code, is_retried):
    clock, customer, subscription = subscribed(shop, account)
    before = told(shop)
    shop.advance(clock, START + 8 * DAY)
    invoice, intent = shop.invoice(subscription.latest_invoice), shop.intent(subscription.latest_invoice)
    assert (invoice.status, intent.status, intent.last_payment_error.code) == ("open", "requires_payment_method", code)
    assert shop.client.charges.retrieve(intent.latest_charge).failure_code == code
    assert shop.client.subscriptions.retrieve(subscription.id).status == "past_due"
    assert {"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"} <= set(told(shop, before))
    assert bool(invoice.next_payment_attempt) == is_retried
    method = shop.card(customer.id, "pm_card_visa")
    assert shop.client.invoices.pay(invoice.id, {"payment_method": method.id}).status == "paid"
    assert shop.client.subscriptions.retrieve(subscription.id).status == "active"


def test_what_a_bank_is_at_work_on_is_neither_paid_twice_nor_voided(shop):
    _clock, customer, subscription = subscribed(shop, SUCCESS)
    card = shop.card(customer.id, "pm_card_visa")
    for verb in (
        lambda: shop.client.invoices.pay(subscription.latest_invoice, {"payment_method": card.id}),
        void(shop, subscription),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="processing"):
            verb()


def test_a_debit_is_given_back_once_it_has_arrived(shop):
    clock, _customer, subscription = subscribed(shop, SUCCESS)
    charge = shop.intent(subscription.latest_invoice).latest_charge
    with pytest.raises(stripe.InvalidRequestError, match="can't be refunded"):
        shop.client.refunds.create({"charge": charge})
    shop.advance(clock, START + 7 * DAY)
    made = shop.client.refunds.create({"charge": charge})
    assert (made.status, made.amount, made.destination_details) == ("succeeded", 5000, None)


def void(shop, subscription):
    return lambda: shop.client.invoices.void_invoice(subscription.latest_invoice)


def test_an_increase_takes_effect_while_its_debit_is_on_its_way(shop):
    clock, _customer, subscription = subscribed(shop, SUCCESS)
    shop.advance(clock, START + 10 * DAY)
    item = subscription["items"].data[0]
    with pytest.raises(stripe.InvalidRequestError, match="pending_if_incomplete") as caught:
        shop.more_seats(subscription, item, 4)
    assert caught.value.param == "payment_behavior"
    after = shop.more_seats(subscription, item, 4, payment_behavior="allow_incomplete")
    assert (after.status, after["items"].data[0].quantity, after.pending_update) == ("active", 4, None)
    assert shop.intent(after.latest_invoice).status == "processing"


def test_money_taken_back_at_the_bank_is_a_lost_dispute_and_ends_the_mandate(shop):
    clock, _customer, subscription = subscribed(shop, DISPUTED)
    shop.advance(clock, START + 7 * DAY)
    charge = shop.client.charges.retrieve(shop.intent(subscription.latest_invoice).latest_charge)
    dispute = shop.client.disputes.list({"charge": charge.id}).data[0]
    assert (charge.status, charge.disputed, dispute.status, dispute.reason) == (
        "succeeded",
        True,
        "lost",
        "debit_not_authorized",
    )
    assert shop.client.mandates.retrieve(charge.payment_method_details.sepa_debit.mandate).status == "inactive"
    assert {"charge.dispute.created", "charge.dispute.closed", "mandate.updated"} <= set(told(shop))


def test_ach_takes_four_working_days_and_dollars(shop):
    clock = shop.clock(START)
    customer = shop.customer(card="pm_usBankAccount_success", clock=clock.id)
    with pytest.raises(stripe.InvalidRequestError, match="usd"):
        shop.subscribe(customer, shop.price(5000, "eur"))
    subscription = shop.subscribe(customer, shop.price())
    shop.advance(clock.id, START + 4 * DAY)
    assert shop.invoice(subscription.latest_invoice).status == "paid"


def test_accounts_as_they_are_typed(shop):
    named = {"billing_details": {"name": "Ada"}}
    typed = shop.client.payment_methods.create(
        {"type": "sepa_debit", "sepa_debit": {"iban": "FR1420041010050500013M02606"}, **named}
    )
    assert (typed.sepa_debit.country, typed.sepa_debit.last4) == ("FR", "2606")
    us = {"routing_number": "110000000", "account_number": "000123456789", "account_holder_type": "company"}
    assert (
        shop.client.payment_methods.create({"type": "us_bank_account", "us_bank_account": us, **named}).us_bank_account.last4
        == "6789"
    )
    for wrong, code in (({"iban": "DE00370400440532013000"}, "invalid_bank_account_iban"), ({}, "parameter_missing")):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            shop.client.payment_methods.create({"type": "sepa_debit", "sepa_debit": wrong, **named})
        assert caught.value.code == code


def opened(shop, **extra):
    return shop.client.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": shop.price(5000, "eur").id, "quantity": 1}],
            "success_url": "http://store.example/",
            "allowed_payment_method_types": ["card", "sepa_debit", "us_bank_account"],
            **extra,
        }
    )


def test_checkout_takes_a_debit_and_hears_of_its_end(shop, browser, control):
    session = opened(shop)
    assert session.payment_method_types == ["card", "sepa_debit"]  # no ACH in euros
    assert "SEPA Direct Debit" in browser.get(session.url).text
    page = browser.get(f"{session.url}?method=sepa_debit")
    assert "you allow Sandbox to collect payments" in page.text
    form = {**BANK, "email": "ada@acme.example"}

    def send(**typed) -> Answer:
        return browser.post(f"{session.url}?method=sepa_debit", **form, **typed)

    assert "Type the IBAN" in send(iban="42").text
    assert "The IBAN is incorrect" in send(iban="DE00370400440532013000").text
    assert "limit is reached" in send(iban=IBAN_OVER).text
    assert send(iban=IBAN).to == "http://store.example/"
    session = shop.client.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    invoice = shop.invoice(session.invoice)
    assert "Being collected" in browser.get(invoice.hosted_invoice_url).text
    mandate = shop.client.charges.retrieve(shop.intent(invoice.id).latest_charge).payment_method_details.sepa_debit.mandate
    assert "Mandate" in browser.get(shop.client.mandates.retrieve(mandate).payment_method_details.sepa_debit.url).text
    control("POST", "clock", advance_by=10 * DAY)
    assert shop.client.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert "checkout.session.async_payment_succeeded" in told(shop)
    charge = shop.client.charges.list().data[0]
    assert "SEPA Direct Debit ···· 3000" in browser.get(charge.receipt_url).text


def test_a_setup_page_saves_an_account_with_its_mandate(shop, browser):
    customer = shop.customer(card=None)
    session = shop.client.checkout.sessions.create(
        {
            "mode": "setup",
            "currency": "usd",
            "customer": customer.id,
            "success_url": "http://store.example/",
            "allowed_payment_method_types": ["card", "us_bank_account"],
        }
    )
    typed = {"routing_number": "110000000", "account_number": "000123456789"}
    assert browser.post(f"{session.url}?method=us_bank_account", **BANK, **typed).to == "http://store.example/"
    intent = shop.client.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.mandate"]}).setup_intent
    assert (intent.status, intent.mandate.payment_method_details.type) == ("succeeded", "us_bank_account")
