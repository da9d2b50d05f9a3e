"""Declines, 3-D Secure, pending updates, retries: what happens when a payment does not simply succeed."""

import pytest
import stripe

from billing.sandbox.engine import checkout

START = 1_780_000_000
DAY = 86400
ALWAYS = "pm_card_authenticationRequired"


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
        ("4242424242424241", "incorrect_number", None),
    ],
)
def test_a_declined_card_leaves_nothing_behind(client, shop, submit, number, code, decline_code):  # noqa: PLR0917 - pytest's fixtures and cases
    price = shop.price()
    session = client.v1.checkout.sessions.create(
        {"mode": "subscription", "line_items": [{"price": price.id, "quantity": 1}], "success_url": "http://store.example/"}
    )
    outcome = submit(session.id, number)
    assert (outcome.status, outcome.code, outcome.decline_code) == ("declined", code, decline_code)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert client.v1.customers.list().data == []
    assert submit(session.id).status == "complete"


@pytest.mark.parametrize("number", ["4000002500003155", "4000002760003184", "4000000000003220"])
def test_checkout_with_a_challenge(client, shop, submit, account, number):
    price = shop.price()
    session = client.v1.checkout.sessions.create(
        {"mode": "subscription", "line_items": [{"price": price.id, "quantity": 2}], "success_url": "http://store.example/"}
    )
    for succeed, status in ((False, "open"), (True, "complete")):
        outcome = submit(session.id, number)
        assert outcome.status == "requires_action"
        assert outcome.url.endswith(f"/3ds/{outcome.intent}")
        with account.lock:
            tx = account.begin()
            checkout.authenticate(tx, session.id, succeed=succeed)
            account.commit(tx)
        assert client.v1.checkout.sessions.retrieve(session.id).status == status
    subscription = client.v1.subscriptions.list().data[0]
    assert subscription.status == "active"
    assert [intent.status for intent in client.v1.payment_intents.list().data] == ["succeeded"]


def test_a_card_set_up_once_needs_no_challenge_off_session(shop, client, submit, control, account):
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": shop.price().id, "quantity": 1}],
            "success_url": "http://store.example/",
        }
    )
    submit(session.id, "4000002500003155")
    with account.lock:
        tx = account.begin()
        checkout.authenticate(tx, session.id, succeed=True)
        account.commit(tx)
    subscription = client.v1.subscriptions.list().data[0]
    control("POST", "clock", advance_to=subscription["items"].data[0].current_period_end + 3601)
    latest = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice
    assert (latest.billing_reason, latest.status) == ("subscription_cycle", "paid")


def test_setup_mode_keeps_a_card_for_later(client, shop, submit):
    customer = shop.customer(card=None)
    session = client.v1.checkout.sessions.create(
        {
            "mode": "setup",
            "currency": "usd",
            "customer": customer.id,
            "success_url": "http://store.example/",
            "setup_intent_data": {"metadata": {"subscription": "sub_1"}},
        }
    )
    assert submit(session.id, "4000000000000002").status == "declined"
    assert submit(session.id).status == "complete"
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (session.status, session.setup_intent.status) == ("complete", "succeeded")
    assert session.setup_intent.metadata["subscription"] == "sub_1"
    assert [method.id for method in client.v1.customers.payment_methods.list(customer.id).data] == [
        session.setup_intent.payment_method
    ]


def test_two_sessions_may_both_be_paid(client, shop, submit):
    customer = shop.customer(card=None)
    params = {
        "mode": "subscription",
        "customer": customer.id,
        "line_items": [{"price": shop.price().id, "quantity": 1}],
        "success_url": "http://store.example/",
    }
    sessions = [client.v1.checkout.sessions.create(params) for _ in range(2)]
    assert [submit(session.id).status for session in sessions] == ["complete", "complete"]
    assert len(client.v1.subscriptions.list({"customer": customer.id}).data) == 2


def test_an_expired_session_takes_no_payment(client, shop, submit):
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": shop.price().id, "quantity": 1}],
            "success_url": "http://store.example/",
        }
    )
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    assert submit(session.id).code == "session_expired"
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        client.v1.checkout.sessions.expire(session.id)


def test_sessions_expire_by_themselves(client, shop, control):
    now = control("GET", "clock")["now"]
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": shop.price().id, "quantity": 1}],
            "success_url": "http://store.example/",
            "expires_at": now + 1800,
        }
    )
    assert control("GET", "clock")["next_due_kind"] == "checkout_expires"
    control("POST", "clock", advance_by=1900)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"


# Pending updates


