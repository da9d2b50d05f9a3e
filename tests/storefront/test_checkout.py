"""From the cart to the payment page and back, in every ending."""

import re

import pytest
from django.urls import reverse

from accounts.models import Acceptance
from billing.models import CheckoutAttempt, CheckoutState, Price, Subscription
from billing.services.selling import checkout
from tests.shop import DECLINED, text

START = "/checkout/"


def page(attempt, **query):
    return reverse("storefront:checkout_attempt", args=[attempt.public_id], query=query)


def post(client, cart, accept="yes"):
    return client.post(START, {"cart": cart.public_id, "accept": accept})


@pytest.fixture
def cart(shop, cast):
    return shop.cart(cast.acme, actor=cast.owner, seats=10)


@pytest.fixture
def buyer(client, cast):
    client.force_login(cast.owner)
    return client


def test_it_accepts_the_terms_and_goes_to_the_payment_page(buyer, cart, cast):
    response = post(buyer, cart)
    attempt = CheckoutAttempt.objects.get()
    assert (response.status_code, response.url) == (303, attempt.url)
    accepted = Acceptance.objects.filter(organization=cast.acme, user=cast.owner)
    assert set(accepted.values_list("document__kind", flat=True)) == {"terms", "privacy", "dpa"}


def test_without_acceptance_nothing_starts(buyer, cart):
    response = post(buyer, cart, accept="")
    assert response.url == reverse("storefront:cart")
    assert not CheckoutAttempt.objects.exists()
    assert not Acceptance.objects.exists()


def test_a_double_click_goes_to_the_same_page(buyer, cart):
    assert post(buyer, cart).url == post(buyer, cart).url
    assert CheckoutAttempt.objects.count() == 1


def test_a_code_that_was_refused_is_left_at_the_price_that_was_shown(buyer, cart):
    buyer.post("/cart/", {"what": "code", "code": "nosuch"})
    shown = dict(
        re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text(buyer.get("/cart/")).partition("/checkout/")[2])
    )
    assert post(buyer, cart).url == reverse("storefront:cart")  # a page that counted it would have said less
    opened = {buyer.post(START, shown | {"accept": "yes"}).url for _click in range(2)}
    assert opened == {CheckoutAttempt.objects.get().url}


def test_nobody_elses_cart(client, cast, cart):
    client.force_login(cast.stranger)
    assert post(client, cart).url == reverse("storefront:home")
    assert not CheckoutAttempt.objects.exists()


def test_a_member_may_not_buy(client, cast, cart):
    client.force_login(cast.member)
    assert post(client, cart).status_code == 403
    assert not CheckoutAttempt.objects.exists()


def test_back_from_paying_it_asks_stripe_and_says_so(buyer, cart, shop):
    post(buyer, cart)
    attempt = CheckoutAttempt.objects.get()
    assert "You have not paid yet" in text(buyer.get(page(attempt)))
    shop.pay(attempt.url)
    said = text(buyer.get(page(attempt, paid=1)))
    assert "You're in" in said
    assert "Team with 10 seats" in said
    assert Subscription.objects.get().quantity == 10


def test_the_event_may_come_first(buyer, cart, shop):
    post(buyer, cart)
    attempt = CheckoutAttempt.objects.get()
    shop.pay(attempt.url)
    shop.settle()
    assert "You're in" in text(buyer.get(page(attempt)))


def test_while_stripe_is_silent_the_page_goes_on_asking(buyer, cart, shop):
    post(buyer, cart)
    attempt = CheckoutAttempt.objects.get()
    shop.pay(attempt.url)
    shop.control("POST", "faults", match="GET /v1/checkout/*", kind="500", times=3)
    said = text(buyer.get(page(attempt, paid=1)))
    assert "your payment is arriving" in said
    assert 'http-equiv="refresh"' in said
    assert "hx-get" in said
    assert "You're in" in text(buyer.get(page(attempt, paid=1), headers={"HX-Request": "true"}))


