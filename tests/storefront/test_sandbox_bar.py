"""The SANDBOX bar: a demo's visitors move the time; nobody else does."""

from datetime import timedelta

import pytest
from django.urls import reverse

from billing.models import StoreTime
from billing.services import store_time
from config import clock
from tests.shop import text

BAR = "/demo/clock/"


@pytest.fixture
def demo(settings):
    settings.DEMO = True


@pytest.fixture
def buyer(client, cast):
    client.force_login(cast.owner)
    return client


def test_only_in_a_demo_on_the_sandbox_and_signed_in(client, cast, shop, settings):
    client.force_login(cast.owner)
    assert client.post(BAR, {"move": "day"}).status_code == 404
    settings.DEMO = True
    settings.STRIPE_SANDBOX = False
    assert client.post(BAR, {"move": "day"}).status_code == 404
    settings.STRIPE_SANDBOX = True
    settings.STRIPE_SECRET_KEY = "sk_" + "live_nothing"
    assert client.post(BAR, {"move": "day"}).status_code == 404
    client.logout()
    assert "/account/login/" in client.post(BAR, {"move": "day"}).url
    assert not StoreTime.objects.exists()


def test_a_live_key_is_refused_below_the_page_too(settings, db):
    settings.STRIPE_SECRET_KEY = "sk_" + "live_nothing"
    with pytest.raises(store_time.NotASandbox):
        store_time.advance(by=timedelta(days=1))


def test_a_day_and_a_week(buyer, shop, demo):
    before = clock.now()
    response = buyer.post(BAR, {"move": "day", "next": "/seats/"})
    assert response.url == "/seats/"
    assert "1 day passed: nothing happened." in text(buyer.get(response.url))
    buyer.post(BAR, {"move": "week"})
    # Stripe's clock goes by whole seconds: each move may fall short of its span by one.
    assert abs(clock.now() - before - timedelta(days=8)) < timedelta(minutes=1)


def test_to_the_renewal_says_what_happened(buyer, shop, cast, demo):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    response = buyer.post(BAR, {"move": "renewal"})
    page = text(buyer.get(response.url))
    assert "days passed: renewed with 10 seats, $160.00 paid." in page
    assert shop.fresh(subscription).period_starts_at == subscription.period_ends_at


def test_failing_the_next_payment(buyer, shop, cast, demo):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    buyer.post(BAR, {"move": "fail"})
    response = buyer.post(BAR, {"move": "renewal"})
    assert "payment of $160.00 failed" in text(buyer.get(response.url))
    assert shop.fresh(subscription).status == "past_due"


def test_without_a_subscription_there_is_no_renewal(buyer, shop, demo):
    buyer.post(BAR, {"move": "renewal"})
    assert "no subscription is active" in text(buyer.get("/"))


def test_elsewhere_is_no_way_back(buyer, shop, demo):
    assert buyer.post(BAR, {"move": "none", "next": "https://elsewhere.example/"}).url == reverse("storefront:home")


def test_the_sandbox_away_moves_nothing(buyer, shop, demo, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    buyer.post(BAR, {"move": "day"})
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    assert not StoreTime.objects.exists()


def test_backwards_and_too_far_are_refused(shop):
    with pytest.raises(ValueError, match="next 400 days"):
        shop.advance(days=-1)
    with pytest.raises(ValueError, match="next 400 days"):
        shop.advance(days=500)
