"""Leaving in two clicks, with a reason; what is lost and when; and coming back with one."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingMail
from accounts.services import rendering
from billing.models import ScheduledChange, ScheduledKind
from billing.services import store_time
from billing.services.changes import scheduled
from config import clock, words
from tests.factories import rule
from tests.shop import text

PAGE, ENDING = "/subscription/cancellation/", "/subscription/ending/"


@pytest.fixture
def subscription(shop, cast):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def buyer(client, cast):
    client.force_login(cast.owner)
    return client


def test_of_several_lines_it_stays_with_the_one_that_was_cancelled(buyer, subscription, shop, cast):
    other = shop.buy(cast.acme, cast.owner, plan="inspect/essential", seats=10)
    response = buyer.post(PAGE, {"reason_code": "unused", "line": "inspect"})
    assert response.url == f"{PAGE}?line=inspect"
    assert other.scheduled.filter(kind=ScheduledKind.END).exists()
    assert "Your subscription ends" in text(buyer.get(response.url))
    end = other.scheduled.get(kind=ScheduledKind.END)
    back = buyer.post(reverse("storefront:scheduled_change", args=[end.public_id]), {"action": "take_back"})
    assert back.url == f"{reverse('storefront:seats')}?line=inspect"
    assert not subscription.scheduled.exists()


def test_it_says_what_is_lost_and_when(buyer, subscription, cast):
    page = text(buyer.get(PAGE))
    with timezone.override(cast.acme.time_zone):
        ends_on = words.day(subscription.period_ends_at)
    assert ends_on in page
    assert "Then 1 person loses access, and 10 seats are gone." in page
    assert "With Team go: " in page
    assert "The next charge of $160.00 does not take place." in page
    assert f"End it on {ends_on}" in page


def test_one_thing_is_offered_for_a_reason(buyer, subscription, django_assert_max_num_queries):
    buyer.get(PAGE)  # which reads what is kept in memory then
    with django_assert_max_num_queries(6):
        page = text(buyer.get(PAGE))
    kept = dict(re.findall(r'data-for="([^"]*)">\s*<div[^>]*><p class="keep__title">([^<]+)', page))
    assert (kept["price"], kept["unused other"]) == ("Starter costs less", "Pause it instead")
    assert kept["missing quality service"] == "Somebody can put that right"
    assert "$90 a month from" in page
    rule("billing.retention_offers", ["price: annual", "unused:"])
    page = text(buyer.get(PAGE))
    assert "Paid yearly it costs $320 a year less" in page
    assert 'data-for="price">' in page
    assert "Starter costs less" not in page


def test_an_owner_ends_it_today_and_gets_back_what_was_shown(buyer, subscription, shop, cast):
    assert "End it today instead" in text(buyer.get(PAGE))
    page = text(buyer.get(ENDING, {"line": "fieldnote"}))
    assert "Time paid for and not used" in page
    shown = re.search(r"Kept as your credit</dt><dd>(\$[\d.]+)", page)[1]
    said = {"line": "fieldnote", "token": re.search(r'name="token" value="([^"]+)"', page)[1]}
    assert buyer.post(ENDING, said).status_code == 422
    assert shop.fresh(subscription).status == "active"
    page = text(buyer.post(ENDING, said | {"reason_code": "closed"}, follow=True))
    assert f"Ended. {shown} was given back as your credit." in page
    assert "Team has ended" in page
    mail = rendering.message(OutgoingMail.objects.filter(kind="billing/ended")[0])
    assert f"{shown} for the time you had paid for and not used" in mail.body


def test_today_is_for_owners(client, cast, subscription):
    client.force_login(cast.billing_admin)
    assert "End it today instead" not in text(client.get(PAGE))
    assert "is for an owner" in text(client.get(ENDING, follow=True))
    assert client.post(ENDING, {"token": "x", "reason_code": "closed"}).url == f"{PAGE}?line=fieldnote"


def test_a_reason_is_asked_for(buyer, subscription):
    response = buyer.post(PAGE, {"reason": "no"})
    assert response.status_code == 422
    assert "Choose what comes closest" in text(response)
    assert not ScheduledChange.objects.exists()


def test_two_clicks_end_it_and_one_takes_it_back(buyer, subscription, shop):
    response = buyer.post(PAGE, {"reason_code": "price", "reason": "Too dear in winter"})
    assert response.status_code == 303
    change = ScheduledChange.objects.get()
    assert (change.kind, change.reason_code, change.reason) == (ScheduledKind.END, "price", "Too dear in winter")
    page = text(buyer.get(PAGE))
    assert "Your subscription ends" in page
    assert "Keep the subscription" in page
    shop.settle()
    assert shop.fresh(subscription).cancel_at == subscription.period_ends_at
    buyer.post(reverse("storefront:scheduled_change", args=[change.public_id]), {"action": "take_back"})
    shop.settle()
    assert shop.fresh(subscription).cancel_at is None
    assert "Your subscription goes on." in text(buyer.get("/"))


def test_twice_is_once(buyer, subscription):
    for _click in range(2):
        buyer.post(PAGE, {"reason_code": "unused"})
    assert ScheduledChange.objects.count() == 1


def test_waiting_seats_come_back_with_the_subscription(buyer, subscription, shop, cast):
    scheduled.change_seats(subscription, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    assert "No longer happens, unless you take the cancellation back: " in text(buyer.get(PAGE))
    buyer.post(PAGE, {"reason_code": "unused"})
    end = ScheduledChange.objects.get(kind=ScheduledKind.END)
    buyer.post(reverse("storefront:scheduled_change", args=[end.public_id]), {"action": "take_back"})
    assert "10 now, 8 from" in text(buyer.get("/seats/"))


def test_it_ends_with_the_period_and_not_before(buyer, subscription, shop, cast):
    buyer.post(PAGE, {"reason_code": "closed"})
    shop.advance(days=20)
    assert shop.fresh(subscription).quantity == 10
    store_time.to_renewal(cast.acme)
    assert shop.fresh(subscription).status == "canceled"
    assert buyer.get(PAGE).url == reverse("storefront:home")


def test_nobody_elses_and_no_member(client, cast, subscription):
    client.force_login(cast.member)
    assert client.post(PAGE, {"reason_code": "price"}).status_code == 403
    client.force_login(cast.stranger)
    assert client.post(PAGE, {"reason_code": "price"}).url == reverse("storefront:home")
    assert not ScheduledChange.objects.exists()
