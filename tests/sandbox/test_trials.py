"""Trials: with and without a card, what the first charge will be, pausing and waking; on the API and on the Checkout page."""

import pytest
import stripe

from tests.sandbox.browsing import CARD, VISA

START = 1_780_000_000
DAY = 86400
HOUR = 3600


def ends(behavior):
    return {"trial_settings": {"end_behavior": {"missing_payment_method": behavior}}}


def begin(shop, card="pm_card_visa", quantity=10, **extra):
    clock = shop.clock(START)
    customer = shop.customer(card=card, clock=clock.id)
    subscription = shop.subscribe(customer, shop.price(1000), quantity, trial_period_days=14, **extra)
    return clock.id, customer, subscription


def reload(shop, subscription):
    return shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})


def told(shop, name):
    return len(shop.client.events.list({"type": f"customer.subscription.{name}"}).data)


def test_trial_to_paid_with_a_card(shop):
    """14 days free, 10 seats of 10.00; 12 seats from day 5 on cost nothing then; the first charge is 120.00."""
    clock, _, subscription = begin(shop, **ends("pause"))
    assert shop.client.invoices.create_preview({"subscription": subscription.id}).total == 10_000
    shop.advance(clock, START + 5 * DAY)
    change = {
        "items": [{"id": subscription["items"].data[0].id, "quantity": 12}],
        "proration_behavior": "always_invoice",
    }
    shown = shop.client.invoices.create_preview({"subscription": subscription.id, "subscription_details": change})
    assert (shown.total, shown.created) == (12_000, START + 14 * DAY)
    more = {**change, "payment_behavior": "pending_if_incomplete"}
    after = shop.client.subscriptions.update(subscription.id, more)
    assert (after.pending_update, after.latest_invoice, after["items"].data[0].quantity) == (
        None,
        subscription.latest_invoice,
        12,
    )
    assert shop.client.invoice_items.list({"customer": subscription.customer}).data == []
    shop.advance(clock, START + 11 * DAY - 1)
    assert told(shop, "trial_will_end") == 0
    shop.advance(clock, START + 11 * DAY)
    assert told(shop, "trial_will_end") == 1
    shop.advance(clock, START + 14 * DAY + HOUR)
    after = reload(shop, subscription)
    assert (after.status, after.latest_invoice.amount_paid) == ("active", 12_000)


@pytest.mark.parametrize(("behavior", "status", "event"), [("cancel", "canceled", "deleted"), ("pause", "paused", "paused")])
def test_trial_without_a_card(shop, behavior, status, event):
    """The first charge is foretold though no card is there; without one nothing is ever charged."""
    clock, customer, subscription = begin(shop, card=None, **ends(behavior))
    assert shop.client.invoices.create_preview({"subscription": subscription.id}).total == 10_000
    shop.advance(clock, START + 45 * DAY)
    assert (reload(shop, subscription).status, told(shop, event)) == (status, 1)
    assert [invoice.total for invoice in shop.client.invoices.list({"customer": customer.id}).data] == [0]


def test_trial_without_a_card_that_bills_all_the_same(shop):
    clock, _, subscription = begin(shop, card=None)
    shop.advance(clock, START + 14 * DAY + HOUR)
    after = reload(shop, subscription)
    assert (after.status, after.latest_invoice.status, after.latest_invoice.amount_due) == ("past_due", "open", 10_000)


def test_a_trial_that_is_extended_once(shop):
    clock, _, subscription = begin(shop)
    shop.advance(clock, START + 12 * DAY)
    later = shop.client.subscriptions.update(
        subscription.id, {"trial_end": START + 21 * DAY, "proration_behavior": "none", "expand": ["latest_invoice"]}
    )
    assert (later.status, later.latest_invoice.total) == ("trialing", 0)
    shop.advance(clock, START + 21 * DAY + HOUR)
    assert (told(shop, "trial_will_end"), reload(shop, subscription).latest_invoice.amount_paid) == (2, 10_000)


def test_a_discount_good_once_waits_for_the_first_charge(shop):
    off = shop.client.coupons.create({"percent_off": 30, "duration": "once"}).id
    clock, _, subscription = begin(shop, discounts=[{"coupon": off}])
    assert shop.client.invoices.create_preview({"subscription": subscription.id}).total == 7000
    shop.advance(clock, START + 14 * DAY + HOUR)
    assert (reload(shop, subscription).latest_invoice.amount_paid, reload(shop, subscription).discounts) == (7000, [])


