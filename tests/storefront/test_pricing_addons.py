"""Add-ons on the pricing page: priced for the choice, counted in the totals, carried into the cart, from memory like the page.

Team costs $16 a seat from 10 seats on; Blueprints $3 a seat, Priority support $49, 25 more projects $15 a month.
"""

import re
from dataclasses import replace

import pytest

from billing.queries import catalog
from billing.rules import tax
from config import clock
from storefront.queries import pricing
from storefront.queries.pricing_choice import Choice
from storefront.views import pricing as views
from tests.shop import text

ALL = (("blueprints", 1), ("support", 1), ("projects", 2))
URL = "/pricing/?seats=10&currency=usd&addon=blueprints&addon=support&addon=projects&number-projects=2"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cold(monkeypatch):
    monkeypatch.setattr(views, "_kept", views._Kept())


def page(addons=ALL, *, seats=10, interval="month", currency="usd", promo="", line="fieldnote"):
    choice = Choice(line, seats, interval, currency, promo=promo, addons=addons)
    return pricing.page(catalog.on_sale(), choice, clock.now())


def cards(*given, **choice):
    return {card.name: card for card in page(*given, **choice).cards}


def test_each_is_offered_at_the_chosen_price(on_sale):
    said = [(one.name, one.price, one.goes_with, one.number) for one in page().addons]
    assert said == [
        ("Blueprints", "$3 a seat and month", "", 1),
        ("Priority support", "$49 a month", "With Team and Business", 1),
        ("25 more projects", "$15 a month each", "With Starter and Team", 2),
        ("Season storage", "$19 a month each", "With Team and Business", 0),
    ]
    yearly = page((), interval="year", currency="eur").addons
    assert [(one.price, one.number) for one in yearly] == [
        ("€28 a seat and year", 0),
        ("€450 a year", 0),
        ("€140 a year each", 0),
        ("€18 a month each", 0),
    ]
    assert page(None, line="inspect").addons == ()


def test_the_totals_count_what_goes_with_the_plan(on_sale):
    found = cards()
    team = found["Team"]
    assert (team.unit_minor, team.total_text, team.other_text) == (1600, "$269 a month for 10 seats", "$3,228 a year")
    assert team.addons == ("Blueprints: $30", "Priority support: $49", "2 x 25 more projects: $30")
    assert (team.without, found["Starter"].without) == ("", "Without Priority support")
    assert found["Starter"].total_text == "$150 a month for 10 seats"
    assert found["Business"].addons == ("Blueprints: $30", "Priority support: $49")
    assert "Then $269 a month." in team.trial_note
    assert cards(interval="year")["Team"].savings[-1] == "Paying yearly saves $538 a year"
    assert cards(seats=24)["Team"].next_text == "1 more seat brings the price to $14 a seat."  # with Blueprints it is not less
    assert cards(seats=120)["Team"].second_label == "Or take 100 seats now for $1,579 a month"
    assert "Volume saves $20 a month" in team.savings


def test_a_code_counts_for_them_unless_it_is_for_certain_plans(on_sale):
    assert "$215.20 a month" in cards(promo="WELCOME20")["Team"].promotion_text
    assert "$2,640 for the first year, then $2,690" in cards(interval="year", promo="YEARLY50")["Team"].promotion_text


def test_they_go_into_the_cart_and_out_of_it(on_sale, client):
    shown = text(client.get(URL))
    assert re.search(r'value="projects" form="controls" checked', shown)
    assert 'name="number-projects" value="2"' in shown
    link = re.search(r'href="(/cart/new/\?plan=fieldnote%2Fteam[^"]*)"', shown).group(1)
    cart = text(client.get(link, follow=True))
    assert "$269.00" in cart
    assert "$15 a month each" in cart
    assert "Yearly would save $538 a year." in cart  # as the yearly card says
    back = re.search(r'href="(/pricing/\?[^"]*addon[^"]*)"', text(client.get("/cart/"))).group(1)
    assert "$269 a month for 10 seats" in text(client.get(back))
    link = re.search(r'href="(/cart/new/\?plan=fieldnote%2Fteam[^"]*)"', text(client.get("/pricing/?seats=10&currency=usd")))
    assert "$160.00" in text(client.get(link.group(1), follow=True))


def test_it_is_kept_whole_without_a_trace(on_sale, client, django_assert_num_queries, kept):
    client.get(URL)
    with django_assert_num_queries(0):
        shown = client.get(URL)
    assert not shown.cookies
    assert not re.search("csrf|nonce|method=.post", text(shown), re.IGNORECASE)
    wild = text(client.get("/pricing/?addon=nothing&addon=projects&number-projects=999&number-blueprints=x"))
    assert "10 x 25 more projects" in wild
    part = text(client.get(URL, headers={"HX-Request": "true"}))
    assert part.count('class="addon__price num"') == part.count('<span class="addon__price') == 4
    assert part.count("hx-swap-oob") == 6
    assert 'type="checkbox"' not in part  # what one is typing in stays


def test_tax_is_in_their_prices_too(on_sale, client, monkeypatch):
    rates = (tax.Rate("DE", "MwSt.", "19"),)
    found = replace(on_sale, tax=tax.Settings(tax.Mode.RATES, "DE", rates, ("DE",)))
    monkeypatch.setattr(catalog, "on_sale", lambda: found)
    shown = text(client.get("/pricing/?seats=3&currency=eur&addon=support&country=de"))
    assert "€53.55 a month" in shown
    assert "€114.24 a month for 3 seats" in shown  # 3 times 20.23 and 53.55
