"""New people's addresses typed where seats are bought: invited once it is paid, kept while it waits, and nobody if it fails."""

import re

import pytest

from accounts.models import Invitation, OutgoingMail
from billing import gateway
from billing.models import SeatAssignment, SeatChange
from billing.services import people
from billing.services.changes import seat_increases
from config import clock
from tests.shop import text

NEW = "Ada Example <ada@new.example>, ben@new.example"


@pytest.fixture
def subscription(shop, cast):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def buy(client, cast, subscription):
    """Confirm 13 seats, three more, on the page; the answer."""
    client.force_login(cast.owner)

    def confirm(invite, **more):
        shown = text(client.get("/seats/", {"seats": 13}))
        assert "3 more seats: who gets them?" in shown
        token = re.search(r'name="token" value="([^"]+)"', shown)[1]
        return client.post("/seats/changes/", {"token": token, "seats": 13, "invite": invite, **more}, follow=True)

    return confirm


def invited():
    return set(Invitation.objects.filter(email__endswith="@new.example", state="open").values_list("email", flat=True))


def test_they_are_invited_once_it_is_paid(buy, subscription):
    page = text(buy(NEW))
    assert "13 seats from now on." in page
    assert "2 people were invited." in page
    assert invited() == {"ada@new.example", "ben@new.example"}
    assert SeatAssignment.objects.filter(subscription=subscription, invitation__isnull=False, ended_at=None).count() == 2
    assert OutgoingMail.objects.filter(kind="accounts/invitation").count() == 2
    assert SeatChange.objects.get().invite == []


def test_nobody_is_invited_before_the_bank_has_said_yes(buy, client, shop, subscription):
    shop.control("POST", "next_payment", outcome="requires_action")
    page = text(buy(NEW))
    change = SeatChange.objects.get()
    assert (change.state, invited()) == ("waiting", set())
    assert "ada@new.example" in page
    gateway.pay_invoice(change.stripe_invoice_id, {}, key="pay-later")
    shop.settle()
    change.refresh_from_db()
    assert (change.state, change.invite, len(invited())) == ("done", [], 2)


def test_nobody_is_invited_when_it_is_dropped(buy, shop):
    shop.control("POST", "next_payment", outcome="requires_action")
    buy(NEW)
    change = seat_increases.drop(SeatChange.objects.get(), origin=shop.origin, at=clock.now())
    shop.settle()
    change.refresh_from_db()
    assert (change.state, change.invite, invited()) == ("dropped", [], set())


def test_what_is_no_address_is_kept_and_costs_nothing(buy):
    answer = buy("ada@new.example, ben@")
    page = text(answer)
    assert answer.status_code == 422
    assert "These are no e-mail addresses: ben@" in page
    assert "ada@new.example" in re.search(r"(?s)<textarea id=.id_invite.*?</textarea>", page)[0]
    assert (SeatChange.objects.exists(), invited()) == (False, set())


def test_more_people_than_seats_are_told_before_anything_is_charged(buy, subscription):
    room = 3 + subscription.quantity - people.in_use(subscription).count()
    answer = buy(" ".join(f"n{number}@new.example" for number in range(room + 1)))
    assert answer.status_code == 422
    assert f"There will be {room} free seats" in text(answer)
    assert (SeatChange.objects.exists(), invited()) == (False, set())