def test_an_update_waits_for_its_payment_and_applies_with_it(shop, authenticate):
    _, _, subscription, item = shop.story(card=ALWAYS)
    waiting = shop.more_seats(subscription, item)
    assert (waiting.status, waiting["items"].data[0].quantity) == ("active", 10)
    assert waiting.pending_update.subscription_items[0].quantity == 20
    invoice = shop.invoice(waiting.latest_invoice)
    assert (invoice.status, invoice.amount_due) == ("open", 5000)
    intent = shop.intent(invoice.id)
    assert intent.status == "requires_action"
    assert intent.next_action.redirect_to_url.url.endswith(f"/3ds/{intent.id}")
    authenticate(intent.id, succeed=True)
    after = shop.client.subscriptions.retrieve(subscription.id)
    assert (after.pending_update, after["items"].data[0].quantity) == (None, 20)
    assert shop.invoice(invoice.id).status == "paid"
    types = [event.type for event in shop.client.events.list({"limit": 30}).data]
    assert "customer.subscription.pending_update_applied" in types


def test_a_failed_challenge_leaves_the_update_waiting(shop, authenticate):
    _, _, subscription, item = shop.story(card=ALWAYS)
    waiting = shop.more_seats(subscription, item)
    authenticate(shop.intent(waiting.latest_invoice).id, succeed=False)
    after = shop.client.subscriptions.retrieve(subscription.id)
    assert (after.status, after["items"].data[0].quantity) == ("active", 10)
    assert after.pending_update is not None
    assert shop.intent(waiting.latest_invoice).last_payment_error.code == "payment_intent_authentication_failure"


def test_voiding_the_invoice_drops_the_update(shop):
    _, _, subscription, item = shop.story(card="pm_card_chargeCustomerFail")
    waiting = shop.more_seats(subscription, item)
    assert shop.intent(waiting.latest_invoice).status == "requires_payment_method"
    shop.client.invoices.void_invoice(waiting.latest_invoice)
    after = shop.client.subscriptions.retrieve(subscription.id)
    assert (after.status, after.pending_update, after["items"].data[0].quantity) == ("active", None, 10)


def test_an_update_expires_unpaid(shop):
    clock, _, subscription, item = shop.story(card="pm_card_chargeCustomerFail")
    waiting = shop.more_seats(subscription, item)
    frozen = shop.client.test_helpers.test_clocks.retrieve(clock).frozen_time
    assert waiting.pending_update.expires_at == frozen + 23 * 3600
    shop.advance(clock, waiting.pending_update.expires_at)
    after = shop.client.subscriptions.retrieve(subscription.id)
    assert (after.pending_update, after["items"].data[0].quantity) == (None, 10)
    assert shop.invoice(waiting.latest_invoice).status == "void"
    assert "customer.subscription.pending_update_expired" in [event.type for event in shop.client.events.list().data]


def test_a_second_update_replaces_the_first(shop):
    _, customer, subscription, item = shop.story(card="pm_card_chargeCustomerFail")
    first = shop.more_seats(subscription, item, 20)
    shop.card(customer.id, "pm_card_visa")
    second = shop.more_seats(subscription, item, 14)
    assert (second.pending_update, second["items"].data[0].quantity) == (None, 14)
    assert shop.invoice(first.latest_invoice).status == "void"
    assert [amount for amount, _ in shop.lines(second.latest_invoice)] == [-5000, 7000]


def test_a_pending_update_refuses_other_parameters(shop):
    _, _, subscription, item = shop.story()
    with pytest.raises(stripe.InvalidRequestError, match="pending_if_incomplete") as caught:
        shop.more_seats(subscription, item, days_until_due=3)
    assert caught.value.param == "days_until_due"


