"""Subscriptions over time: trials, cancelling, schedules, several items, anchors; and the account's clock that moves them."""

import pytest
import stripe

START = 1_780_000_000
DAY = 86400


def begin(shop, quantity=10, **extra):
    clock = shop.clock(START)
    customer = shop.customer(clock=clock.id)
    price = shop.price(1000)
    subscription = shop.subscribe(customer, price, quantity, **extra)
    return clock.id, subscription, subscription["items"].data[0], price


def reload(shop, subscription, *expand):
    return shop.client.subscriptions.retrieve(subscription.id, {"expand": list(expand)})


def plan(shop, schedule, price, quantities, **extra):
    first = schedule.phases[0]
    phases = [
        {"items": [{"price": price.id, "quantity": quantities[0]}], "start_date": first.start_date, "end_date": first.end_date}
    ]
    phases += [{"items": [{"price": price.id, "quantity": quantity}]} for quantity in quantities[1:]]
    return shop.client.subscription_schedules.update(schedule.id, {"phases": phases, **extra})


def test_a_trial_bills_nothing_then_everything(shop):
    clock, subscription, item, _ = begin(shop, trial_end=START + 14 * DAY)
    assert (subscription.status, item.current_period_end) == ("trialing", START + 14 * DAY)
    first = shop.invoice(subscription.latest_invoice)
    assert (first.total, first.status, first.lines.data[0].amount) == (0, "paid", 0)
    shop.advance(clock, START + 11 * DAY)
    assert shop.client.events.list({"type": "customer.subscription.trial_will_end"}).data
    shop.advance(clock, START + 14 * DAY + 3600)
    after = reload(shop, subscription, "latest_invoice")
    assert (after.status, after.latest_invoice.total, after.latest_invoice.status) == ("active", 10_000, "paid")
    assert after.billing_cycle_anchor == START + 14 * DAY


def test_a_trial_may_end_early(shop):
    clock, subscription, _, _ = begin(shop, trial_end=START + 14 * DAY)
    shop.advance(clock, START + DAY)
    after = shop.client.subscriptions.update(subscription.id, {"trial_end": "now", "expand": ["latest_invoice"]})
    assert (after.status, after.latest_invoice.total, after.billing_cycle_anchor) == ("active", 10_000, START + DAY)


def test_a_trial_without_a_card_may_cancel(shop):
    clock = shop.clock(START)
    customer = shop.customer(card=None, clock=clock.id)
    settings = {"end_behavior": {"missing_payment_method": "cancel"}}
    subscription = shop.subscribe(customer, shop.price(), trial_period_days=7, trial_settings=settings)
    shop.advance(clock.id, START + 8 * DAY)
    assert reload(shop, subscription).status == "canceled"


def test_cancelling_at_the_period_s_end_and_changing_one_s_mind(shop):
    clock, subscription, item, _ = begin(shop)
    details = {"feedback": "too_expensive", "comment": "Budget"}
    leaving = shop.client.subscriptions.update(subscription.id, {"cancel_at_period_end": True, "cancellation_details": details})
    assert (leaving.cancel_at, leaving.cancel_at_period_end, leaving.status) == (item.current_period_end, True, "active")
    assert (leaving.cancellation_details.reason, leaving.cancellation_details.feedback) == (
        "cancellation_requested",
        "too_expensive",
    )
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.invoices.create_preview({"subscription": subscription.id})
    assert caught.value.code == "invoice_upcoming_none"
    staying = shop.client.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (staying.cancel_at, staying.canceled_at, staying.cancellation_details.reason) == (None, None, None)
    shop.client.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    shop.advance(clock, item.current_period_end)
    gone = reload(shop, subscription)
    assert (gone.status, gone.ended_at) == ("canceled", item.current_period_end)
    assert len(shop.client.invoices.list({"subscription": subscription.id}).data) == 1
    assert shop.client.events.list({"type": "customer.subscription.deleted"}).data[0].data.object["id"] == subscription.id


