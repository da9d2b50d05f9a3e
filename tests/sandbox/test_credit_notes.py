"""Credit notes on paid and open invoices, partial refunds, and what they leave on the customer's balance."""

import pytest
import stripe

START = 1_780_000_000


@pytest.fixture
def paid(shop):
    """EUR 100.00 for 10 seats, less 10%, plus 19%: 90.00 + 17.10 = 107.10, charged."""
    rate = shop.client.tax_rates.create({"display_name": "VAT", "percentage": "19", "inclusive": False})
    coupon = shop.client.coupons.create({"percent_off": 10, "duration": "forever"})
    given = {"default_tax_rates": [rate.id], "discounts": [{"coupon": coupon.id}]}
    subscription = shop.subscribe(shop.customer(), shop.price(1000, currency="eur"), 10, **given)
    invoice = shop.invoice(subscription.latest_invoice)
    assert (invoice.total, invoice.amount_paid) == (10_710, 10_710)
    return invoice


@pytest.fixture
def unpaid(shop):
    """An invoice of $50.00 that was sent and not paid."""
    customer = shop.customer(card=None)
    shop.client.invoice_items.create({"customer": customer.id, "amount": 5000, "currency": "usd"})
    how = {"collection_method": "send_invoice", "days_until_due": 30, "pending_invoice_items_behavior": "include"}
    draft = shop.client.invoices.create({"customer": customer.id, **how})
    return shop.client.invoices.finalize_invoice(draft.id)


def note(shop, invoice, **given):
    return shop.client.credit_notes.create({"invoice": invoice.id, **given})


def test_seats_are_credited_with_their_discount_and_their_tax(shop, paid):
    """2 of 10 seats: 20.00, less 2.00, plus 3.42 tax: 21.42. 15.00 to what paid it, the rest to the balance."""
    line = {"type": "invoice_line_item", "invoice_line_item": paid.lines.data[0].id, "quantity": 2}
    asked = {"lines": [line], "refund_amount": 1500, "credit_amount": 642, "reason": "order_change", "memo": "Two seats"}
    shown = shop.client.credit_notes.preview({"invoice": paid.id, **asked})
    made = note(shop, paid, **asked)
    assert (made.subtotal, made.discount_amount, made.total, made.total_excluding_tax) == (2000, 200, 2142, 1800)
    assert (shown.total, made.total_taxes[0].amount) == (2142, 342)
    assert (made.type, made.pre_payment_amount, made.post_payment_amount) == ("post_payment", 0, 2142)
    assert (made.number, made.status) == (f"{paid.number}-CN-01", "issued")
    after = shop.invoice(paid.id, "payments.data.payment.payment_intent.latest_charge")
    assert (after.status, after.amount_paid, after.post_payment_credit_notes_amount) == ("paid", 10_710, 2142)
    assert after.payments.data[0].payment.payment_intent.latest_charge.amount_refunded == 1500
    assert shop.client.refunds.retrieve(made.refunds[0].refund).amount == 1500
    moved = shop.client.customers.balance_transactions.retrieve(paid.customer, made.customer_balance_transaction)
    assert (moved.amount, moved.type, moved.credit_note, moved.invoice) == (-642, "credit_note", made.id, paid.id)
    assert shop.client.customers.retrieve(paid.customer).balance == -642
    assert [line.amount for line in shop.client.credit_notes.line_items.list(made.id).data] == [2000]
    assert shop.client.events.list({"type": "credit_note.created"}).data[0].data.object["id"] == made.id


def test_a_preview_of_a_note_leaves_nothing(shop, paid):
    shown = shop.client.credit_notes.preview({"invoice": paid.id, "amount": 500, "credit_amount": 500})
    assert shown.total == 500
    assert shop.client.credit_notes.list({"invoice": paid.id}).data == []
    assert shop.client.customers.retrieve(paid.customer).balance == 0


def test_a_note_lowers_what_is_due(shop, unpaid):
    made = note(shop, unpaid, amount=2000)
    assert (made.type, made.pre_payment_amount) == ("pre_payment", 2000)
    after = shop.invoice(unpaid.id)
    assert (after.total, after.amount_due, after.amount_remaining, after.status) == (5000, 3000, 3000, "open")
    assert after.pre_payment_credit_notes_amount == 2000
    shop.card(unpaid.customer, "pm_card_visa")
    assert shop.client.invoices.pay(unpaid.id).amount_paid == 3000
    with pytest.raises(stripe.InvalidRequestError, match="still open"):
        shop.client.credit_notes.void_credit_note(made.id)


def test_a_note_on_the_whole_of_an_open_invoice_settles_it(shop, unpaid):
    line = {"type": "invoice_line_item", "invoice_line_item": unpaid.lines.data[0].id}
    assert note(shop, unpaid, lines=[line]).pre_payment_amount == 5000
    after = shop.invoice(unpaid.id)
    assert (after.status, after.amount_due, after.amount_paid) == ("paid", 0, 0)
    assert shop.client.payment_intents.list({"customer": unpaid.customer}).data[0].status == "canceled"


