"""Another plan on the pages: what there is, its price to the cent, had now or from the period's end on, and taken back."""

import re

import pytest

from billing.models import ScheduledChange, SeatChange
from billing.queries import overview
from billing.services.changes import scheduled, seats
from config import clock
from tests.shop import text

PLAN = "/subscription/plan/"


@pytest.fixture
def buyer(client, shop, cast):
    shop.kept("bought", lambda: shop.buy(seats=10))
    client.force_login(cast.owner)
    return client


def token_of(page):
    return re.search(r'name="token" value="([^"]+)"', page).group(1)


def test_a_larger_plan_is_paid_for_as_shown(buyer, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        page = text(buyer.get(PLAN, {"line": "fieldnote"}))
    assert "Your plan" in page
    assert "See what Business costs" in page
    assert "Without: Dictation into forms" in page  # in Starter
    shown = text(buyer.get(PLAN, {"line": "fieldnote", "plan": "business"}))
    amount = re.search(r"Pay (\$[\d.]+) and change to Business", shown).group(1)
    assert "Single sign-on" in shown
    assert "Team: what you have paid for and do not use" in shown
    page = text(buyer.post(PLAN, {"line": "fieldnote", "token": token_of(shown)}, follow=True))
    assert f"You have Business now. {amount} paid." in page
    assert "Business, 10 seats" in page


def test_a_smaller_one_waits_and_is_taken_back(buyer, shop):
    shown = text(buyer.get(PLAN, {"line": "fieldnote", "plan": "starter"}))
    assert "$90.00" in shown
    assert "Instead of $160.00." in shown
    assert "It needs no quote: it charges nothing now" in shown
    assert "Get a quote" not in shown
    said = {"line": "fieldnote", "plan": "starter", "interval": "month", "action": "later"}
    page = text(buyer.post(PLAN, said, follow=True))
    assert "You can take it back until then." in page
    assert "Starter, paid monthly" in page
    assert "$90.00" in page
    assert "Coming" in text(buyer.get(PLAN, {"line": "fieldnote"}))
    assert "Another plan is to begin on" in text(buyer.get(PLAN, {"line": "fieldnote", "plan": "business"}))
    change = ScheduledChange.objects.get()
    page = text(buyer.post(f"/seats/scheduled/{change.public_id}/", {"action": "take_back", "next": "/"}, follow=True))
    assert "You keep Team as it is." in page
    assert overview.standing(shop.organization).next_charge.due_minor == 16_000


def test_the_list_has_the_number_of_seats_of_its_previews_and_says_why(buyer, shop):
    row = seats.current(shop.organization)
    scheduled.change_seats(row, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    day = shop.day(row.period_ends_at)
    page = text(buyer.get(PLAN))
    assert f"That is what you have from {day} on: 8 seats." in page
    assert f"8 seats from {day} on, as was asked for." in page  # of the plan there is
    assert ("a month for 8 seats" in page, "a month for 10 seats" in page) == (True, True)
    price = re.search(r"(\$[\d.]+) a month for 8 seats", page).group(1)
    assert f"{price}.00" in text(buyer.get(f"{PLAN}?plan=starter&interval=month"))


def test_another_interval_begins_with_the_next_period(buyer):
    page = text(buyer.get(PLAN, {"line": "fieldnote", "interval": "year"}))
    assert "$1,600 a year for 10 seats" in page
    shown = text(buyer.get(PLAN, {"line": "fieldnote", "plan": "team", "interval": "year"}))
    assert "Nothing but how often you pay" in shown
    assert "$1,600.00" in shown


def test_what_waits_for_its_payment_says_so_and_is_dropped(buyer, shop):
    shop.control("POST", "next_payment", outcome="requires_action")
    shown = text(buyer.get(PLAN, {"line": "fieldnote", "plan": "business"}))
    page = text(buyer.post(PLAN, {"line": "fieldnote", "token": token_of(shown)}, follow=True))
    assert "Once it is paid, you have Business." in page
    assert "Business waits for its payment" in text(buyer.get("/"))
    change = SeatChange.objects.get()
    page = text(buyer.post(f"/seats/changes/{change.public_id}/", {"action": "drop"}, follow=True))
    assert "Dropped." in page
    assert "Team, 10 seats" in text(buyer.get("/"))


def test_what_cannot_be_says_why_and_changes_nothing(buyer, shop, cast):
    standing = overview.standing(shop.organization)
    assert "This change takes a person" in text(buyer.get(PLAN, {"line": "fieldnote", "plan": "nothing"}))
    assert buyer.post(PLAN, {"line": "fieldnote", "token": "made-up"}).status_code == 409
    scheduled.change_seats(standing.row, seats_after=5, releases=[], origin=shop.origin, at=clock.now())
    assert "Seats are to change on" in text(buyer.get(PLAN, {"line": "fieldnote", "plan": "business"}))
    said = {"line": "fieldnote", "plan": "business", "interval": "year", "action": "later"}
    page = buyer.post(PLAN, said)
    assert page.status_code == 422
    assert "Business is sold with 10 to 200 seats" in text(page)
    buyer.force_login(cast.member)
    assert buyer.get(PLAN, {"line": "fieldnote"}).status_code == 403
    assert ScheduledChange.objects.filter(kind="plan").count() == 0


def test_a_year_begins_today_or_with_the_months_end(buyer, shop):
    wanted = {"line": "fieldnote", "plan": "team", "interval": "year"}
    assert "From today, or from" in text(buyer.get(PLAN, {"line": "fieldnote", "interval": "year"}))
    shown = text(buyer.get(PLAN, wanted))
    assert "Team, 10 seats, for a year" in shown
    assert re.search(r"Let it begin on \w", shown)
    later = text(buyer.get(PLAN, wanted | {"when": "later"}))
    assert "Let it begin today instead" in later
    assert "Nothing is charged by this" in later
    amount = re.search(r"Pay (\$[\d,.]+) for a year of Team", shown).group(1)
    page = text(buyer.post(PLAN, {"line": "fieldnote", "token": token_of(shown)}, follow=True))
    assert f"You have Team for a year now. {amount} paid." in page
    assert overview.standing(shop.organization).row.price.interval == "year"


def test_a_year_today_with_something_waiting_is_offered_from_the_months_end(buyer, shop):
    row = overview.standing(shop.organization).row
    scheduled.change_seats(row, seats_after=11, releases=[], origin=shop.origin, at=clock.now())
    page = text(buyer.get(PLAN, {"line": "fieldnote", "plan": "team", "interval": "year"}))
    assert "Something is to change on" in page
    assert "Change to Team on" in page