def test_cancelling_now_with_credit(shop):
    clock, subscription, item, _ = begin(shop)
    shop.advance(clock, (item.current_period_start + item.current_period_end) // 2)
    preview = shop.client.invoices.create_preview(
        {"subscription": subscription.id, "subscription_details": {"cancel_now": True}}
    )
    gone = shop.client.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
    assert gone.status == "canceled"
    last = shop.invoice(gone.latest_invoice)
    assert (last.total, last.ending_balance) == (-5000, -5000)
    assert preview.total == -5000
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.subscriptions.cancel(subscription.id)
    assert caught.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
        shop.client.subscriptions.update(subscription.id, {"days_until_due": 3})


def test_cancelling_at_an_instant_credits_the_rest(shop):
    clock, subscription, item, _ = begin(shop)
    half = (item.current_period_start + item.current_period_end) // 2
    shop.client.subscriptions.update(subscription.id, {"cancel_at": half, "proration_behavior": "always_invoice"})
    shop.advance(clock, half)
    gone = reload(shop, subscription, "latest_invoice")
    assert (gone.status, gone.ended_at, gone.latest_invoice.total) == ("canceled", half, -5000)


def test_ten_seats_two_less_later_three_more_now(shop):
    clock, subscription, item, price = begin(shop)
    schedule = shop.client.subscription_schedules.create({"from_subscription": subscription.id})
    assert reload(shop, subscription).schedule == schedule.id
    plan(shop, schedule, price, [10, 8], end_behavior="release")
    shop.advance(clock, (item.current_period_start + item.current_period_end) // 2)
    more = shop.client.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": item.id, "quantity": 13}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "pending_if_incomplete",
        },
    )
    assert more["items"].data[0].quantity == 13
    schedule = shop.client.subscription_schedules.retrieve(schedule.id)
    assert [phase["items"][0].quantity for phase in schedule.phases] == [13, 8]
    schedule = plan(shop, schedule, price, [13, 11])
    assert reload(shop, subscription)["items"].data[0].quantity == 13
    renewal = shop.client.invoices.create_preview({"subscription": subscription.id})
    assert [(line.amount, line.description) for line in renewal.lines.data] == [(11_000, "11 \u00d7 Team (at $10.00 / month)")]
    assert shop.client.invoices.create_preview({"schedule": schedule.id}).total == 11_000
    shop.advance(clock, item.current_period_end + 3600)
    after = reload(shop, subscription, "latest_invoice")
    assert (after["items"].data[0].quantity, after.latest_invoice.total) == (11, 11_000)
    shop.advance(clock, schedule.phases[1].end_date)
    schedule = shop.client.subscription_schedules.retrieve(schedule.id)
    assert (schedule.status, schedule.released_subscription) == ("released", subscription.id)
    assert reload(shop, subscription).schedule is None


def test_a_phase_change_voids_a_waiting_update(shop):
    clock, subscription, item, price = begin(shop)
    schedule = shop.client.subscription_schedules.create({"from_subscription": subscription.id})
    plan(shop, schedule, price, [10, 8])
    shop.card(subscription.customer, "pm_card_chargeCustomerFail")
    shop.advance(clock, item.current_period_end - 3600)
    waiting = shop.client.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": item.id, "quantity": 1000}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "pending_if_incomplete",
        },
    )
    assert waiting.pending_update.expires_at == item.current_period_end
    shop.advance(clock, item.current_period_end)
    after = reload(shop, subscription)
    assert (after.pending_update, after["items"].data[0].quantity) == (None, 8)
    assert shop.invoice(waiting.latest_invoice).status == "void"


def test_a_schedule_may_end_in_cancelling_and_be_released(shop):
    clock, subscription, item, price = begin(shop)
    schedule = shop.client.subscription_schedules.create({"from_subscription": subscription.id})
    with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription schedule"):
        shop.client.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    plan(shop, schedule, price, [10], end_behavior="cancel")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.invoices.create_preview({"subscription": subscription.id})
    assert caught.value.code == "invoice_upcoming_none"
    released = shop.client.subscription_schedules.release(schedule.id)
    assert (released.status, reload(shop, subscription).schedule) == ("released", None)
    again = shop.client.subscription_schedules.create({"from_subscription": subscription.id})
    plan(shop, again, price, [10], end_behavior="cancel")
    shop.advance(clock, item.current_period_end)
    assert reload(shop, subscription).status == "canceled"
    assert shop.client.subscription_schedules.retrieve(again.id).status == "completed"
    with pytest.raises(stripe.InvalidRequestError, match="`completed` status"):
        plan(shop, again, price, [10])


