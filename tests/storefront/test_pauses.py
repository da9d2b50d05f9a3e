"""Pausing on the pages: as shown, until when, gone on by a click; what is in its way says so."""

import re

import pytest

from billing.models import Pause, Subscription
from billing.rules import intervals
from tests.factories import rule
from tests.shop import text

PAUSE, GO_ON = "/subscription/pause/", "/subscription/resumption/"


@pytest.fixture
def buyer(client, shop, cast):
    shop.kept("bought", lambda: shop.buy(seats=10))
    client.force_login(cast.owner)
    return client


def token_of(page):
    return re.search(r'name="token" value="([^"]+)"', page).group(1)


def test_paused_as_shown_and_gone_on_by_a_click(buyer, shop):
    assert f"{PAUSE}?line=fieldnote" in text(buyer.get("/"))
    page = text(buyer.get(PAUSE, {"line": "fieldnote", "months": 2}))
    amount = re.search(r"Kept as your credit</dt><dd>(\$[\d.]+)", page)[1]
    assert "1 person can read what was made, and change nothing." in page
    assert "You get a mail 7 days before." in page
    said = {"line": "fieldnote", "months": 2, "token": token_of(page)}
    home = text(buyer.post(PAUSE, said, follow=True))
    until = shop.day(Pause.objects.get().resumes_at)
    assert f"Paused until {until}. {amount} was given back as your credit." in home
    assert "The pause ends, a new period begins" in home
    assert f"Paused until {until}" in text(buyer.get("/seats/"))
    assert buyer.get(PAUSE).url == "/"
    plans, resumes_at = text(buyer.get("/subscription/plan/")), Pause.objects.get().resumes_at
    assert f"paused until {until}, or until you go on" in plans
    assert f"From {until}" in plans  # a larger plan; a smaller one with the end of the period that begins then
    assert f"From {shop.day(intervals.end(resumes_at, 'month'))}" in plans
    assert shop.day(Subscription.objects.get().period_ends_at) not in plans
    assert "See what Business costs" not in plans
    page = text(buyer.get(GO_ON, {"line": "fieldnote"}))
    assert "The pause ends with this, and a new period begins." in page
    home = text(buyer.post(GO_ON, {"line": "fieldnote", "token": token_of(page)}, follow=True))
    assert "Your subscription goes on" in home
    assert "Team, 10 seats" in home
    assert "The next pause can begin on" in text(buyer.get(PAUSE))


def test_what_is_in_its_way_says_so(buyer, shop, cast):
    assert "A pause is up to 3 months." in text(buyer.get(PAUSE, {"months": 9}))
    assert buyer.post(PAUSE, {"token": "made-up", "months": 1}).status_code == 409
    rule("billing.pause_months", 0)
    assert "Pausing is not offered here." in text(buyer.get(PAUSE))
    assert f"{PAUSE}?line=fieldnote" not in text(buyer.get("/"))
    buyer.force_login(cast.member)
    assert buyer.get(PAUSE).status_code == 403
    assert not Pause.objects.exists()


def test_ended_while_it_rests(buyer, shop):
    page = text(buyer.get(PAUSE))
    buyer.post(PAUSE, {"months": 1, "token": token_of(page)})
    page = text(buyer.get("/subscription/cancellation/", follow=True))
    assert "What was given back when it was paused stays your credit." in page
    said = {"line": "fieldnote", "token": token_of(page), "reason_code": "closed"}
    assert "Ended. Nothing more is charged." in text(buyer.post("/subscription/ending/", said, follow=True))
