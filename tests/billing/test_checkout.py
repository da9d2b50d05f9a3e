"""From the cart to the subscription: one attempt at a time, and every way it can end."""

from datetime import timedelta

import pytest

from accounts.models import OutgoingMail
from billing import gateway
from billing.models import CartState, CheckoutAttempt, CheckoutState, Customer, Plan, Subscription
from billing.services.selling import checkout
from config import clock


def start(shop, cart):
    return checkout.start(cart=cart, organization=shop.organization, origin=shop.origin, at=clock.now())


def test_the_page_asks_for_what_is_in_the_cart(shop):
    attempt = shop.start(seats=12, interval="year")
    session = gateway.session(attempt.stripe_session_id)
    assert (session.status, session.mode, session.client_reference_id) == ("open", "subscription", attempt.public_id)
    assert session.amount_total > 0
    shop.organization.refresh_from_db()
    assert shop.organization.currency == "usd"
    assert Customer.objects.get().organization == shop.organization


def test_a_second_click_finds_the_first_attempt(shop):
    cart = shop.cart()
    first, second = start(shop, cart), start(shop, cart)
    assert first == second
    assert first.url == second.url
    assert CheckoutAttempt.objects.count() == 1


def test_another_cart_expires_the_first_page(shop):
    first = shop.start(seats=10)
    second = shop.start(seats=20)
    first.refresh_from_db()
    assert (first.state, second.state) == (CheckoutState.EXPIRED, CheckoutState.OPEN)
    assert gateway.session(first.stripe_session_id).status == "expired"


def test_paid_before_the_second_page_opens(shop):
    first = shop.start(seats=10)
    shop.pay(first)
    found = shop.start(seats=20)
    assert (found, found.state) == (first, CheckoutState.APPLIED)
    with pytest.raises(checkout.AlreadyBought):
        shop.start(seats=20)


def test_the_page_that_comes_back_first_applies_it(shop):
    attempt = shop.start(seats=10)
    assert checkout.look_up(attempt).state == CheckoutState.OPEN
    shop.pay(attempt)
    assert checkout.look_up(attempt).state == CheckoutState.APPLIED
    shop.settle()
    row = Subscription.objects.get()
    assert row.ledger.count() == 1
    assert OutgoingMail.objects.filter(kind="billing/welcome", recipient=shop.owner.email).count() == 1
    attempt.cart.refresh_from_db()
    assert attempt.cart.state == CartState.ORDERED


def test_an_expired_page_leaves_the_cart(shop):
    attempt = shop.start(seats=10)
    shop.advance_to(attempt.expires_at + timedelta(minutes=1))
    attempt.refresh_from_db()
    attempt.cart.refresh_from_db()
    assert (attempt.state, attempt.cart.state) == (CheckoutState.EXPIRED, CartState.OPEN)
    assert shop.start(seats=10).state == CheckoutState.OPEN


def test_two_pages_paid(shop):
    """The second session was opened behind our back (an old tab): its money goes back, in full."""
    first = shop.start(seats=10)
    CheckoutAttempt.objects.filter(pk=first.pk).update(state=CheckoutState.EXPIRED)
    second = shop.start(seats=20)
    shop.pay(second)
    shop.settle()
    CheckoutAttempt.objects.filter(pk=first.pk).update(state=CheckoutState.OPEN)
    shop.pay(first)
    shop.settle()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (CheckoutState.RETURNED, CheckoutState.APPLIED)
    row = Subscription.objects.get()
    assert (row.quantity, row.status) == (20, "active")
    assert gateway.subscription(first.duplicate_stripe_subscription_id).status == "canceled"
    mail = OutgoingMail.objects.get(kind="billing/paid_twice", recipient=shop.owner.email)
    assert mail.context["amount_minor"] == gateway.session(first.stripe_session_id).amount_total


def test_bounds_and_currency(shop):
    cart = shop.cart()
    cart.seats = 100_000  # the plan has become smaller since
    with pytest.raises(checkout.SeatsOutOfRange) as bounds:
        start(shop, cart)
    assert bounds.value.maximum > 0
    shop.buy(seats=10)
    with pytest.raises(checkout.AlreadyBought):
        shop.start(seats=10)
    shop.organization.refresh_from_db()
    other = Plan.objects.exclude(line__code=Subscription.objects.get().line.code).first()
    cart = shop.cart(plan=f"{other.line.code}/{other.code}", seats=other.seats_min)
    assert cart.currency == "usd"
    cart.currency = "eur"  # filled before the first purchase
    with pytest.raises(checkout.CurrencyLocked):
        start(shop, cart)


def test_stripe_silent(shop):
    shop.control("POST", "faults", match="POST /v1/checkout/sessions", kind="429", times=3)
    attempt = shop.start(seats=10)
    assert attempt.state == CheckoutState.OPENING
    attempt.organization.stripe_commands.update(due_at=clock.wall())
    shop.settle()
    attempt.refresh_from_db()
    assert attempt.state == CheckoutState.OPEN