def test_a_schedule_s_present_phase_applies_at_once(shop):
    clock, subscription, item, price = begin(shop)
    schedule = shop.client.subscription_schedules.create({"from_subscription": subscription.id})
    shop.advance(clock, (item.current_period_start + item.current_period_end) // 2)
    plan(shop, schedule, price, [12], proration_behavior="always_invoice")
    after = reload(shop, subscription, "latest_invoice")
    assert (after["items"].data[0].quantity, after.latest_invoice.total) == (12, 1000)
    with pytest.raises(stripe.InvalidRequestError, match="start_date of a phase"):
        shop.client.subscription_schedules.update(
            schedule.id,
            {"phases": [{"items": [{"price": price.id}], "start_date": START + 5, "end_date": item.current_period_end}]},
        )


def test_a_yearly_price_with_the_next_phase(shop):
    clock, subscription, item, price = begin(shop)
    yearly = shop.price(9000, interval="year")
    schedule = shop.client.subscription_schedules.create({"from_subscription": subscription.id})
    first = schedule.phases[0]
    phases = [
        {"items": [{"price": price.id, "quantity": 10}], "start_date": first.start_date, "end_date": first.end_date},
        {"items": [{"price": yearly.id, "quantity": 10}], "proration_behavior": "none"},
    ]
    shop.client.subscription_schedules.update(schedule.id, {"phases": phases})
    shop.advance(clock, item.current_period_end + 3600)
    after = reload(shop, subscription, "latest_invoice")
    assert [line.amount for line in after.latest_invoice.lines.data] == [90_000]
    assert after["items"].data[0].current_period_start == item.current_period_end
    assert after["items"].data[0].current_period_end - item.current_period_end in {365 * DAY, 366 * DAY}


def test_a_schedule_for_later(shop):
    clock = shop.clock(START)
    customer = shop.customer(clock=clock.id)
    price = shop.price()
    schedule = shop.client.subscription_schedules.create(
        {"customer": customer.id, "start_date": START + DAY, "phases": [{"items": [{"price": price.id, "quantity": 3}]}]}
    )
    assert (schedule.status, schedule.subscription) == ("not_started", None)
    shop.advance(clock.id, START + DAY)
    schedule = shop.client.subscription_schedules.retrieve(schedule.id, {"expand": ["subscription"]})
    assert (schedule.status, schedule.subscription.status) == ("active", "active")
    assert schedule.current_phase.start_date == START + DAY


def test_several_items(shop):
    clock, subscription, item, _ = begin(shop)
    extra = shop.price(500)
    shop.advance(clock, (item.current_period_start + item.current_period_end) // 2)
    added = shop.client.subscription_items.create(
        {"subscription": subscription.id, "price": extra.id, "quantity": 2, "proration_behavior": "always_invoice"}
    )
    after = reload(shop, subscription, "latest_invoice")
    assert [row.id for row in after["items"].data] == [item.id, added.id]
    assert after.latest_invoice.total == 500
    with pytest.raises(stripe.InvalidRequestError, match="same plan"):
        shop.client.subscription_items.create({"subscription": subscription.id, "price": extra.id})
    shop.client.subscription_items.delete(added.id, {"proration_behavior": "always_invoice"})
    after = reload(shop, subscription, "latest_invoice")
    assert ([row.id for row in after["items"].data], after.latest_invoice.total) == ([item.id], -500)
    with pytest.raises(stripe.InvalidRequestError, match="at least one"):
        shop.client.subscription_items.delete(item.id)


def test_an_anchor_shortens_the_first_period(shop):
    clock = shop.clock(START)
    customer = shop.customer(clock=clock.id)
    price = shop.price(3000)
    subscription = shop.subscribe(customer, price, billing_cycle_anchor=START + 10 * DAY)
    item = subscription["items"].data[0]
    assert item.current_period_end == START + 10 * DAY
    first = shop.invoice(subscription.latest_invoice)
    assert 900 < first.total < 1100
    shop.advance(clock.id, START + 10 * DAY + 3600)
    assert reload(shop, subscription, "latest_invoice").latest_invoice.total == 3000


def test_a_preview_of_what_does_not_exist_yet(shop):
    price = shop.price(1000)
    details = {"items": [{"price": price.id, "quantity": 4}]}
    preview = shop.client.invoices.create_preview({"subscription_details": details})
    assert (preview.total, preview.billing_reason) == (4000, "subscription_create")
    assert shop.client.customers.list().data == []


def test_paused_collection_makes_no_claims(shop):
    clock, subscription, item, _ = begin(shop)
    shop.client.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "void"}})
    shop.advance(clock, item.current_period_end + 3700)
    after = reload(shop, subscription, "latest_invoice")
    assert (after.status, after.latest_invoice.status) in {("active", "void"), ("active", "draft")}