def test_error_if_incomplete_changes_nothing(shop):
    _, _, subscription, item = shop.story(card="pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError) as caught:
        shop.more_seats(subscription, item, payment_behavior="error_if_incomplete")
    assert caught.value.code == "card_declined"
    after = shop.client.subscriptions.retrieve(subscription.id)
    assert (after["items"].data[0].quantity, after.latest_invoice) == (10, subscription.latest_invoice)


def test_allow_incomplete_applies_and_is_past_due(shop):
    _, customer, subscription, item = shop.story(card="pm_card_chargeCustomerFail")
    after = shop.more_seats(subscription, item, payment_behavior="allow_incomplete")
    assert (after.status, after["items"].data[0].quantity) == ("past_due", 20)
    shop.card(customer.id, "pm_card_visa")
    shop.client.invoices.pay(after.latest_invoice)
    assert shop.client.subscriptions.retrieve(subscription.id).status == "active"


# First payments


def test_default_incomplete_waits_for_its_first_payment(shop):
    customer = shop.customer(card=None)
    subscription = shop.subscribe(
        customer, shop.price(), payment_behavior="default_incomplete", expand=["latest_invoice.confirmation_secret"]
    )
    assert subscription.status == "incomplete"
    assert "_secret_" in subscription.latest_invoice.confirmation_secret.client_secret
    intent = shop.intent(subscription.latest_invoice.id)
    shop.client.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    shop.client.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert shop.client.subscriptions.retrieve(subscription.id).status == "active"


def test_an_unpaid_first_invoice_expires_the_subscription(shop):
    clock = shop.clock(START)
    customer = shop.customer(card="pm_card_chargeCustomerFail", clock=clock.id)
    subscription = shop.subscribe(customer, shop.price())
    assert subscription.status == "incomplete"
    shop.advance(clock.id, START + 23 * 3600)
    after = shop.client.subscriptions.retrieve(subscription.id)
    assert after.status == "incomplete_expired"
    assert shop.invoice(subscription.latest_invoice).status == "void"


def test_without_a_card_a_subscription_is_refused(shop):
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        shop.subscribe(shop.customer(card=None), shop.price())


def test_a_live_subscription_fixes_the_currency(shop):
    customer = shop.customer()
    shop.subscribe(customer, shop.price())
    with pytest.raises(stripe.InvalidRequestError, match="combine currencies"):
        shop.subscribe(customer, shop.price(currency="eur"))


# Retries


@pytest.mark.parametrize("outcome", ["canceled", "unpaid", "past_due"])
def test_retries_by_the_calendar(shop, control, outcome):
    control("POST", "settings", after_retries=outcome)
    clock = shop.clock(START)
    customer = shop.customer(clock=clock.id)
    subscription = shop.subscribe(customer, shop.price())
    shop.card(customer.id, "pm_card_chargeCustomerFail")
    end = subscription["items"].data[0].current_period_end
    shop.advance(clock.id, end + 3600)
    latest = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (latest.status, latest.latest_invoice.attempt_count) == ("past_due", 1)
    failed = end + 3600
    for attempts, days in ((1, 3), (2, 5), (3, 7)):
        invoice = shop.invoice(latest.latest_invoice.id)
        assert (invoice.attempt_count, invoice.next_payment_attempt) == (attempts, failed + days * DAY)
        shop.advance(clock.id, invoice.next_payment_attempt)
    invoice = shop.invoice(latest.latest_invoice.id)
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == ("open", 4, None)
    after = shop.client.subscriptions.retrieve(subscription.id)
    assert after.status == outcome
    assert shop.client.customers.retrieve(customer.id).delinquent


def test_a_retry_that_succeeds_heals(shop):
    clock = shop.clock(START)
    customer = shop.customer(clock=clock.id)
    subscription = shop.subscribe(customer, shop.price())
    shop.card(customer.id, "pm_card_chargeCustomerFail")
    end = subscription["items"].data[0].current_period_end
    shop.advance(clock.id, end + 3600)
    shop.card(customer.id, "pm_card_visa")
    shop.advance(clock.id, end + 3600 + 3 * DAY)
    after = shop.client.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (after.status, after.latest_invoice.status, after.latest_invoice.attempt_count) == ("active", "paid", 2)


def test_the_next_payment_fails_on_demand(shop, control):
    _, customer, subscription, item = shop.story()
    control("POST", "next_payment", outcome="insufficient_funds", customer=customer.id)
    waiting = shop.more_seats(subscription, item)
    assert shop.intent(waiting.latest_invoice).last_payment_error.decline_code == "insufficient_funds"
    assert shop.more_seats(subscription, item).pending_update is None


def test_a_session_saves_what_it_was_told_to(client, shop, submit):
    customer = shop.customer(card=None)
    rate = client.v1.tax_rates.create({"display_name": "VAT", "inclusive": False, "percentage": "20"})
    params = {
        "mode": "subscription",
        "customer": customer.id,
        "line_items": [{"price": shop.price().id, "quantity": 2, "tax_rates": [rate.id]}],
        "success_url": "http://store.example/",
        "tax_id_collection": {"enabled": True},
    }
    with pytest.raises(stripe.InvalidRequestError, match="customer_update") as caught:
        client.v1.checkout.sessions.create(params)
    assert caught.value.param == "customer_update[name]"
    session = client.v1.checkout.sessions.create({**params, "customer_update": {"name": "auto", "address": "auto"}})
    assert (session.amount_subtotal, session.amount_total, session.total_details.amount_tax) == (2000, 2400, 400)
    submit(session.id, country="DE", tax_id={"type": "eu_vat", "value": "DE123456789"})
    saved = client.v1.customers.retrieve(customer.id, {"expand": ["tax_ids"]})
    assert (saved.name, saved.address.country, saved.tax_ids.data[0].value) == ("Ada", "DE", "DE123456789")
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.amount_total, paid.customer_details.tax_ids[0].value) == (2400, "DE123456789")
