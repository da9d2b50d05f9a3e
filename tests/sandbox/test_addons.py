"""Several items on one subscription: add-ons at a fixed price and by seat, added and removed in mid-period; tiers; one-offs."""

from datetime import UTC, datetime

import pytest
import stripe


def at(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp())


START, HALF, LATE, END = at(2026, 4, 1), at(2026, 4, 16), at(2026, 4, 21), at(2026, 5, 1)


@pytest.fixture
def story(shop):
    """10 seats of $10.00 from the first of April, for a month of 30 days."""
    clock = shop.clock(START)
    customer = shop.customer(clock=clock.id)
    return clock.id, customer, shop.subscribe(customer, shop.price(1000), 10)


def change(shop, subscription, *items):
    """A change invoiced at once; its invoice, which its preview has foretold."""
    details = {"items": list(items), "proration_behavior": "always_invoice"}
    preview = shop.client.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    after = shop.client.subscriptions.update(subscription.id, {**details, "expand": ["latest_invoice"]})
    shown = [(line.amount, line.description) for line in preview.lines.data]
    assert shown == [(line.amount, line.description) for line in after.latest_invoice.lines.data]
    return after


def test_an_add_on_added_in_mid_period_and_removed(shop, story):
    """30.00 a month, from half time: 15.00. Removed on the 21st: a third of the month is left, 10.00 back as credit."""
    clock, customer, subscription = story
    addon = shop.price(3000)
    shop.advance(clock, HALF)
    after = change(shop, subscription, {"price": addon.id, "quantity": 1})
    assert ([line.amount for line in after.latest_invoice.lines.data], after.latest_invoice.amount_paid) == ([1500], 1500)
    row = next(item for item in after["items"].data if item.price.id == addon.id)
    assert (row.current_period_start, row.current_period_end) == (START, END)
    shop.advance(clock, LATE)
    after = change(shop, subscription, {"id": row.id, "deleted": True})
    assert [line.amount for line in after.latest_invoice.lines.data] == [-1000]
    assert (after.latest_invoice.amount_due, shop.client.customers.retrieve(customer.id).balance) == (0, -1000)
    assert [item.price.id for item in after["items"].data] == [subscription["items"].data[0].price.id]
    shop.advance(clock, END + 3601)
    last = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert (last.total, last.amount_paid) == (10_000, 9000)


def test_seats_and_their_add_on_grow_together(shop, story):
    """12 seats and 12 add-ons of 2.00: -50.00, +60.00 and +12.00 for half a month."""
    clock, _, subscription = story
    shop.advance(clock, HALF)
    seats = {"id": subscription["items"].data[0].id, "quantity": 12}
    after = change(shop, subscription, seats, {"price": shop.price(200).id, "quantity": 12})
    assert sorted(line.amount for line in after.latest_invoice.lines.data) == [-5000, 1200, 6000]
    assert shop.client.invoices.create_preview({"subscription": subscription.id}).total == 12 * 1200


def test_an_add_on_that_is_not_paid_is_not_added(shop, story):
    clock, customer, subscription = story
    shop.card(customer.id, "pm_card_chargeCustomerFail")
    shop.advance(clock, HALF)
    given = {"items": [{"price": shop.price(3000).id}], "proration_behavior": "always_invoice"}
    after = shop.client.subscriptions.update(subscription.id, {**given, "payment_behavior": "pending_if_incomplete"})
    assert (len(after["items"].data), len(after.pending_update.subscription_items)) == (1, 2)


def test_a_schedule_keeps_each_item_s_own_rates_and_discounts(shop, story):
    clock, _customer, subscription = story
    rate = shop.client.tax_rates.create({"display_name": "VAT", "percentage": "19", "inclusive": False}).id
    off = shop.client.coupons.create({"percent_off": 50, "duration": "forever"}).id
    seats, addon = subscription["items"].data[0].price.id, shop.price(3000).id
    schedule = shop.client.subscription_schedules.create({"from_subscription": subscription.id})
    first = schedule.phases[0]
    later = {
        "items": [
            {"price": seats, "quantity": 8, "tax_rates": [rate]},
            {"price": addon, "quantity": 1, "discounts": [{"coupon": off}]},
        ],
        "discounts": "",
    }
    now = {"items": [{"price": seats, "quantity": 10}], "start_date": first.start_date, "end_date": first.end_date}
    shop.client.subscription_schedules.update(schedule.id, {"phases": [now, later], "end_behavior": "release"})
    shown = shop.client.invoices.create_preview({"schedule": schedule.id})
    shop.advance(clock, END + 3601)
    last = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    # 80.00 and 19% of it; 30.00 and half of it off.
    assert (last.latest_invoice.total, shown.total) == (8000 + 1520 + 1500, 11_020)
    assert [[each.id for each in item.tax_rates] for item in last["items"].data] == [[rate], []]
    direct = shop.client.subscriptions.update(subscription.id, {"items": [{"id": last["items"].data[0].id, "quantity": 9}]})
    assert direct["items"].data[0].quantity == 9
    phase = shop.client.subscription_schedules.retrieve(schedule.id).phases[-1]
    assert [(len(item.tax_rates), len(item.discounts), item.quantity) for item in phase.items] == [(1, 0, 9), (0, 1, 1)]