def test_the_fragment_is_the_part_of_the_page(buyer, cart, shop):
    post(buyer, cart)
    attempt = CheckoutAttempt.objects.get()
    part = text(buyer.get(page(attempt), headers={"HX-Request": "true"}))
    assert part.strip().startswith("<div")
    assert "<html" not in part


def test_after_many_looks_it_stops_asking_by_itself(buyer, cart, shop):
    post(buyer, cart)
    attempt = CheckoutAttempt.objects.get()
    said = text(buyer.get(page(attempt, paid=1, look=60)))
    assert "This takes longer than usual" in said
    assert 'http-equiv="refresh"' not in said


def test_a_declined_card_buys_nothing_and_keeps_the_cart(buyer, cart, shop):
    post(buyer, cart)
    attempt = CheckoutAttempt.objects.get()
    shop.pay(attempt.url, DECLINED)
    assert "You have not paid yet" in text(buyer.get(page(attempt)))
    cart.refresh_from_db()
    assert cart.state == "open"


def test_an_expired_page_says_so(buyer, cart, shop):
    post(buyer, cart)
    shop.advance(days=1)
    attempt = CheckoutAttempt.objects.get()
    assert attempt.state == CheckoutState.EXPIRED
    assert "This payment page has run out" in text(buyer.get(page(attempt)))


def test_paid_twice_says_that_the_money_comes_back(buyer, cart, shop, cast):
    post(buyer, cart)
    first = CheckoutAttempt.objects.get()
    second = CheckoutAttempt.objects.create(
        organization=cast.acme,
        line=first.line,
        cart=cart,
        price=first.price,
        seats=10,
        state=CheckoutState.RETURNED,
        created_at=first.created_at,
        expires_at=first.expires_at,
    )
    assert "the second payment goes back" in text(buyer.get(page(second)))


def test_who_bought_already_is_led_to_the_seats(buyer, shop, cast):
    shop.buy(cast.acme, cast.owner, seats=10)
    again = shop.cart(cast.acme, actor=cast.owner, seats=4)
    response = post(buyer, again)
    assert response.url.startswith(reverse("storefront:seats"))
    assert CheckoutAttempt.objects.count() == 1


def test_what_is_no_longer_sold_is_said_at_the_cart(buyer, cart):
    Price.objects.update(retired_at=cart.created_at)
    response = post(buyer, cart)
    assert response.url == reverse("storefront:cart")
    assert "no longer sold" in text(buyer.get(response.url))


def test_too_many_seats_lead_to_a_person(buyer, cart):
    cart.seats = 500
    cart.save()
    assert "seats=500" in post(buyer, cart).url


def test_stripe_not_answering_keeps_everything_and_goes_on_later(buyer, cart, shop):
    shop.control("POST", "faults", match="POST /v1/*", kind="drop", times=9)
    response = post(buyer, cart)
    attempt = CheckoutAttempt.objects.get()
    assert response.url == page(attempt)
    assert "Opening the payment page" in text(buyer.get(response.url))
    assert attempt.state == CheckoutState.OPENING


def test_stripe_failing_says_that_nothing_was_charged(buyer, cart, shop):
    shop.control("POST", "faults", match="POST /v1/*", kind="500", times=9)
    response = post(buyer, cart)
    assert "could not be opened" in text(buyer.get(response.url))
    cart.refresh_from_db()
    assert cart.state == "open"


def test_a_strangers_attempt_is_not_found(client, cast, shop):
    attempt = shop.start(cast.acme, cast.owner, seats=10)
    client.force_login(cast.stranger)
    assert client.get(page(attempt)).status_code == 404


def test_start_is_a_form_not_a_page(buyer):
    assert buyer.get(START).url == reverse("storefront:cart")
    assert checkout.SESSION_OPEN_FOR.total_seconds() < 24 * 3600
