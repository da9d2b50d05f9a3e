"""Add-ons of the catalog: made at Stripe and here, once; on sale in memory; shown to staff."""

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.origin import Origin
from billing import gateway
from billing.models import Addon, AddonPrice
from billing.queries import catalog as queries
from billing.queries import catalog_words
from billing.rules.catalog_diff import Kind
from billing.services.offering import catalog
from config import clock
from tests import shelf, shop
from tests.rules import test_addon_file

SOLD = test_addon_file.GOOD


@pytest.fixture
def stripe_account(sandbox):
    """This worker's account at the sandbox, emptied."""
    gateway.forget_client()
    shop.control("DELETE", "account")


def apply(text=SOLD):
    return catalog.apply(wanted=shelf.read(text), at=clock.now(), origin=Origin.system())


@pytest.mark.django_db
def test_applying_makes_products_and_prices_once(stripe_account):
    said = [catalog_words.sentence(change) for change in apply().changes if "+" in change.subject]
    assert said[:2] == ["main+support: new add-on, en: “Support” / de: “Hilfe”", "main+support: $49 a month in USD"]
    assert "main+rooms: $3 a seat and month in USD" in said
    rows = AddonPrice.objects.filter(retired_at=None).select_related("addon")
    there = {price.lookup_key: price for price in gateway.prices({"lookup_keys": [row.lookup_key for row in rows]})}
    assert {row.lookup_key: row.stripe_price_id for row in rows} == {key: price.id for key, price in there.items()}
    assert {price.product for price in there.values()} == {row.addon.stripe_product_id for row in rows}
    assert gateway.product(Addon.objects.get(code="support").stripe_product_id).name == "Support"
    assert apply().is_new is False
    assert AddonPrice.objects.count() == 8


@pytest.mark.django_db
def test_a_changed_price_is_a_new_one_and_one_that_is_gone_stays(stripe_account):
    apply()
    dearer = apply(SOLD.replace("usd = 300,", "usd = 310,"))
    assert [change.kind for change in dearer.changes] == [Kind.PRICE_CHANGED]
    rooms = queries.on_sale().line("main").addon("rooms")
    assert (rooms.price("month", "usd").total(10), rooms.is_per_seat) == (3100, True)
    assert [addon.code for addon in queries.on_sale().line("main").addons_of("large")] == ["support"]
    apply(SOLD.replace(test_addon_file.ADDONS, ""))
    assert queries.on_sale().line("main").addons == ()
    assert Addon.objects.filter(withdrawn_at=None).count() == AddonPrice.objects.filter(retired_at=None).count() == 0
    shop.control("DELETE", "account")
    again = apply()
    assert [change.kind for change in again.changes].count(Kind.ADDON_ADDED) == 2
    assert queries.on_sale().line("main").addon("rooms").price("month", "usd").total(10) == 3000


@pytest.mark.django_db
def test_what_stripe_lost_is_made_again_and_said(stripe_account):
    apply()
    shop.control("DELETE", "account")
    said = [catalog_words.sentence(change) for change in apply().changes]
    assert "main+support: $49 a month in USD was missing at Stripe and is made again" in said


def test_staff_see_them(cast, client):
    shelf.put_on_sale(SOLD)
    client.force_login(cast.admin)
    row = Addon.objects.get(code="rooms")
    with translation.override("en"):
        listed = shop.text(client.get(reverse("admin:billing_addon_changelist")))
        shown = shop.text(client.get(reverse("admin:billing_addon_change", args=[row.pk])))
    assert "Rooms" in listed
    assert "Support" in listed
    assert "Projects: 2 projects" in shown
    assert "$3" in shown
