"""Add-ons on the pages: chosen in the cart, had on the seats page for what was shown, given back and kept."""

import html
import re

import pytest

from billing.models import ScheduledChange, SubscriptionAddon
from billing.queries import overview
from tests.shop import text

SEATS, ADDON, CART = "/seats/", "/subscription/add-ons/", "/cart/"


@pytest.fixture
def buyer(client, shop, cast):
    shop.kept("bought", lambda: shop.buy(seats=10))
    client.force_login(cast.owner)
    return client


def test_had_for_what_was_shown_given_back_and_kept(buyer, cast):
    assert "See what it costs" in text(buyer.get(SEATS))
    shown = text(buyer.get(ADDON, {"line": "fieldnote", "addon": "support"}))
    amount = re.search(r"Pay (\$[\d.]+) and add Priority support", shown).group(1)
    token = re.search(r'name="token" value="([^"]+)"', shown).group(1)
    page = text(buyer.post(ADDON, {"line": "fieldnote", "token": token}, follow=True))
    assert f"You have Priority support now. {amount} paid." in page
    assert "1 x Priority support" in page  # what was changed
    assert "Priority support: $49" in re.sub(r"<[^>]+>", "", page)
    page = text(buyer.post(ADDON, {"line": "fieldnote", "addon": "support", "number": "0", "action": "give_back"}, follow=True))
    assert "Without Priority support" in page
    assert "Keep it after all" in page
    change = ScheduledChange.objects.get()
    buyer.post(f"/seats/scheduled/{change.public_id}/", {"action": "take_back"})
    assert "Give it back on" in text(buyer.get(SEATS))
    assert SubscriptionAddon.objects.filter(ended_at=None).count() == 1


def test_some_of_it_is_given_back_for_what_was_shown(buyer, shop):
    wanted = {"line": "fieldnote", "addon": "projects", "number": "3"}
    token = re.search(r'name="token" value="([^"]+)"', text(buyer.get(ADDON, wanted))).group(1)
    buyer.post(ADDON, {"line": "fieldnote", "token": token})
    page = text(buyer.get(SEATS))
    assert "See what fewer cost" in page
    plain = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "3 x 25 more projects You have it $15 a month each" in plain
    fewer = wanted | {"action": "give_back"}
    for number in ("3", "4", "-1", "x"):
        for answer in (buyer.get(ADDON, fewer | {"number": number}), buyer.post(ADDON, fewer | {"number": number})):
            assert answer.status_code == 422
            assert "Keep 0 to 2 of" in text(answer)
    assert not ScheduledChange.objects.exists()
    page = text(buyer.get(ADDON, fewer | {"number": "1"}))
    assert all(said in page for said in ("$175.00", "Instead of $205.00", "Give back the others"))
    assert "1 from" in text(buyer.post(ADDON, fewer | {"number": "1"}, follow=True))
    change = ScheduledChange.objects.get()
    assert (change.addon.code, change.addon_after) == ("projects", 1)
    assert overview.standing(shop.organization).next_charge.due_minor == 17_500


def test_what_cannot_be_says_why_and_changes_nothing(buyer, cast):
    for query, said in (
        ({"addon": "nothing"}, "This add-on can't be had"),
        ({"addon": "projects", "number": "11"}, "1 to 10 of it can be had now"),
        ({"addon": "support", "number": "0"}, "You do not have this add-on"),
    ):
        assert said in text(buyer.get(ADDON, {"line": "fieldnote", **query}))
    assert buyer.post(ADDON, {"line": "fieldnote", "token": "made-up"}).status_code == 409
    page = buyer.post(ADDON, {"line": "fieldnote", "addon": "support", "action": "give_back"})
    assert page.status_code == 422
    buyer.force_login(cast.member)
    assert buyer.get(ADDON, {"line": "fieldnote", "addon": "support"}).status_code == 403
    assert not SubscriptionAddon.objects.exists()


def test_the_cart_counts_them(client, shop):
    wanted = {"plan": "fieldnote/team", "seats": "10", "interval": "month", "currency": "usd", "addon": "blueprints"}
    client.get("/cart/new/", wanted)
    page = text(client.get(CART))
    assert "$190.00" in page
    said = {"what": "addons", "addon": ["projects"], "number-projects": "99"}
    page = html.unescape(client.post(CART, said, follow=True).content.decode())
    assert "10 x 25 more projects" in page
    assert "$310.00" in page
    changed = client.post(
        CART, {"plan": "fieldnote/business", "seats": "10", "interval": "month", "currency": "usd"}, follow=True
    )
    assert "more projects" not in text(changed)
