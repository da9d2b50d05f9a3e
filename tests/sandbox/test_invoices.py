"""Refunds, voiding, sending, drafts and numbers: an invoice's life beside its payment."""

import pytest
import stripe

START = 1_780_000_000
DAY = 86400


def test_refunds_whole_and_in_part(shop):
    _, _, subscription, _ = shop.story()
    intent = shop.intent(subscription.latest_invoice)
    part = shop.client.refunds.create({"payment_intent": intent.id, "amount": 4000})
    assert (part.status, part.amount) == ("succeeded", 4000)
    rest = shop.client.refunds.create({"payment_intent": intent.id})
    assert rest.amount == 6000
    charge = shop.client.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]})
    assert (charge.refunded, charge.amount_refunded, len(charge.refunds.data)) == (True, 10_000, 2)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"


def test_a_decline_when_paying_keeps_its_traces(shop):
    _, _, subscription, item = shop.story(card="pm_card_chargeCustomerFail")
    waiting = shop.more_seats(subscription, item)
    with pytest.raises(stripe.CardError) as caught:
        shop.client.invoices.pay(waiting.latest_invoice)
    assert (caught.value.http_status, caught.value.json_body["error"]["decline_code"]) == (402, "generic_decline")
    assert shop.invoice(waiting.latest_invoice).attempt_count == 2


def test_voiding_gives_the_balance_back(shop):
    _, customer, subscription, item = shop.story(card="pm_card_chargeCustomerFail")
    shop.client.customers.balance_transactions.create(customer.id, {"amount": -2000, "currency": "usd"})
    waiting = shop.more_seats(subscription, item)
    invoice = shop.invoice(waiting.latest_invoice)
    assert (invoice.total, invoice.amount_due, invoice.ending_balance) == (5000, 3000, 0)
    assert shop.client.customers.retrieve(customer.id).balance == 0
    shop.client.invoices.void_invoice(invoice.id)
    assert shop.client.customers.retrieve(customer.id).balance == -2000


def test_sent_invoices_fall_overdue(shop):
    clock = shop.clock(START)
    customer = shop.customer(card=None, clock=clock.id)
    subscription = shop.subscribe(customer, shop.price(), collection_method="send_invoice", days_until_due=14)
    invoice = shop.invoice(subscription.latest_invoice)
    assert (subscription.status, invoice.status, invoice.due_date) == ("active", "open", START + 14 * DAY)
    shop.advance(clock.id, START + 15 * DAY)
    assert shop.client.subscriptions.retrieve(subscription.id).status == "past_due"
    shop.client.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert shop.client.subscriptions.retrieve(subscription.id).status == "active"


def test_a_purchase_order_number_on_a_draft(shop):
    clock, _, subscription, item = shop.story()
    shop.advance(clock, item.current_period_end + 60)
    draft = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert draft.status == "draft"
    fields = [{"name": "PO number", "value": "4711"}]
    assert shop.client.invoices.update(draft.id, {"custom_fields": fields}).custom_fields[0].value == "4711"
    shop.advance(clock, item.current_period_end + 3600)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.invoices.update(draft.id, {"custom_fields": fields})
    assert caught.value.code == "invoice_not_editable"


def test_numbers_count_up(shop):
    _, customer, subscription, item = shop.story()
    shop.more_seats(subscription, item)
    numbers = [invoice.number for invoice in shop.client.invoices.list({"customer": customer.id}).data]
    prefix = shop.client.customers.retrieve(customer.id).invoice_prefix
    assert numbers == [f"{prefix}-0002", f"{prefix}-0001"]
