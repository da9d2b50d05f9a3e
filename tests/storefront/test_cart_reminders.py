"""A cart is remembered once, a day later, if somebody asked for that; not once it is bought, nor while a person is on it."""

import pytest

from accounts.models import OutgoingMail
from billing.models import Cart, CartReminder
from config import clock
from offramps.models import HandRaise
from offramps.services import cart_reminders
from tests.shop import text


@pytest.fixture
def cart(shop, client):
    """In the cart, signed in, and asked to be reminded."""
    found = shop.cart()
    client.force_login(shop.owner)
    client.post("/cart/", {"what": "reminder", "wanted": "yes"})
    return found


def later(shop, hours):
    shop.move_store(hours * 3_600 + 60)


def told():
    while cart_reminders.drain(clock.wall()).handled:
        pass
    return OutgoingMail.objects.filter(kind="billing/cart_reminder")


def test_once_a_day_after_its_last_change(shop, cart, client):
    assert "checked" in text(client.get("/cart/")).partition('id="id_reminder"')[2][:40]
    later(shop, 23)
    assert not told().exists()
    Cart.objects.filter(pk=cart.pk).update(updated_at=clock.now())
    later(shop, 24)
    assert not told().exists()
    later(shop, 48)
    assert told().get().context["seats"] == 10
    client.post("/cart/", {"what": "reminder", "wanted": "yes"})
    later(shop, 96)
    assert told().count() == 1


def test_nobody_is_reminded_who_did_not_ask_or_took_it_back(shop, cart, client):
    client.post("/cart/", {"what": "reminder"})
    later(shop, 48)
    assert not told().exists()
    assert not CartReminder.objects.exists()


def test_a_purchase_or_an_open_case_stops_it(shop, cart):
    now = clock.now()
    case = HandRaise.objects.create(
        organization=cart.organization, reason="seats", contact_email="x@acme.example", raised_at=now, answer_on=now.date()
    )
    later(shop, 48)
    assert not told().exists()
    assert CartReminder.objects.get().state == "stopped"
    case.delete()
    CartReminder.objects.update(state="wanted", due_at=now)
    Cart.objects.filter(pk=cart.pk).update(state="ordered")
    assert not told().exists()


def test_whoever_stopped_such_mails_gets_none(shop, cart, client):
    client.post("/settings/mails/", {"topic": ["team", "seats", "invitations"]})
    later(shop, 48)
    assert told().exists()
    shop.settle()
    assert told().get().state == "held"


def test_what_is_typed_beside_it_stays(cart, client):
    """The box answers with its part of the page, in which htmx leaves the purchase order's field as it is."""
    answer = text(client.post("/cart/", {"what": "reminder"}, headers={"HX-Request": "true"}))
    assert "hx-preserve" in answer
    assert "checked" not in answer.partition('id="id_reminder"')[2][:40]
    answer = text(client.post("/cart/", {"what": "reminder", "wanted": "yes"}, headers={"HX-Request": "true"}))
    assert "checked" in answer.partition('id="id_reminder"')[2][:40]