@pytest.mark.parametrize(
    ("before", "after", "lines"), [(10, 11, [-5000, 5450]), (11, 10, [-5450, 5000]), (50, 51, [-23_000, 23_400])]
)
def test_graduated_tiers_across_their_edges(shop, before, after, lines):
    """10 at 10.00, 40 at 9.00, then 8.00: 10 seats 100.00, 11 seats 109.00, 50 seats 460.00, 51 seats 468.00; half of each."""
    tiers = [{"up_to": 10, "unit_amount": 1000}, {"up_to": 50, "unit_amount": 900}, {"up_to": "inf", "unit_amount": 800}]
    price = shop.price(billing_scheme="tiered", tiers_mode="graduated", tiers=tiers)
    clock = shop.clock(START)
    subscription = shop.subscribe(shop.customer(clock=clock.id), price, before)
    shop.advance(clock.id, HALF)
    invoice = change(shop, subscription, {"id": subscription["items"].data[0].id, "quantity": after}).latest_invoice
    assert [line.amount for line in invoice.lines.data] == lines


def test_a_pilot_s_fee_with_its_period(shop):
    """A fixed fee for three months, made of a price, changed while it waits, on an invoice of its own."""
    customer = shop.customer(card=None)
    fee = shop.client.prices.create({"product": shop.product.id, "currency": "eur", "unit_amount": 250_000})
    rate = shop.client.tax_rates.create({"display_name": "VAT", "percentage": "19", "inclusive": False}).id
    period = {"start": START, "end": at(2026, 7, 1)}
    given = {"customer": customer.id, "pricing": {"price": fee.id}, "period": period, "tax_rates": [rate]}
    item = shop.client.invoice_items.create(given)
    shop.client.invoice_items.update(item.id, {"description": "Pilot, 25 seats", "metadata": {"pilot": "1"}})
    how = {"collection_method": "send_invoice", "days_until_due": 30, "pending_invoice_items_behavior": "include"}
    draft = shop.client.invoices.create({"customer": customer.id, "currency": "eur", **how})
    line = draft.lines.data[0]
    assert (line.description, line.period.to_dict(), line.amount, draft.total) == ("Pilot, 25 seats", period, 250_000, 297_500)
    shop.client.invoice_items.update(item.id, {"tax_rates": ""})
    assert shop.invoice(draft.id).total == 250_000
    shop.client.invoice_items.delete(item.id)
    assert shop.invoice(draft.id).total == 0
    recurring = {"customer": customer.id, "pricing": {"price": shop.price(1000).id}}
    with pytest.raises(stripe.InvalidRequestError, match="one-time"):
        shop.client.invoice_items.create(recurring)


def test_a_one_off_shows_in_a_preview(shop, story):
    _, _, subscription = story
    extra = {"amount": 2500, "currency": "usd", "description": "Onboarding", "period": {"start": START, "end": HALF}}
    shown = shop.client.invoices.create_preview({"subscription": subscription.id, "invoice_items": [extra]})
    assert next((line.amount, line.description) for line in shown.lines.data) == (2500, "Onboarding")
    assert shown.total == 12_500
    assert shop.client.invoice_items.list({"customer": subscription.customer}).data == []


def test_a_schedule_begins_with_a_trial_and_bills_a_one_off_with_a_later_phase(shop):
    """Free for the first month; then 100.00 and a fee of 50.00, both with 19%."""
    clock = shop.clock(START)
    customer = shop.customer(clock=clock.id)
    rate = shop.client.tax_rates.create({"display_name": "VAT", "percentage": "19", "inclusive": False}).id
    fee = shop.client.prices.create({"product": shop.product.id, "currency": "usd", "unit_amount": 5000})
    seats = {"items": [{"price": shop.price(1000).id, "quantity": 10}], "default_tax_rates": [rate]}
    phases = [{**seats, "trial": True}, {**seats, "add_invoice_items": [{"price": fee.id}]}]
    schedule = shop.client.subscription_schedules.create({"customer": customer.id, "start_date": "now", "phases": phases})
    assert schedule.phases[0].trial_end == schedule.phases[0].end_date == END
    assert schedule.phases[1].add_invoice_items[0].price == fee.id
    assert shop.client.subscriptions.retrieve(schedule.subscription).status == "trialing"
    shop.advance(clock.id, END + 3601)
    last = shop.client.subscriptions.retrieve(schedule.subscription, {"expand": ["latest_invoice"]})
    assert (last.status, last.latest_invoice.total) == ("active", 17_850)
    shop.advance(clock.id, at(2026, 6, 1) + 3601)
    last = shop.client.subscriptions.retrieve(schedule.subscription, {"expand": ["latest_invoice"]})
    assert last.latest_invoice.total == 11_900
