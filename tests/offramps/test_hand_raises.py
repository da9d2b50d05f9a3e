"""Asking for a person: one row a click, a dated promise, mails to both sides."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from accounts.models import Journal, OutgoingMail, Policy
from accounts.origin import Origin, Source
from accounts.queries import policies
from accounts.services import rendering
from billing.services.selling import carts
from offramps.models import HandRaise, HandRaiseReason
from offramps.queries import hand_raises as queries
from offramps.rules import promise
from offramps.services import hand_raises

FRIDAY = datetime(2027, 3, 5, 16, 0, tzinfo=UTC)
PAGE = Origin(source=Source.PAGE)


def raise_hand(**options):
    given = {
        "reason": HandRaiseReason.SEATS,
        "answers": {"seats": 300},
        "contact": hand_raises.Contact(email="ada@acme.example", name="Ada Example", channel="phone", phone="+49 30 1"),
        "at": FRIDAY,
        "origin": PAGE,
    }
    return hand_raises.raise_hand(**given | options)


@pytest.mark.parametrize(
    ("raised_at", "days", "zone", "answered"),
    [
        ((2027, 3, 3, 9), 1, "UTC", (2027, 3, 4)),
        ((2027, 3, 5, 16), 1, "UTC", (2027, 3, 8)),  # Friday to Monday
        ((2027, 3, 6, 9), 1, "UTC", (2027, 3, 8)),  # Saturday to Monday
        ((2027, 3, 5, 16), 3, "UTC", (2027, 3, 10)),
        ((2027, 3, 4, 23), 1, "Asia/Tokyo", (2027, 3, 8)),  # Friday morning there
        ((2027, 3, 5, 2), 1, "America/New_York", (2027, 3, 5)),  # Thursday evening there
    ],
)
def test_the_day_of_the_answer(raised_at, days, zone, answered):
    assert promise.answer_on(datetime(*raised_at, tzinfo=UTC), days, ZoneInfo(zone)) == date(*answered)


@pytest.mark.django_db
def test_a_hand_raise_is_a_row_a_fact_and_two_mails(on_sale, cast):
    basket = queries.basket_for("fieldnote/team", 300, "month", "usd")
    made = raise_hand(
        basket=basket, organization=cast.acme, page="pricing", origin=Origin(actor=cast.owner, source=Source.PAGE)
    )
    assert (made.answer_on, made.state, made.user, made.page) == (date(2027, 3, 8), "open", cast.owner, "pricing")
    assert made.basket == basket
    assert (basket["total_minor"], basket["seats_max"]) == (300 * 1200, 100)
    entry = Journal.objects.get(kind="offramps.hand_raise.raised")
    assert (entry.organization, entry.data["reason"]) == (cast.acme, "seats")
    ours, theirs = OutgoingMail.objects.order_by("-kind")
    assert (ours.recipient, theirs.recipient) == ("support@fieldnote.example", "ada@acme.example")
    sent = rendering.message(theirs)
    assert "8 March" in sent.subject
    assert "Team for 300 seats" in sent.body
    assert f"/talk/{made.public_id}/" in sent.body
    told = rendering.message(ours)
    assert "300" in told.body
    assert "+49 30 1" in told.body
    assert "$3,600.00 a month" in told.body


@pytest.mark.django_db
def test_the_promise_follows_the_policy_and_the_organizations_day(cast):
    Policy.objects.create(
        name="offramps.answer_working_days", value=3, reason="holidays", effective_at=FRIDAY, created_at=FRIDAY
    )
    policies.forget()
    assert raise_hand().answer_on == date(2027, 3, 10)
    cast.globex.time_zone = "Asia/Tokyo"
    late = datetime(2027, 3, 5, 20, 0, tzinfo=UTC)
    assert queries.answer_on(late, cast.globex) == date(2027, 3, 10)


@pytest.mark.django_db
def test_the_same_click_twice_is_one_row():
    first = raise_hand(click="abc")
    again = raise_hand(click="abc", answers={"seats": 400})
    assert again.pk == first.pk
    assert HandRaise.objects.get().answers == {"seats": 300}
    assert OutgoingMail.objects.count() == 2
    assert raise_hand(click="def").pk != first.pk


@pytest.mark.django_db
def test_one_address_may_ask_only_so_often():
    for number in range(5):
        raise_hand(at=FRIDAY + timedelta(minutes=number))
    with pytest.raises(hand_raises.TooMany, match="stand and are answered"):
        raise_hand(at=FRIDAY + timedelta(minutes=10))
    assert HandRaise.objects.count() == 5
    raise_hand(contact=hand_raises.Contact(email="bob@acme.example"), at=FRIDAY + timedelta(minutes=10))
    raise_hand(at=FRIDAY + timedelta(minutes=61))


@pytest.mark.django_db
def test_a_basket_of_a_cart(on_sale, cast):
    wanted = carts.Wanted(plan="fieldnote/team", seats=12, interval="year", currency="jpy")
    cart = carts.start(wanted=wanted, at=FRIDAY, origin=PAGE)
    assert queries.basket_of(cart, FRIDAY)["total_minor"] == 12 * 23000
    assert queries.basket_of(cart, FRIDAY, seats=200)["total_minor"] == 200 * 17000
    assert queries.basket_for("fieldnote/none", 5, "month", "usd") == {}


@pytest.mark.django_db
def test_answering_is_noted_once(cast, client):
    made = raise_hand()
    client.force_login(cast.admin)
    listing = reverse("admin:offramps_handraise_changelist")
    assert made.contact_email in client.get(listing).content.decode()
    done = {"action": "mark_answered", "_selected_action": [made.pk]}
    assert client.post(listing, done, follow=True).status_code == 200
    made.refresh_from_db()
    assert made.state == "closed"
    assert not hand_raises.close(hand_raise=made, at=FRIDAY, origin=PAGE)
    assert Journal.objects.filter(kind="offramps.hand_raise.closed").count() == 1