@pytest.fixture
def paused(shop):
    clock, customer, subscription = begin(shop, card=None, **ends("pause"))
    shop.advance(clock, START + 20 * DAY)
    assert reload(shop, subscription).status == "paused"
    return clock, customer, subscription


WAITS = {"payment_behavior": "resume_on_payment_success"}
AUTHENTICATES = "pm_card_authenticationRequired"


def test_waking_with_a_card(shop, paused):
    _clock, customer, subscription = paused
    shown = {"subscription": subscription.id, "subscription_details": {"resume_at": "now"}}
    assert shop.client.invoices.create_preview(shown).total == 10_000
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        shop.client.subscriptions.resume(subscription.id, WAITS)
    shop.card(customer.id, "pm_card_visa")
    shop.client.subscriptions.resume(subscription.id, {**WAITS, "billing_cycle_anchor": {"type": "now"}})
    after = reload(shop, subscription)
    assert (after.status, after.latest_invoice.amount_paid) == ("active", 10_000)
    assert (after["items"].data[0].current_period_start, told(shop, "resumed")) == (START + 20 * DAY, 1)
    with pytest.raises(stripe.InvalidRequestError, match="not paused"):
        shop.client.subscriptions.resume(subscription.id)


def test_waking_that_nothing_tries_is_past_due_if_its_first_attempt_fails(shop, paused):
    clock, customer, subscription = paused
    shop.card(customer.id, "pm_card_chargeCustomerFail")
    shop.client.subscriptions.resume(subscription.id)
    first = reload(shop, subscription)
    assert (first.status, first.latest_invoice.status, first.latest_invoice.attempted) == ("paused", "open", False)
    shop.advance(clock, START + 21 * DAY)
    assert (reload(shop, subscription).status, shop.invoice(first.latest_invoice.id).status) == ("paused", "void")
    shop.client.subscriptions.resume(subscription.id)
    with pytest.raises(stripe.CardError):
        shop.client.invoices.pay(reload(shop, subscription).latest_invoice.id)
    assert reload(shop, subscription).status == "past_due"


def test_waking_waits_for_its_payment_as_long_as_nobody_voids_it(shop, paused, authenticate):
    """The bank asks first: paused with its old period until somebody answers, or until the invoice is voided."""
    clock, customer, subscription = paused
    shop.card(customer.id, AUTHENTICATES)
    before = reload(shop, subscription)["items"].data[0].current_period_start
    shop.client.subscriptions.resume(subscription.id, WAITS)
    first = reload(shop, subscription)
    assert (first.status, first.latest_invoice.status, first.pending_update) == ("paused", "open", None)
    assert first["items"].data[0].current_period_start == before
    assert shop.intent(first.latest_invoice.id).status == "requires_action"
    shop.advance(clock, START + 22 * DAY)
    assert (reload(shop, subscription).status, shop.invoice(first.latest_invoice.id).status) == ("paused", "open")
    shop.client.invoices.void_invoice(first.latest_invoice.id)
    assert (reload(shop, subscription).status, told(shop, "resumed")) == ("paused", 0)
    shop.client.subscriptions.resume(subscription.id, WAITS)
    authenticate(shop.intent(reload(shop, subscription).latest_invoice.id).id, succeed=True)
    after = reload(shop, subscription)
    assert (after.status, after["items"].data[0].current_period_start, told(shop, "resumed")) == ("active", START + 22 * DAY, 1)


def test_a_trial_ended_early_waits_for_its_payment_with_all_that_goes_along(shop, authenticate):
    """Price, seats, a coupon and an end taken back are a pending update, which a trial's end outruns."""
    _clock, customer, subscription = begin(shop, cancel_at_period_end=True)
    shop.card(customer.id, AUTHENTICATES)
    off = shop.client.coupons.create({"amount_off": 3000, "currency": "usd", "duration": "once"}).id
    change = {
        "items": [{"id": subscription["items"].data[0].id, "quantity": 20}],
        "discounts": [{"coupon": off}],
        "trial_end": "now",
        "cancel_at_period_end": False,
        "proration_behavior": "none",
        "payment_behavior": "pending_if_incomplete",
    }
    shop.client.subscriptions.update(subscription.id, change)
    waiting = reload(shop, subscription)
    assert (waiting.status, waiting.cancel_at_period_end, waiting["items"].data[0].quantity) == ("trialing", True, 10)
    assert (waiting.pending_update.cancel_at_period_end, waiting.pending_update.expires_at) == (False, START + 23 * HOUR)
    assert waiting.latest_invoice.amount_due == 17_000
    authenticate(shop.intent(waiting.latest_invoice.id).id, succeed=True)
    after = reload(shop, subscription)
    assert (after.status, after.cancel_at_period_end, after["items"].data[0].quantity) == ("active", False, 20)
    assert after["items"].data[0].current_period_start == START
    clock, _, other = begin(shop, cancel_at_period_end=True)
    shop.card(other.customer, AUTHENTICATES)
    shop.advance(clock, START + 14 * DAY - HOUR)
    change["items"][0]["id"] = other["items"].data[0].id
    shop.client.subscriptions.update(other.id, change)
    left = reload(shop, other)
    assert left.pending_update.expires_at == START + 14 * DAY
    shop.advance(clock, START + 14 * DAY + HOUR)
    assert (reload(shop, other).status, shop.invoice(left.latest_invoice.id).status) == ("canceled", "void")


