"""The cart page: by cookie, by organization, through sign-in; and what each visitor may do next."""

import re
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.urls import reverse

from accounts.models import Organization
from billing.models import Cart, CartState, CheckoutAttempt, Customer, Plan, Price, TaxStanding
from billing.queries import catalog
from billing.rules import tax
from config import clock
from storefront import cart_cookie
from tests import factories

NEW = "/cart/new/"
CART = "/cart/"
WANTED = {"plan": "fieldnote/team", "seats": "12", "interval": "month", "currency": "usd"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(on_sale):
    cache.clear()


@pytest.fixture
def taxed(_shop, monkeypatch):
    rates = (tax.Rate("DE", "MwSt.", "19"),)
    found = replace(catalog.on_sale(), tax=tax.Settings(tax.Mode.RATES, "DE", rates, ("DE",)))
    monkeypatch.setattr(catalog, "on_sale", lambda: found)


def fill(client, **changes):
    return client.get(NEW, WANTED | {name: str(value) for name, value in changes.items()})


def text_of(response):
    return response.content.decode()


def test_the_first_click_fills_a_cart_and_remembers_it_by_a_signed_cookie(client):
    response = fill(client)
    assert (response.status_code, response["Location"]) == (302, CART)
    cookie = response.cookies[cart_cookie.NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    cart = Cart.objects.get()
    assert cookie.value.startswith(cart.public_id)
    text = text_of(client.get(CART))
    assert "Buy Team" in text
    assert "$192.00" in text
    assert "$24.00" in text
    assert "Sign up and buy" in text
    assert "/account/signup/?next=%2Fcart%2F" in text


def test_trying_is_said_as_such(client):
    fill(client, trial=1)
    text = text_of(client.get(CART))
    assert "Try Team" in text
    assert "Sign up and try it" in text
    assert "Buy Team" not in text


def test_a_second_click_fills_the_same_cart(client):
    fill(client)
    fill(client, plan="fieldnote/business", seats=20)
    cart = Cart.objects.get()
    assert (cart.plan.code, cart.seats) == ("business", 20)


def test_a_forged_cookie_shows_nothing(client):
    fill(client)
    client.cookies[cart_cookie.NAME] = Cart.objects.get().public_id + ":forged:signature"
    response = client.get(CART)
    assert "Your cart is empty" in text_of(response)
    assert response.cookies[cart_cookie.NAME]["max-age"] == 0


def test_too_few_seats_are_raised_and_said(client):
    response = fill(client, seats=1)
    assert response["Location"] == f"{CART}?raised=3"
    assert "Team starts at 3 seats" in text_of(client.get(response["Location"]))


def test_too_many_seats_lead_to_a_person_with_the_seats_filled_in(client):
    response = fill(client, seats=300)
    assert response["Location"].startswith("/talk/?reason=seats&plan=fieldnote%2Fteam&seats=300")
    assert not Cart.objects.exists()
    assert 'value="300"' in text_of(client.get(response["Location"]))


def test_what_is_not_sold_leads_back_to_the_prices(client):
    assert fill(client, plan="fieldnote/none")["Location"] == "/pricing/"
    assert fill(client, currency="chf")["Location"] == "/pricing/"


def test_looking_ahead_makes_no_cart(client):
    assert client.get(NEW, WANTED, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 204
    assert client.head(NEW, WANTED).status_code == 204
    assert not Cart.objects.exists()


def test_the_first_touch_is_kept(client):
    client.get(NEW, WANTED, headers={"Referer": "http://testserver/pricing/?utm_source=news&utm_campaign=spring"})
    assert Cart.objects.get().origin == {"utm_source": "news", "utm_campaign": "spring", "referrer": "/pricing/"}


def test_a_network_that_fills_carts_by_the_hundred_is_asked_to_wait(client, monkeypatch):
    monkeypatch.setattr("accounts.queries.policies.value", lambda *_args, **_kwargs: 2)
    assert [fill(client).status_code for _ in range(3)] == [302, 302, 429]


def test_without_redis_carts_are_still_filled(client, monkeypatch, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert fill(client).status_code == 302


# --- Changing ---------------------------------------------------------------------------------------------------------


def test_a_change_without_scripts_comes_back_to_the_page(client):
    fill(client)
    response = client.post(CART, WANTED | {"seats": "25", "interval": "year", "currency": "eur"})
    assert (response.status_code, response["Location"]) == (302, CART)
    text = text_of(client.get(CART))
    assert "€3,250.00" in text
    assert "Paying yearly saves €650 a year." in text


def test_a_change_by_htmx_gets_the_order_alone(client):
    fill(client)
    response = client.post(CART, WANTED | {"seats": "25"}, headers={"HX-Request": "true"})
    text = text_of(response)
    assert "<html" not in text
    assert "$350.00" in text
    text = text_of(client.post(CART, WANTED | {"seats": "2", "trial": "1"}, headers={"HX-Request": "true"}))
    assert "Team starts at 3 seats" in text
    assert ("Try Team" in text, "without a card if you like" in text) == (True, True)  # head and next steps follow
    said = {"what": "addons", "addon": "projects", "number-projects": "99"}
    assert 'value="10" min="1" max="10"' in text_of(client.post(CART, said, headers={"HX-Request": "true"}))
    assert "cart-addons" not in text_of(client.post(CART, said | {"number-projects": "4"}, headers={"HX-Request": "true"}))


def test_a_change_to_too_many_seats_keeps_the_cart_and_offers_a_person(client):
    fill(client)
    response = client.post(CART, WANTED | {"seats": "300"})
    text = text_of(response)
    assert response.status_code == 422
    assert "Talk about 300 seats" in text
    assert "Your cart still holds 12 seats" in text
    assert Cart.objects.get().seats == 12


def test_a_plan_that_left_the_catalog_is_said_and_nothing_can_be_paid(client):
    fill(client)
    Plan.objects.filter(code="team").update(withdrawn_at=clock.now())
    text = text_of(client.get(CART))
    assert "This price is no longer on sale" in text
    assert "Sign up and buy" not in text


# --- Signing in, other devices, roles ---------------------------------------------------------------------------------


def test_signing_in_keeps_the_cart_and_shows_it_on_another_device(client, cast, django_user_model):
    fill(client)
    client.force_login(cast.owner)
    text = text_of(client.get(CART))
    assert "Pay $192.00 by card" in text
    assert 'name="accept"' in text
    assert "Terms of service of" in text
    assert Cart.objects.get().organization == cast.acme
    other = type(client)()
    other.force_login(cast.billing_admin)
    assert "Pay $192.00 by card" in text_of(other.get(CART))


def test_the_pay_form_carries_the_cart_and_a_token(client, cast):
    fill(client)
    client.force_login(cast.owner)
    text = text_of(client.get(CART))
    assert f'name="cart" value="{Cart.objects.get().public_id}"' in text
    assert "csrfmiddlewaretoken" in text


def test_a_cart_of_another_organization_is_not_shown(client, cast):
    fill(client)
    client.force_login(cast.owner)
    client.get(CART)
    client.force_login(cast.stranger)
    assert "Your cart is empty" in text_of(client.get(CART))
    assert Cart.objects.get().organization == cast.acme


def test_somebody_without_an_organization_is_asked_for_its_name(client, cast):
    fill(client)
    client.force_login(cast.newcomer)
    text = text_of(client.get(CART))
    assert f"{reverse('storefront:organization_new')}?next=%2Fcart%2F" in text
    assert Cart.objects.get().organization is None


def test_a_member_is_told_who_can_buy(client, cast):
    fill(client)
    client.force_login(cast.member)
    text = text_of(client.get(CART))
    assert "owner@acme.example" in text
    assert "http://testserver/cart/new/?plan=fieldnote%2Fteam&amp;seats=12" in text
    assert 'name="accept"' not in text
    assert Cart.objects.get().organization is None


def test_a_member_neither_sees_nor_changes_the_organizations_cart(client, cast):
    fill(client)
    client.force_login(cast.owner)
    client.get(CART)
    other = type(client)()
    other.force_login(cast.member)
    assert "Your cart is empty" in text_of(other.get(CART))
    fill(other, seats=50)
    other.post(CART, WANTED | {"seats": "60"})
    assert Cart.objects.get(organization=cast.acme).seats == 12
    assert Cart.objects.get(organization=None).seats == 60


def test_a_customer_of_the_line_changes_seats_instead_of_buying_twice(client, cast):
    price = Price.objects.get(plan__code="team", interval="month", currency="usd")
    factories.SubscriptionFactory(organization=cast.acme, price=price, quantity=7)
    fill(client)
    client.force_login(cast.owner)
    text = text_of(client.get(CART))
    assert "has Fieldnote already: Team with 7 seats" in text
    assert "/seats/?line=fieldnote" in text
    assert 'name="accept"' not in text
    fill(client, plan="fieldnote/business", seats=12)
    text = text_of(client.get(CART))
    assert "Change to Business instead of buying twice." in text
    assert "/subscription/plan/?line=fieldnote&amp;plan=business&amp;interval=month" in text


def test_a_currency_is_kept_and_said_while_something_is_open(client, cast):
    Organization.objects.filter(pk=cast.acme.pk).update(currency="eur")
    fill(client)
    client.force_login(cast.owner)
    assert "Pay $192.00 by card" in text_of(client.get(CART))  # a payment page that was opened and left holds nothing
    customer = Customer.objects.create(organization=cast.acme, stripe_id="cus_1", balance_minor=-500, mirrored_at=clock.now())
    client.post(CART, WANTED)
    text = text_of(client.get(CART))
    assert "Your organization pays in EUR" in text
    assert "Pay €175.00 by card" in text, "what the organization has to its credit is used first"
    customer.delete()
    client.post(CART, WANTED)
    assert "Your organization pays in" not in text_of(client.get(CART))


def test_the_order_gives_the_keyboards_place_back(client):
    """htmx finds what had the focus by its id when the order is replaced; Tab leads from the last field there to this link."""
    fill(client)
    order = text_of(client.post(CART, WANTED, headers={"HX-Request": "true"}))
    assert re.search(r'<a class="button" id="[^"]+"', order)


def test_a_link_without_a_currency_takes_the_readers(client):
    link = f"{NEW}?plan=fieldnote/team&seats=12&promo=welcome20"
    client.get(link, headers={"Accept-Language": "de-DE"})
    cart = Cart.objects.get()
    assert (cart.currency, cart.promotion_code) == ("eur", "WELCOME20")


def test_a_cart_changed_in_another_tab_is_shown_again_before_paying(client, cast):
    fill(client)
    client.force_login(cast.owner)
    shown = re.search(r'name="as_of" value="([^"]+)"', text_of(client.get(CART)))[1]
    client.post(CART, WANTED | {"seats": "20"})
    answer = client.post("/checkout/", {"cart": Cart.objects.get().public_id, "as_of": shown, "accept": "yes"}, follow=True)
    assert "Your cart was changed meanwhile" in text_of(answer)
    assert not CheckoutAttempt.objects.exists()


def test_an_ordered_cart_leaves_an_empty_one(client):
    fill(client)
    Cart.objects.update(state=CartState.ORDERED)
    assert "Your cart is empty" in text_of(client.get(CART))
    assert client.post(CART, WANTED).status_code == 200
    assert Cart.objects.get().seats == 12


def test_a_visitor_sees_the_tax_that_the_prices_were_shown_with(client, taxed):
    fill(client, currency="eur")
    text = text_of(client.get(CART, headers={"Accept-Language": "en, de-DE;q=0.8"}))
    assert "Today, with tax" in text
    assert ("MwSt. 19%" in text, "€34.20" in text, "€214.20" in text) == (True, True, True)
    assert "Yearly would save €428.40 a year, with tax." in text  # 12 times 214.20, less 1,800 and 342 of tax
    text = text_of(client.get(CART, headers={"Accept-Language": "en-US"}))
    assert ("Today, without tax" in text, "Yearly would save €360 a year." in text) == (True, True)


def test_a_customer_sees_what_the_payment_page_will_ask(client, cast, taxed, django_assert_max_num_queries):
    fill(client, currency="eur")
    client.force_login(cast.owner)
    client.get(CART)
    with django_assert_max_num_queries(6):
        text = text_of(client.get(CART))
    assert "Pay €214.20 by card" in text
    assert "Today, with" not in text
    row = TaxStanding.objects.create(organization=cast.acme, reason="confirmed", exempt="reverse")
    text = text_of(client.get(CART))
    assert "reverse charge, you account for it" in text
    assert "Pay €180.00 by card" in text
    row.delete()
    Organization.objects.filter(pk=cast.acme.pk).update(country="US")
    assert "Pay €180.00 by card" in text_of(client.get(CART))


def test_queries_of_the_cart(client, cast, django_assert_max_num_queries, kept):
    fill(client)
    client.get(CART)
    with django_assert_max_num_queries(2):  # the cart and its price
        client.get(CART)
    client.force_login(cast.owner)
    client.get(CART)
    with django_assert_max_num_queries(6):  # session, person, organization, cart, price, subscription
        client.get(CART)


def test_a_number_that_is_not_sold_is_sent_and_answered(client, on_sale):
    """A browser's own check of a number would keep htmx from sending anything: totals of before would stand, without a word."""
    client.get("/cart/new/?plan=fieldnote/team&seats=12&interval=month&currency=usd")
    for url, count in (("/pricing/?line=fieldnote", 1), ("/cart/", 2)):
        forms = re.findall(r'<form[^>]*hx-trigger="[^"]*change delay[^"]*"[^>]*>', client.get(url).content.decode())
        assert ([" novalidate " in form for form in forms]) == [True] * count
