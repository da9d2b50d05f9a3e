"""The card: which one, whether it still works, and changing it on Stripe's page."""

import re
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from accounts.models import OutgoingMail
from accounts.queries import policies
from billing.models import Customer
from billing.queries import overview
from billing.services import store_time
from billing.services.selling import cards
from config import clock
from tests.shop import text

PAGE = "/payment-method/"
OTHER_CARD = "5555555555554444"


@pytest.fixture
def subscription(shop, cast):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def buyer(client, cast):
    client.force_login(cast.owner)
    return client


def test_no_card_before_the_first_purchase(buyer, cast, shop):
    assert "No card yet" in text(buyer.get(PAGE))
    assert buyer.post(PAGE).url == PAGE
    assert "the card is asked for there" in text(buyer.get(PAGE))


def test_it_shows_the_card_and_the_next_charge(buyer, subscription):
    page = text(buyer.get(PAGE))
    assert "Visa ending in 4242" in page
    assert "Next charge: $160.00" in page


def test_a_new_card_pays_what_could_not_be_charged_and_the_next_page_knows(buyer, subscription, shop, cast):
    assert "tried with it at once" not in text(buyer.get(PAGE))
    shop.control("POST", "next_payment", outcome="declined")
    store_time.to_renewal(cast.acme)
    page = text(buyer.get(PAGE))
    assert "$160.00 could not be charged" in page
    assert "What could not be charged is tried with it at once: $160.00." in page
    back = urlsplit(shop.pay(buyer.post(PAGE).url, "4000000000000341"))  # taken, and declined when it is charged
    page = text(buyer.get(f"{back.path}?{back.query}", follow=True))
    assert "$160.00 could not be charged to it" in page
    back = urlsplit(shop.pay(buyer.post(PAGE).url, OTHER_CARD))
    page = text(buyer.get(f"{back.path}?{back.query}", follow=True))
    assert "The new card is in use from now on" in page
    assert "could not be charged" not in page
    assert buyer.get("/").context["standing"].state == "active"


def test_each_product_shows_the_card_that_pays_it(buyer, subscription, shop, cast, admin_client):
    """Stripe charges what a product was bought with, whatever pays the customer's others."""
    other = shop.buy(plan="inspect/essential", seats=2, card=OTHER_CARD)
    page = " ".join(re.sub(r"<[^>]+>", " ", text(buyer.get("/payment-method/"))).split())
    assert "Team Visa •••• 4242" in page
    assert "Inspect Essential Mastercard •••• 4444" in page
    pays = {one.row.line.code: one.last4 for one in overview.standings(shop.organization)}
    assert pays == {"fieldnote": "4242", "inspect": "4444"}
    for_staff = text(admin_client.get(reverse("admin:accounts_organization_change", args=[cast.acme.pk])))
    assert "Team: Visa •••• 4242, Inspect Essential: Mastercard •••• 4444" in for_staff
    Customer.objects.update(balance_minor=-16_000, balance_currency="usd")
    due = next(one for one in overview.standings(shop.organization) if one.row.line.code == "inspect").next_charge.due_minor
    lead = text(buyer.get(PAGE))
    assert due > 0
    assert f"Next charge (Inspect Essential): ${due / 100:.2f}" in lead, "credit pays the other, which comes first"
    assert "$0.00" not in lead
    Customer.objects.update(balance_minor=0)
    shop.pay(cards.start_setup(cast.acme, origin=shop.origin, at=clock.now()).result["url"])  # now one for all
    shop.settle()
    assert {one.last4 for one in overview.standings(shop.organization)} == {"4242"}
    assert "What pays each" not in text(buyer.get("/payment-method/"))
    assert shop.at_stripe(other).default_payment_method.card.last4 == "4242"


def test_an_expired_card_is_a_warning(buyer, subscription):
    Customer.objects.update(card_exp_month=1, card_exp_year=clock.now().year - 1)
    assert "This card has expired" in text(buyer.get(PAGE))


def test_a_new_card_is_used_once_whoever_comes_first(buyer, subscription, shop):
    opened = buyer.post(PAGE)
    assert opened.status_code == 303
    back = urlsplit(shop.pay(opened.url, OTHER_CARD))
    for _look in range(2):
        response = buyer.get(f"{back.path}?{back.query}")
        assert response.url == PAGE
    assert "The new card is in use from now on" in text(buyer.get(PAGE))
    shop.settle()
    assert Customer.objects.get().card_last4 == "4444"
    assert OutgoingMail.objects.filter(kind="billing/card_changed").count() == 2  # the owner and the billing admin


def test_coming_back_without_a_card_changes_nothing(buyer, subscription):
    buyer.post(PAGE)
    assert buyer.get(PAGE, {"session": "cs_test_made_up"}).url == PAGE
    assert Customer.objects.get().card_last4 == "4242"


def test_nobody_elses_session(client, cast, subscription, shop, buyer):
    back = urlsplit(shop.pay(buyer.post(PAGE).url, OTHER_CARD))
    client.force_login(cast.stranger)
    client.get(f"{back.path}?{back.query}")
    assert Customer.objects.get().card_last4 == "4242"


def test_stripe_silent_keeps_the_card(buyer, subscription, shop):
    shop.control("POST", "faults", match="POST /v1/checkout/*", kind="drop", times=9)
    assert buyer.post(PAGE).url == PAGE
    assert "Your card is as it was" in text(buyer.get(PAGE))


def test_six_queries_at_most(buyer, subscription, django_assert_max_num_queries):
    policies.value("billing.payment_methods", clock.now())  # a process asks the register again every few seconds
    with django_assert_max_num_queries(6):
        buyer.get(PAGE)


def test_a_member_may_not(client, cast, subscription):
    client.force_login(cast.member)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE).status_code == 403