def test_a_voided_note_is_due_again(shop, unpaid):
    made = note(shop, unpaid, amount=2000)
    gone = shop.client.credit_notes.void_credit_note(made.id)
    assert (gone.status, gone.voided_at is not None) == ("void", True)
    after = shop.invoice(unpaid.id)
    assert (after.amount_due, after.pre_payment_credit_notes_amount) == (5000, 0)
    assert shop.client.events.list({"type": "credit_note.voided"}).data[0].data.object["id"] == made.id
    with pytest.raises(stripe.InvalidRequestError, match="already void"):
        shop.client.credit_notes.void_credit_note(made.id)


def test_a_line_of_one_s_own_with_tax(shop, paid):
    """Goodwill of 2 x 5.00 with the invoice's 19%: 11.90, given back outside."""
    rate = paid.lines.data[0].taxes[0].tax_rate_details.tax_rate
    line = {"type": "custom_line_item", "description": "Goodwill", "unit_amount": 500, "quantity": 2, "tax_rates": [rate]}
    made = note(shop, paid, lines=[line], out_of_band_amount=1190)
    assert (made.subtotal, made.total, made.out_of_band_amount) == (1000, 1190, 1190)


def test_no_more_is_given_back_than_was_billed(shop, paid):
    intent = shop.intent(paid.id)
    refund = shop.client.refunds.create({"payment_intent": intent.id, "amount": 10_000, "reason": "requested_by_customer"})
    assert (refund.amount, refund.status) == (10_000, "succeeded")
    with pytest.raises(stripe.InvalidRequestError, match=r"what is left to credit \(710\)"):
        note(shop, paid, amount=711, credit_amount=711)
    linked = note(shop, paid, amount=10_000, refunds=[{"refund": refund.id}])
    assert linked.refunds[0].amount_refunded == 10_000
    with pytest.raises(stripe.InvalidRequestError, match="unrefunded amount on charge"):
        shop.client.refunds.create({"payment_intent": intent.id, "amount": 711})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"amount": 500}, "must equal"),
        ({"amount": 500, "credit_amount": 400}, "must equal"),
        ({}, "must be provided"),
        ({"amount": 0, "credit_amount": 0}, "greater than 0"),
        ({"lines": [{"type": "invoice_line_item", "invoice_line_item": "il_none"}]}, "No such"),
        ({"lines": [{"type": "custom_line_item"}]}, "unit_amount"),
    ],
)
def test_a_note_that_makes_no_sense(shop, paid, given, why):
    with pytest.raises(stripe.InvalidRequestError, match=why):
        note(shop, paid, **given)


def test_a_draft_has_no_notes(shop):
    draft = shop.client.invoices.create({"customer": shop.customer().id})
    with pytest.raises(stripe.InvalidRequestError, match="this one is draft"):
        note(shop, draft, amount=100)


def test_the_note_and_the_invoice_can_be_read(shop, browser, paid, unpaid):
    pdf = browser.get(note(shop, paid, amount=500, credit_amount=500).pdf)
    assert (pdf.status, pdf.headers["content-type"]) == (200, "application/pdf")
    assert b"Credited in all" in pdf.body
    page = browser.get(paid.hosted_invoice_url)
    for words in ("Subtotal €100.00", "Discount (-10%) -€10.00", "VAT 19% €17.10", "Total €107.10"):
        assert words in page.text
    note(shop, unpaid, amount=2000)
    assert "Credited -$20.00" in browser.get(unpaid.hosted_invoice_url).text
    assert "Pay $30.00" in browser.get(unpaid.hosted_invoice_url).text


def test_credit_larger_than_the_charge(shop):
    """Credit of 150.00, invoice of 100.00: nothing is charged, 50.00 is left, and a preview said so; a void gives it back."""
    customer = shop.customer()
    shop.client.customers.balance_transactions.create(
        customer.id, {"amount": -15_000, "currency": "usd", "description": "Gift"}
    )
    given = {"items": [{"price": shop.price(1000).id, "quantity": 10}]}
    shown = shop.client.invoices.create_preview({"customer": customer.id, "subscription_details": given})
    assert (shown.total, shown.starting_balance, shown.amount_due) == (10_000, -15_000, 0)
    first = shop.invoice(shop.client.subscriptions.create({"customer": customer.id, **given}).latest_invoice)
    assert (first.amount_due, first.ending_balance, first.status) == (0, -5000, "paid")
    assert shop.client.charges.list({"customer": customer.id}).data == []
    shop.client.invoice_items.create({"customer": customer.id, "amount": 8000, "currency": "usd"})
    how = {"collection_method": "send_invoice", "days_until_due": 30, "pending_invoice_items_behavior": "include"}
    second = shop.client.invoices.create({"customer": customer.id, **how})
    second = shop.client.invoices.finalize_invoice(second.id)
    assert (second.amount_due, second.ending_balance) == (3000, 0)
    shop.client.invoices.void_invoice(second.id)
    moves = shop.client.customers.balance_transactions.list(customer.id).data
    assert [(move.type, move.amount) for move in moves] == [
        ("unapplied_from_invoice", -5000),
        ("applied_to_invoice", 5000),
        ("applied_to_invoice", 10_000),
        ("adjustment", -15_000),
    ]
    moved = shop.client.customers.balance_transactions.update(customer.id, moves[-1].id, {"description": "Goodwill"})
    assert (moved.description, moved.amount) == ("Goodwill", -15_000)
