"""Home, for those who decide and for members, in every state."""

import pytest
from django.urls import reverse

from billing.services import store_time
from config import clock

HOME = "/"


def text(response):
    return response.content.decode()


def test_a_visitor_sees_the_prices(client, db):
    assert client.get(HOME).url == reverse("storefront:pricing")


def test_nothing_bought_leads_to_the_prices_and_a_cart_to_the_cart(client, cast, shop):
    client.force_login(cast.owner)
    assert reverse("storefront:pricing") in text(client.get(HOME))
    shop.cart(cast.acme, actor=cast.owner, seats=7)
    page = text(client.get(HOME))
    assert "Your cart is waiting" in page
    assert "Team for 7 seats" in page


def test_it_says_what_one_has_what_it_costs_and_what_comes(client, cast, shop):
    subscription = shop.buy(cast.acme, cast.owner, seats=10)
    client.force_login(cast.owner)
    page = text(client.get(HOME))
    assert "Team, 10 seats" in page
    assert "$160.00" in page
    assert "10 seats at $16" in page
    assert "4242" in page
    assert "Renewal with 10 seats" in page
    assert f'datetime="{subscription.period_ends_at.isoformat()}"' in page
    assert "Invite people" in page
