"""The pricing page: for everybody, without a trace, from memory; and every sum on it."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

from billing.queries import catalog
from config import clock
from storefront.queries import pricing
from storefront.queries.pricing_choice import Choice
from storefront.views import pricing as views
from tests import shelf

URL = "/pricing/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cold(monkeypatch):
    monkeypatch.setattr(views, "_kept", views._Kept())


def page(seats=10, interval="month", currency="usd", line="fieldnote"):
    return pricing.page(catalog.on_sale(), Choice(line, seats, interval, currency), clock.now())


def card(name, **choice):
    return next(card for card in page(**choice).cards if card.name == name)


# --- Public, whole, from memory ---------------------------------------------------------------------------------------


def test_a_warm_page_costs_no_query_no_session_and_no_cookie(on_sale, client, cast, django_assert_num_queries, kept):
    client.get(URL)
    client.force_login(cast.owner)
    with django_assert_num_queries(0):
        response = client.get(URL)
    assert response.status_code == 200
    assert not response.cookies
    text = response.content.decode()
    assert "csrf" not in text.lower()
    assert "nonce" not in text.lower()
    assert cast.owner.email not in text
    assert 'method="post"' not in text.lower()


def test_the_page_is_the_same_for_everybody(on_sale, client, cast):
    stranger = client.get(URL).content
    client.force_login(cast.owner)
    assert client.get(URL).content == stranger


def test_a_new_catalog_shows_at_once_and_an_unchanged_page_is_not_sent_again(on_sale, client):
    first = client.get(URL)
    assert client.get(URL, headers={"If-None-Match": first["ETag"]}).status_code == 304
    text = shelf.text()
    shelf.put_on_sale(text.replace("prices.month = { usd = 900,", "prices.month = { usd = 950,"))
    second = client.get(URL, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert "$9<" in first.content.decode()
    assert '9<span class="price__fraction">.50' in second.content.decode()


def test_no_more_pages_are_kept_than_fit(on_sale, client, monkeypatch):
    monkeypatch.setattr(views, "KEPT_PAGES", 3)
    for seats in range(1, 8):
        client.get(URL, {"seats": seats})
        assert len(views._kept._pages) <= 3


def test_htmx_gets_the_cards_alone(on_sale, client):
    part = client.get(URL, {"seats": 30}, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div class="plan-cards')
    assert "Choose Team for 30 seats" in part
    assert "Choose Team for 30 seats" in client.get(URL, {"seats": 30}).content.decode()
    assert "HX-Request" in client.get(URL)["Vary"]


def test_an_empty_store_says_so(client):
    response = client.get(URL)
    assert response.status_code == 200
    assert "Nothing is on sale yet" in response.content.decode()


@pytest.mark.parametrize(
    "query", [{"seats": "x"}, {"seats": "-1"}, {"seats": "9" * 40}, {"interval": "week"}, {"currency": "zzz"}, {"line": "../"}]
)
def test_nonsense_falls_back_to_what_is_sensible(on_sale, client, query):
    response = client.get(URL, query)
    assert response.status_code == 200
    assert "Choose" in response.content.decode() or "Talk about" in response.content.decode()


@pytest.mark.parametrize(("spoken", "sign"), [("de-DE,de;q=0.9", "€"), ("en-GB", "£"), ("ja", "¥"), ("en-US", "$"), ("", "$")])
def test_the_currency_follows_the_readers_region(on_sale, client, spoken, sign):
    text = client.get(URL, headers={"Accept-Language": spoken}).content.decode()
    amount = re.search(r'class="price__amount">(.*?)<span class="price__unit"', text).group(1)
    assert sign in amount.replace("￥", "¥")
    assert "$" in client.get(URL, {"currency": "usd"}, headers={"Accept-Language": spoken}).content.decode()


def test_the_catalogs_german(on_sale, client):
    text = client.get(URL, headers={"Accept-Language": "de"}).content.decode()
    assert "Notizen und Prüfungen, die draußen bestehen" in text
    assert 'lang="de"' in text


def test_the_header_fragment_knows_who_is_signed_in(client, cast):
    assert "Sign in" in client.get("/header/").content.decode()
    client.force_login(cast.owner)
    response = client.get("/header/")
    assert "Sign in" not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_forms_and_links_lead_on(on_sale, client):
    text = client.get(URL, {"seats": 12, "interval": "year", "currency": "eur"}).content.decode()
    assert "/cart/new/?plan=fieldnote%2Fteam&amp;seats=12&amp;interval=year&amp;currency=eur" in text
    assert f"{reverse('storefront:talk')}?page=pricing" in text
    assert text.count("<h1") == 1
    assert "90 seconds" not in text  # nobody is on duty yet who could keep that


# --- The sums ---------------------------------------------------------------------------------------------------------


def test_a_card_says_seat_month_year_and_savings(on_sale):
    team = card("Team", seats=12)
    assert (team.unit_minor, team.unit_text) == (1600, "a seat, each month")
    assert (team.total_text, team.other_text) == ("$192 a month for 12 seats", "$2,304 a year")
    assert team.savings == ("Volume saves $24 a month",)
    assert team.next_text == "13 more seats bring the price to $14 a seat."
    assert [(step.amount, step.current) for step in team.tiers] == [
        ("$18", False),
        ("$16", True),
        ("$14", False),
        ("$12", False),
    ]


def test_a_yearly_card(on_sale):
    team = card("Team", seats=25, interval="year", currency="jpy")
    assert (team.unit_minor, team.unit_text) == (20000, "a seat, each year")
    assert (team.total_text, team.other_text) == ("¥500,000 a year for 25 seats", "that is ¥41,667 a month")
    assert team.savings == ("Volume saves ¥150,000 a year", "Paying yearly saves ¥100,000 a year")


def test_the_page_says_where_more_seats_cost_less_in_all(on_sale):
    assert card("Team", seats=24).next_text == "1 more seat costs less: $350 for 25 seats."
    assert card("Starter", seats=24).next_text == ""


def test_below_a_plans_minimum_the_card_prices_the_minimum(on_sale):
    business = card("Business", seats=4)
    assert business.note == "Starts at 10 seats."
    assert business.total_text == "$290 a month for 10 seats"
    assert "seats=10" in business.action_url


def test_above_a_plans_maximum_the_card_turns_to_a_person_and_offers_the_maximum(on_sale):
    team = card("Team", seats=120)
    assert team.unit_minor is None
    assert team.note == "Team is sold here for up to 100 seats."
    assert team.action_label == "Talk about 120 seats"
    assert "reason=seats" in team.action_url
    assert "seats=120" in team.action_url
    assert team.second_label == "Or take 100 seats now for $1,200 a month"
    assert "seats=100" in team.second_url


@pytest.mark.parametrize(("seats", "lead"), [(10, "Team"), (120, "Business"), (300, None)])
def test_the_leading_button_is_on_what_can_be_bought(on_sale, seats, lead):
    leads = [card.name for card in page(seats=seats).cards if card.is_primary]
    assert leads == ([lead] if lead else [])


def test_the_first_page_shows_a_price_on_every_card(on_sale, client):
    line = on_sale.line("fieldnote")
    assert pricing.default_seats(line) == 10
    assert all(card.unit_minor and not card.note for card in page(seats=10).cards)


def test_the_yearly_switch_promises_what_every_plan_keeps(on_sale):
    assert page().intervals[1].note == "save 16%"


def test_the_slider_stops_where_a_price_breaks(on_sale):
    shown = page()
    assert [stop["value"] for stop in shown.stops] == [10, 25, 50, 100, 200, 1000]
    assert shown.stops[-1]["label"] == "1,000"
    assert [stop["value"] for stop in page(line="inspect").stops] == [20, 50, 150, 750]


def test_the_comparison_has_every_feature_once_in_its_groups(on_sale):
    shown = page()
    rows = {row.name: [cell.value for cell in row.cells] for group in shown.groups for row in group.rows}
    assert rows["Seats you can buy here"] == ["1 to 25", "3 to 100", "10 to 200"]
    assert rows["Active projects"] == ["10 projects", "100 projects", "unlimited"]
    assert rows["Dictation into forms"] == [False, True, True]
    assert [group.name for group in shown.groups] == ["Plan", "In the field", "In the office", "For IT", "Help"]
    assert len(rows) == 13


def test_amounts_in_german(on_sale):
    with translation.override("de"):
        assert "2.304\xa0$" in card("Team", seats=12).other_text