def test_inactive_and_one_time_prices_are_refused(shop):
    customer = shop.customer()
    price = shop.price()
    shop.client.prices.update(price.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        shop.subscribe(customer, price)
    once = shop.client.prices.create({"product": shop.product.id, "currency": "usd", "unit_amount": 100})
    with pytest.raises(stripe.InvalidRequestError, match="type=recurring"):
        shop.subscribe(customer, once)


def test_invoice_items_ride_along(shop):
    clock, subscription, item, _ = begin(shop)
    shop.client.invoice_items.create(
        {
            "customer": subscription.customer,
            "subscription": subscription.id,
            "amount": 700,
            "currency": "usd",
            "description": "Onboarding",
        }
    )
    shop.advance(clock, item.current_period_end + 3600)
    latest = reload(shop, subscription, "latest_invoice").latest_invoice
    assert (latest.lines.data[0].amount, latest.lines.data[0].description) == (700, "Onboarding")
    assert latest.total == 10_700


def test_a_manual_invoice(shop):
    customer = shop.customer()
    shop.client.invoice_items.create({"customer": customer.id, "amount": 2500, "currency": "usd"})
    draft = shop.client.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    assert (draft.status, draft.total) == ("draft", 2500)
    opened = shop.client.invoices.finalize_invoice(draft.id)
    assert (opened.status, opened.number is not None) == ("open", True)
    assert shop.client.invoices.pay(draft.id).status == "paid"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.invoices.pay(draft.id)
    assert caught.value.code == "invoice_already_paid"


def test_the_account_s_own_clock(shop, control):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price())
    end = subscription["items"].data[0].current_period_end
    told = control("GET", "clock")
    assert (told["next_due"], told["next_due_kind"]) == (end, "subscription_renews")
    told = control("POST", "clock", advance_to=end)
    assert (told["next_due"], told["next_due_kind"], told["done"]) == (end + 3600, "invoice_finalizes", 1)
    assert abs(told["now"] - end) <= 1
    renewed = reload(shop, subscription, "latest_invoice")
    assert (renewed.latest_invoice.status, renewed.latest_invoice.created) == ("draft", end)
    created = [event.created for event in shop.client.events.list({"limit": 50}).data]
    assert created == sorted(created, reverse=True)


def test_statuses_in_lists(shop):
    customer = shop.customer()
    price = shop.price()
    one, two = shop.subscribe(customer, price), shop.subscribe(customer, price)
    shop.client.subscriptions.cancel(one.id)

    def listed(**params):
        return [row.id for row in shop.client.subscriptions.list({"customer": customer.id, **params}).data]

    assert listed() == [two.id]
    assert listed(status="all") == [two.id, one.id]
    assert listed(status="canceled") == listed(status="ended") == [one.id]


def test_a_released_clock_leaves_its_customers_in_the_account_s_time(shop, control):
    shop.price()
    began = shop.client.events.list({"limit": 100}).data[-1].created
    now = control("GET", "clock")["now"]
    clock = shop.clock(now - 100 * DAY)
    customer = shop.customer(clock=clock.id)
    subscription = shop.subscribe(customer, shop.price())
    shop.advance(clock.id, now - DAY)
    assert control("POST", "test_clocks/release", test_clock=clock.id) == {"released": 1}
    after = reload(shop, subscription)
    assert (after.test_clock, after.status) == (None, "active")
    told = control("GET", "clock")
    assert (told["next_due_object"], told["next_due"]) == (subscription.id, after["items"].data[0].current_period_end)
    control("POST", "clock", advance_to=told["next_due"] + 3600)
    assert reload(shop, subscription, "latest_invoice").latest_invoice.status == "paid"
    created = [event.created for event in shop.client.events.list({"limit": 100}).data]
    assert created == sorted(created, reverse=True)
    assert created[-1] == began
