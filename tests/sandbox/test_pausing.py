"""Pausing at once and going on: unused time given back as previewed, nothing billed meanwhile, refusals in Stripe's shape."""

import pytest
import stripe

DAY = 86400
INVOICED = {"invoicing_behavior": "invoice", "bill_for": {"unused_time_from": {"type": "now"}}}
WAITS = {"payment_behavior": "resume_on_payment_success", "billing_cycle_anchor": {"type": "now"}}


def preview(shop, subscription, pause):
    return shop.client.invoices.create_preview({"subscription": subscription.id, "subscription_details": {"pause": pause}})


def test_half_a_month_goes_back_and_is_used_first_when_it_goes_on(shop):
    """10 seats of 10.00, paused in the middle: 50.00 back, nothing for three months, then 100.00 less 50.00."""
    clock, customer, subscription, _item = shop.story()
    shown = preview(shop, subscription, INVOICED)
    assert (shown.total, shown.amount_due) == (-5000, 0)
    after = shop.client.subscriptions.pause(subscription.id, {**INVOICED, "expand": ["latest_invoice"]})
    assert (after.status, after.latest_invoice.total, after.latest_invoice.status) == ("paused", -5000, "paid")
    paused = after.status_details.paused
    assert (paused.type, paused.subscription.type) == ("subscription", "pause_requested")
    assert after["items"].data[0].current_period_end == paused.transitioned_at
    assert shop.client.customers.retrieve(customer.id).balance == -5000
    shop.advance(clock, paused.transitioned_at + 90 * DAY)
    assert shop.client.subscriptions.retrieve(subscription.id).latest_invoice == after.latest_invoice.id
    assert len(shop.client.events.list({"type": "customer.subscription.paused"}).data) == 1
    details = {"resume_at": "now", "billing_cycle_anchor": {"type": "now"}}
    shown = shop.client.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    assert (shown.total, shown.amount_due) == (10_000, 5_000)
    on = shop.client.subscriptions.resume(subscription.id, {**WAITS, "expand": ["latest_invoice"]})
    assert (on.status, on.status_details, on.latest_invoice.amount_paid) == ("active", None, 5_000)
    assert on["items"].data[0].current_period_start == paused.transitioned_at + 90 * DAY


@pytest.mark.parametrize(("since", "back"), [("none", 0), ("item_current_period_start", 10_000)])
def test_what_goes_back_is_as_it_is_asked_for(shop, since, back):
    _clock, customer, subscription, _item = shop.story()
    asked = {**INVOICED, "bill_for": {"unused_time_from": {"type": since}}}
    if not back:
        with pytest.raises(stripe.InvalidRequestError) as nothing:
            preview(shop, subscription, asked)
        assert nothing.value.code == "invoice_upcoming_none"
    shop.client.subscriptions.pause(subscription.id, asked)
    assert shop.client.customers.retrieve(customer.id).balance == -back


def test_it_waits_for_an_invoice_unless_one_is_asked_for(shop):
    _clock, customer, subscription, _item = shop.story()
    with pytest.raises(stripe.InvalidRequestError):
        preview(shop, subscription, {"type": "subscription"})
    shop.client.subscriptions.pause(subscription.id)
    assert shop.client.customers.retrieve(customer.id).balance == 0
    assert [one.amount for one in shop.client.invoice_items.list({"customer": customer.id}).data] == [-5000]
    on = shop.client.subscriptions.resume(subscription.id, {**WAITS, "expand": ["latest_invoice"]})
    assert on.latest_invoice.amount_paid == 5_000


def test_refusals(shop):
    _clock, _customer, subscription, _item = shop.story()
    schedule = shop.client.subscription_schedules.create({"from_subscription": subscription.id})
    with pytest.raises(stripe.InvalidRequestError, match="Release the schedule"):
        shop.client.subscriptions.pause(subscription.id, INVOICED)
    shop.client.subscription_schedules.release(schedule.id)
    shop.client.subscriptions.pause(subscription.id, INVOICED)
    with pytest.raises(stripe.InvalidRequestError, match="Only active"):
        shop.client.subscriptions.pause(subscription.id, INVOICED)
    shop.client.subscriptions.cancel(subscription.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        shop.client.subscriptions.pause(subscription.id, INVOICED)
