"""The SANDBOX bar: a demo's visitors move the time; nobody else does."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from kombu.exceptions import OperationalError

from billing import tasks
from billing.models import StoreTime
from billing.services import store_time, time_moves
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


# --- A long way -------------------------------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch):
    """The worker's queue: what it was told. Every way is a long one here."""
    cache.delete(time_moves.KEY)
    monkeypatch.setattr(time_moves, "AT_ONCE", 0)
    names = []
    monkeypatch.setattr("celery.current_app.send_task", lambda name, **_options: names.append(name))
    yield names
    cache.delete(time_moves.KEY)


def test_a_long_way_is_gone_by_the_worker_and_watched(buyer, shop, cast, demo, told):
    shop.kept("bought", lambda: shop.buy(seats=10))
    began = clock.now()
    assert buyer.post(BAR, {"move": "renewal", "next": "/seats/"}).url == BAR
    assert buyer.post(BAR, {"move": "week"}).url == BAR, "a second click leads to the first one's page"
    assert told == ["billing.move_time"]
    page = text(buyer.get(BAR))
    assert "Time is passing" in page
    assert "0%" in page
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page
    part = text(buyer.get(BAR, headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert 'hx-get="/demo/clock/"' in part
    assert tasks.move_time() == "done"
    assert tasks.move_time() == "", "twice is once"
    done = buyer.get(BAR, headers={"HX-Request": "true"})
    assert (done.status_code, done.headers["HX-Redirect"]) == (204, "/seats/")
    assert "renewed with 10 seats, $160.00 paid." in text(buyer.get("/seats/"))
    assert clock.now() - began > timedelta(days=27)
    assert buyer.get(BAR).url == "/", "nothing is under way any more"


def test_an_end_that_nobody_saw_stops_nobody(buyer, shop, demo, told):
    shop.kept("bought", lambda: shop.buy(seats=10))
    buyer.post(BAR, {"move": "day"})
    assert tasks.move_time() == "done"
    assert buyer.post(BAR, {"move": "day"}).url == BAR
    assert told == ["billing.move_time"] * 2
    assert tasks.move_time() == "done"


@pytest.mark.usefixtures("demo")
def test_one_that_stands_still_can_be_told_to_go_on(buyer, shop, told, monkeypatch):
    shop.kept("bought", lambda: shop.buy(seats=10))
    buyer.post(BAR, {"move": "day"})
    buyer.post(BAR, {"move": "on"})
    assert len(told) == 1, "nothing stands still yet"
    monkeypatch.setattr(time_moves, "STILL", timedelta(seconds=-1))
    page = text(buyer.get(BAR))
    assert "Nothing has moved for a while" in page
    assert "hx-get" not in page.split("<main")[1]
    buyer.post(BAR, {"move": "on"})
    assert len(told) == 2


@pytest.mark.usefixtures("demo", "told")
def test_no_worker_no_way(buyer, shop, monkeypatch):
    def refuse(*_args, **_options):
        raise OperationalError("refused")

    shop.kept("bought", lambda: shop.buy(seats=10))
    monkeypatch.setattr("celery.current_app.send_task", refuse)
    assert buyer.post(BAR, {"move": "week"}).url == reverse("storefront:home")
    assert time_moves.current() is None


def test_how_far_it_is():
    start = clock.wall()
    move = time_moves.Move(
        organization_id=None, started_at=start, target=start + timedelta(days=4), asked_at=start, after="/", newest=0
    )
    assert [move.share(start + timedelta(days=days)) for days in (-1, 0, 1, 4, 5)] == [0, 0, 0.25, 1, 1]


def test_a_year_is_told_by_month_with_a_failed_payment_and_its_recovery(buyer, shop, demo, told, monkeypatch):
    shop.kept("bought", lambda: shop.buy(seats=10))
    gone, began, lived = [], clock.now(), store_time.advance
    monkeypatch.setattr(time_moves, "FAILS_IN_MONTH", 1)

    def advance(*, to):
        gone.append(to)  # two of the twelve months are lived through, the others only counted
        if len(gone) <= 2:
            lived(to=to)

    monkeypatch.setattr(store_time, "advance", advance)
    assert buyer.post(BAR, {"move": "year", "next": "/seats/"}).url == BAR
    assert tasks.move_time() == "done"
    assert gone == time_moves.current().stops
    assert (len(gone), gone[-1].year) == (12, began.year + 1)
    page = text(buyer.get(BAR))
    assert re.search(r"From \d+ \w+ \d{4} to \d+ \w+ \d{4}\.", page)  # a year apart, each said with its own
    assert "payment of $160.00 failed" in page
    assert "$160.00 paid" in page
    assert "the missing payment came" in page
    assert 'href="/seats/"' in page
    assert text(buyer.get(BAR)) != "", "the story stays until the next move"
    assert buyer.post(BAR, {"move": "day"}).url == BAR


def test_a_year_that_takes_too_long_stops_where_it_is(buyer, shop, demo, told, monkeypatch):
    shop.kept("bought", lambda: shop.buy(seats=10))
    monkeypatch.setattr(time_moves, "MOST_SECONDS", -1)
    buyer.post(BAR, {"move": "year"})
    assert tasks.move_time() == "late"
    assert "It stopped on the way" in text(buyer.get(BAR))
