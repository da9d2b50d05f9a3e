"""A member asks for a seat: given at once where one is free, else by way of the price; once, by whom it may, for a while."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import OutgoingMail, RequestState, SeatRequest
from accounts.origin import Origin
from accounts.services import outbox, seat_requests
from billing.models import SeatAssignment
from billing.services import people
from config import clock
from tests import factories
from tests.shop import text

pytestmark = pytest.mark.django_db
ASK = "storefront:seat_asks"
HOME = "storefront:home"


def asked(cast, **values):
    now = clock.now()
    facts = {"asked_at": now, "expires_at": now + timedelta(days=14)} | values
    return SeatRequest.objects.create(organization=cast.acme, membership=cast.membership(cast.member), **facts)


def url(row):
    return reverse("storefront:seat_request", args=[seat_requests.token(row)])


def has_seat(cast):
    return SeatAssignment.objects.filter(membership=cast.membership(cast.member), ended_at=None).exists()


def test_a_member_asks_once_and_sees_it(cast, client):
    client.force_login(cast.member)
    assert "Ask for a seat" in text(client.get(reverse(HOME)))
    client.post(reverse(ASK), {"reason": "I start\non Monday"})
    client.post(reverse(ASK))
    row = SeatRequest.objects.get()
    assert (row.state, row.reason) == (RequestState.OPEN, "I start on Monday")
    assert {found.recipient for found in OutgoingMail.objects.all()} == {"owner@acme.example", "billing@acme.example"}
    assert "You have asked for a seat" in text(client.get(reverse(HOME)))
    client.post(reverse(ASK), {"withdraw": "1"})
    assert SeatRequest.objects.get().state == RequestState.WITHDRAWN


def test_a_free_seat_is_given_by_one_click_from_the_mail(shop, cast, client):
    shop.buy(cast.acme, cast.owner, seats=3)
    client.force_login(cast.member)
    client.post(reverse(ASK))
    outbox.drain(clock.wall())
    found = next(message for message in mail.outbox if "asks for a seat" in message.subject)
    link = re.search(r"http://testserver(/seats/requests/\S+)", found.body).group(1)
    for who, status in ((cast.stranger, 404), (cast.member, 404), (cast.owner, 200)):
        client.force_login(who)
        assert client.get(link).status_code == status
    assert not has_seat(cast)
    assert client.post(link, {"decision": "approve"}).status_code == 302
    assert has_seat(cast)
    row = SeatRequest.objects.get()
    assert (row.state, row.decided_by) == (RequestState.APPROVED, cast.owner)
    assert client.post(link, {"decision": "approve"}).status_code == 409
    assert SeatAssignment.objects.filter(membership=cast.membership(cast.member)).count() == 1


def test_without_a_free_seat_the_price_is_next_with_the_person_chosen(shop, cast, client):
    bought = shop.buy(cast.acme, cast.owner, seats=3)
    others = [factories.MembershipFactory(organization=cast.acme).pk for _seat in range(people.free_seats(bought))]
    people.assign(subscription=bought, membership_ids=others, origin=shop.origin, at=clock.now())
    row = asked(cast)
    client.force_login(cast.owner)
    response = client.post(url(row), {"decision": "approve"})
    member = cast.membership(cast.member)
    assert f"seats=4&when=now&member={member.pk}" in response["Location"]
    row.refresh_from_db()
    assert row.state == RequestState.OPEN
    page = client.get(response["Location"]).content.decode()
    assert re.search(rf'name="member" value="{member.pk}" checked', page)
    assert "They ask for a seat" in page


def test_a_seat_given_otherwise_answers_the_request(shop, cast):
    bought = shop.buy(cast.acme, cast.owner, seats=3)
    row = asked(cast)
    people.assign(subscription=bought, membership_ids=[cast.membership(cast.member).pk], origin=shop.origin, at=clock.now())
    row.refresh_from_db()
    assert row.state == RequestState.APPROVED


def test_a_no_with_a_word_is_mailed_and_shown(cast, client):
    row = asked(cast)
    client.force_login(cast.billing_admin)
    client.post(url(row), {"decision": "decline", "answer": "Next month."})
    outbox.drain(clock.wall())
    assert "Next month." in mail.outbox[-1].body
    client.force_login(cast.member)
    assert "Next month." in text(client.get(reverse(HOME)))
    client.post(reverse(ASK))
    assert SeatRequest.objects.count() == 1


def test_it_runs_out_and_ends_with_the_membership(cast, client):
    late = asked(cast, expires_at=clock.now() - timedelta(seconds=1))
    client.force_login(cast.owner)
    assert client.post(url(late), {"decision": "approve"}).status_code == 409
    client.force_login(cast.member)
    assert "has run out" in text(client.get(reverse(HOME)))
    client.post(reverse(ASK))
    late.refresh_from_db()
    assert late.state == RequestState.EXPIRED
    people.remove(membership=cast.membership(cast.member), origin=Origin(actor=cast.owner), at=clock.now())
    assert not SeatRequest.objects.filter(state=RequestState.OPEN).exists()


def test_who_has_a_seat_asks_for_none(shop, cast, client):
    bought = shop.buy(cast.acme, cast.owner, seats=3)
    people.assign(subscription=bought, membership_ids=[cast.membership(cast.member).pk], origin=shop.origin, at=clock.now())
    client.force_login(cast.member)
    client.post(reverse(ASK))
    assert not SeatRequest.objects.exists()
