"""Pilots on the pages: offered, put into the cart, paid once, told about, and become the plan by a click."""

import re
from dataclasses import replace

import pytest
import requests
from django.urls import reverse

from billing.models import Cart, PilotRun
from billing.queries import overview
from billing.rules import tax
from billing.services.trying import pilot_conversions
from config import clock
from storefront import pilot_receipts
from tests import factories
from tests.billing.calling import Program, assert_problem
from tests.shop import text

PILOT = "fieldnote/site"


@pytest.fixture
def begun(shop):
    return shop.kept("pilot on a page", lambda: shop.buy(plan="", seats=1, pilot=PILOT))


def test_the_prices_offer_it_and_the_cart_holds_it(client, cast, shop):
    page = text(client.get(reverse("storefront:pricing")))
    assert "Pilot: 30 days, up to 20 people, one fee" in page
    address = re.search(r'href="([^"]*pilot=[^"]*)"', page)[1]
    client.force_login(cast.owner)
    page = text(client.get(address, follow=True))
    assert "Site pilot" in page
    assert "Pay $290.00 by card" in page
    assert 'name="seats"' not in page
    cart = Cart.objects.get()
    assert (cart.seats, cart.pilot.code, cart.plan.code) == (20, "site", "team")
    paid = client.post(reverse("storefront:checkout"), {"cart": cart.public_id, "accept": "yes"})
    assert "/c/pay/" in paid.url
    checkout = requests.get(paid.url, timeout=30).text
    assert "After 30 days the pilot ends by itself, and nothing more is charged" in checkout
    assert "until you cancel" not in checkout
    shop.buy(seats=3)
    page = text(client.get(f"{reverse('storefront:cart_new')}?pilot={PILOT}&currency=usd", follow=True))
    assert "A pilot comes before the first purchase" in page
    assert 'name="accept"' not in page


def test_home_and_seats_say_what_it_is_and_when_it_ends(client, cast, shop, begun, django_assert_max_num_queries):
    client.force_login(cast.owner)
    client.get("/")
    with django_assert_max_num_queries(6):
        page = text(client.get("/"))
    assert "The pilot ends" in page
    assert "one fee of $290.00" in page
    assert reverse("storefront:cancellation") not in page
    with django_assert_max_num_queries(6):
        page = text(client.get(reverse("storefront:seats")))
    assert "The pilot is for up to 20 people" in page
    assert reverse("storefront:seat_preview") not in page
    refused = client.post(reverse("storefront:cancellation"), {"reason_code": "price"}, follow=True)
    assert "there is nothing to cancel" in text(refused)
    assert overview.standing(cast.acme).end is None


def test_the_plan_begins_on_its_page(client, cast, shop, begun):
    client.force_login(cast.owner)
    address = reverse("storefront:pilot_conversion")
    page = text(client.get(f"{address}?seats=2"))
    assert "Team starts at 3 seats" in page
    page = text(client.get(f"{address}?seats=25&interval=month"))
    assert "Pay $60.00 by •••• 4242" in page
    assert "Then $350.00 every month, next on" in page
    taxed = replace(overview.standing(cast.acme), levy=tax.Levy(name="VAT", percent="19"))
    offer = pilot_conversions.offer(begun, quantity=25, interval="month", at=clock.now())
    assert "Then $416.50 every month, next on" in pilot_receipts.of_conversion(offer, taxed)["next_text"]
    assert re.search(r"Site pilot\W.*The fee, taken off", page, re.DOTALL)
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    assert client.post(address, {"token": "made-up"}).status_code == 409
    done = client.post(address, {"token": token, "line": "fieldnote"}, follow=True)
    assert "Team with 25 seats has begun" in text(done)
    assert PilotRun.objects.get().converted_at
    assert client.get(address).url == "/"


def test_once_it_is_over_the_way_leads_to_a_cart(client, cast, shop, begun):
    shop.advance_to(begun.trial_ends_at)
    client.force_login(cast.owner)
    page = text(client.get("/"))
    assert "Your pilot is over, and nothing was charged" in page
    page = text(client.get(reverse("storefront:pilot_conversion"), follow=True))
    assert "Buy Team" in page


def test_programs_see_it_and_go_on(cast, shop, begun):
    own = Program(factories.ApiKeyFactory(organization=cast.acme, scopes=["billing:read", "billing:write", "catalog:read"]))
    (offer,) = own.get("catalog").json()["lines"][0]["pilots"]
    assert (offer["plan"], offer["fees"][0]) == ("fieldnote/team", {"currency": "usd", "amount_minor": 29_000})
    said = own.get("subscription").json()
    assert (said["trial"], said["next_charge"], said["pilot"]["is_running"]) == (None, None, True)
    assert_problem(own.post("subscription/seats/preview", {"seats": 21}), 409, "in-pilot")
    preview = own.post("subscription/pilot/conversion-preview", {"seats": 20, "interval": "year"}, key="").json()
    assert (preview["credited_fee_minor"], preview["first_charge"]["due_minor"]) == (29_000, 20 * 16_000 - 29_000)
    made = own.post("subscription/pilot/conversions", {"token": preview["token"]})
    assert (made.status_code, made.json()) == (201, {"seats": 20, "outcome": "done", "message": "", "payment_url": None})
    said = own.get("subscription").json()
    assert (said["pilot"]["is_running"], said["interval"], said["status"]) == (False, "year", "active")
    assert clock.now() >= PilotRun.objects.get().converted_at
    assert_problem(own.post("subscription/pilot/conversions", {"token": "made-up"}), 409, "preview-stale")