def test_waking_into_the_period_it_would_be_in(shop, paused):
    """The trial ended on day 14; woken on day 20 the rest of that month is owed, nothing of the days asleep."""
    _clock, customer, subscription = paused
    shop.card(customer.id, "pm_card_visa")
    how = {**WAITS, "billing_cycle_anchor": {"type": "unchanged"}, "proration_behavior": "always_invoice"}
    shop.client.subscriptions.resume(subscription.id, how)
    after = reload(shop, subscription)
    item = after["items"].data[0]
    assert (item.current_period_start, after.billing_cycle_anchor) == (START + 14 * DAY, START + 14 * DAY)
    left, whole = item.current_period_end - START - 20 * DAY, item.current_period_end - item.current_period_start
    assert after.latest_invoice.amount_paid == 10_000 * left // whole


# The page


def session(shop, customer, price, **extra):
    given = {
        "mode": "subscription",
        "customer": customer.id,
        "success_url": "https://store.example/done",
        "line_items": [{"price": price.id, "quantity": 3}],
        **extra,
    }
    return shop.client.checkout.sessions.create(given)


TRIAL = {"subscription_data": {"trial_period_days": 14, **ends("pause")}}


def test_the_page_asks_for_no_card_where_nothing_is_due(shop, browser):
    customer = shop.customer(card=None)
    made = session(shop, customer, shop.price(1000), payment_method_collection="if_required", **TRIAL)
    assert (made.amount_total, made.payment_method_collection) == (0, "if_required")
    page = browser.get(made.url)
    assert "No card is needed today." in page.text
    assert "Start the free trial" in page.text
    assert "Then $30.00." in page.text
    assert 'name="card_number"' not in page.body.decode()
    answer = browser.post(made.url, action="pay", country="DE", card_name="Ada")
    assert answer.status == 303
    done = shop.client.checkout.sessions.retrieve(made.id, {"expand": ["subscription"]})
    assert (done.status, done.payment_status) == ("complete", "no_payment_required")
    assert (done.subscription.status, done.subscription.default_payment_method) == ("trialing", None)
    assert done.subscription.trial_settings.end_behavior.missing_payment_method == "pause"
    assert shop.client.payment_methods.list({"customer": customer.id}).data == []


def test_the_page_asks_for_a_card_for_a_trial_by_default(shop, browser):
    made = session(shop, shop.customer(card=None), shop.price(1000), **TRIAL)
    assert 'name="card_number"' in browser.get(made.url).body.decode()
    assert "Type the card's number" in browser.post(made.url, action="pay", country="DE", card_name="Ada").text
    assert browser.post(made.url, **CARD, card_number=VISA).status == 303
    done = shop.client.checkout.sessions.retrieve(made.id, {"expand": ["subscription"]})
    assert (done.subscription.status, done.subscription.default_payment_method is not None) == ("trialing", True)


def test_the_page_asks_for_a_card_where_something_is_due(shop, submit, browser):
    made = session(shop, shop.customer(card=None), shop.price(1000), payment_method_collection="if_required")
    assert 'name="card_number"' in browser.get(made.url).body.decode()
    off = shop.client.coupons.create({"percent_off": 100, "duration": "forever"}).id
    free = session(
        shop, shop.customer(card=None), shop.price(1000), payment_method_collection="if_required", discounts=[{"coupon": off}]
    )
    assert browser.post(free.url, action="pay", country="DE", card_name="Ada").status == 303
    assert shop.client.checkout.sessions.retrieve(free.id, {"expand": ["subscription"]}).subscription.status == "active"
