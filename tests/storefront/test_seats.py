"""The seats page: prices to the cent, now and later, undone, refused, declined, waiting; and who has a seat."""

import re

import pytest
from django.urls import reverse

from accounts.models import Invitation, Role
from billing.models import CancelReason, ChangeState, Invoice, ScheduledChange, SeatChange
from billing.services import people
from billing.services.changes import scheduled
from config import clock
from tests import factories
from tests.shop import text

SEATS = "/seats/"
CHANGES = "/seats/changes/"
PREVIEW = "/seats/preview/"
HX = {"HX-Request": "true"}


@pytest.fixture
def subscription(shop, cast):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def buyer(client, cast, subscription):
    client.force_login(cast.owner)
    return client


def token(page):
    return re.search(r'name="token" value="([^"]+)"', page)[1]


def due(page):
    """The receipt's total."""
    return re.search(r'<dl class="receipt__total"><dt>[^<]*</dt><dd>([^<]*)</dd>', page)[1]


def confirm(client, page, **more):
    return client.post(CHANGES, {"token": token(page), **more})


def days_of_period(subscription):
    return (subscription.period_ends_at - subscription.period_starts_at).days


def test_three_more_cost_exactly_what_the_page_says(buyer, shop, subscription):
    shop.advance(days=11)
    shown = text(buyer.get(SEATS, {"seats": 13}))
    assert "3 more seats, from today" in shown
    assert f"3 seats for the {days_of_period(subscription) - 11} days left" in shown
    assert f"Pay {due(shown)} and add 3 seats" in shown
    response = confirm(buyer, shown)
    assert (response.status_code, response.url) == (303, f"{SEATS}?line=fieldnote")
    assert f"13 seats from now on. {due(shown)} paid." in text(buyer.get(response.url))
    shop.settle()
    assert shop.fresh(subscription).quantity == 13
    newest = Invoice.objects.order_by("-id").first()
    assert f"${newest.amount_paid_minor / 100:.2f}" == due(shown)


def test_the_fragment_is_what_the_page_without_scripts_shows(buyer, monkeypatch):
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)  # right after the purchase a second more changes the cents
    part = text(buyer.get(PREVIEW, {"seats": 13}, headers=HX))
    assert "<html" not in part
    assert due(part) == due(text(buyer.get(SEATS, {"seats": 13})))
    assert buyer.get(PREVIEW, {"seats": 13}).url == f"{SEATS}?seats=13"


def test_a_cheaper_tier_is_said_for_the_seats_one_had(buyer, subscription):
    shown = text(buyer.get(SEATS, {"seats": 30}))
    assert f"20 seats for the {days_of_period(subscription)} days left" in shown
    assert "The new price for your 10 seats too" in shown
    assert "$14 a seat and month instead of $16" in shown


def test_one_token_makes_one_change(buyer, shop, subscription):
    shown = text(buyer.get(SEATS, {"seats": 13}))
    first, second = confirm(buyer, shown), confirm(buyer, shown)
    assert first.url == second.url
    assert SeatChange.objects.count() == 1
    assert shop.fresh(subscription).quantity == 13


def test_a_price_that_moved_is_shown_afresh_and_nothing_is_charged(buyer, shop, subscription):
    shown = text(buyer.get(SEATS, {"seats": 13}))
    confirm(buyer, text(buyer.get(SEATS, {"seats": 12})))
    response = confirm(buyer, shown)
    assert response.status_code == 409
    again = text(response)
    assert "The price has moved since you looked" in again
    assert "1 more seat, from today" in again
    assert shop.fresh(subscription).quantity == 12
    assert confirm(buyer, again).status_code == 303
    assert shop.fresh(subscription).quantity == 13


def test_a_token_of_nobody_is_stale(buyer):
    response = buyer.post(CHANGES, {"token": "made:up"})
    assert response.status_code == 409
    assert not SeatChange.objects.exists()


def test_fewer_seats_come_with_the_next_period_and_can_be_taken_back(buyer, shop, subscription):
    shown = text(buyer.get(SEATS, {"seats": 8}))
    assert "8 seats from" in shown
    assert "$144.00" in shown
    assert "Nothing is charged today" in shown
    assert "It needs no quote" in text(buyer.get("/seats/", {"seats": 8, "when": "renewal"}))
    response = buyer.post(CHANGES, {"seats": 8, "when": "renewal", "reason": "Two crews left"})
    assert response.status_code == 303
    after = text(buyer.get(SEATS))
    assert "10 now, 8 from" in after
    assert "2 seats fewer" in after
    change = ScheduledChange.objects.get()
    buyer.post(reverse("storefront:scheduled_change", args=[change.public_id]), {"action": "take_back"})
    assert "2 seats fewer" not in text(buyer.get(SEATS))
    change.refresh_from_db()
    assert (change.state, change.reason) == ("canceled", "Two crews left")


def test_more_seats_may_wait_for_the_next_period_too(buyer, shop, subscription):
    buyer.post(CHANGES, {"seats": 14, "when": "renewal"})
    assert "10 now, 14 from" in text(buyer.get(SEATS))
    assert shop.fresh(subscription).quantity == 10


def test_up_now_and_down_then_hold_together(buyer, shop, subscription):
    buyer.post(CHANGES, {"seats": 8, "when": "renewal"})
    shown = text(buyer.get(SEATS, {"seats": 13}))
    assert "for 11 seats" in shown
    confirm(buyer, shown)
    assert "13 now, 11 from" in text(buyer.get(SEATS))


def test_fewer_than_are_in_use_asks_who_gives_one_back(buyer, shop, subscription, cast):
    ids = [cast.membership(cast.member).pk, cast.membership(cast.billing_admin).pk]
    people.assign(subscription=subscription, membership_ids=ids, origin=shop.origin, at=clock.now())
    for number in range(3):
        membership = factories.MembershipFactory(organization=cast.acme)
        subscription.assignments.create(membership=membership, assigned_at=clock.now(), assigned_by=cast.owner)
        assert number < 3
    response = buyer.post(CHANGES, {"seats": 5, "when": "renewal"})
    assert response.status_code == 422
    shown = text(response)
    assert "Choose who gives a seat back" in shown
    assert "1 person" in shown
    chosen = re.findall(r'name="release" value="(\d+)"', shown)[0]
    assert buyer.post(CHANGES, {"seats": 5, "when": "renewal", "release": chosen}).status_code == 303
    assert ScheduledChange.objects.get().releases.get().assignment_id == int(chosen)
    assert "until" in text(buyer.get(SEATS))


def test_more_than_self_service_sells_leads_to_a_person_and_offers_the_most(buyer):
    shown = text(buyer.get(PREVIEW, {"seats": 400}, headers=HX))
    assert "Team is sold here for up to 100 seats" in shown
    assert "/talk/?reason=seats" in shown
    assert "seats=400" in shown
    assert "Take 100 seats now" in shown


def test_a_declined_card_changes_nothing(buyer, shop, subscription):
    shown = text(buyer.get(SEATS, {"seats": 13}))
    shop.control("POST", "next_payment", outcome="declined")
    response = confirm(buyer, shown)
    change = SeatChange.objects.get()
    assert response.url == reverse("storefront:seat_change", args=[change.public_id])
    assert shop.fresh(subscription).quantity == 10
    page = text(buyer.get(response.url))
    assert change.state in (ChangeState.WAITING, ChangeState.DECLINED)
    assert "Waiting for your payment" in page or "The payment was declined" in page


@pytest.fixture
def waiting(buyer, shop):
    """An increase whose bank asks for a confirmation."""
    shown = text(buyer.get(SEATS, {"seats": 13}))
    shop.control("POST", "next_payment", outcome="requires_action")
    confirm(buyer, shown)
    shop.settle()
    return SeatChange.objects.get()


def test_waiting_for_payment_says_amount_and_until_when(buyer, waiting):
    assert waiting.state == ChangeState.WAITING
    page = text(buyer.get(reverse("storefront:seat_change", args=[waiting.public_id])))
    assert "Waiting for your payment" in page
    assert "$48.00" in page or "$47.9" in page
    assert "10 seats" in page
    home = text(buyer.get("/"))
    assert "Finish paying" in home
    assert "3 seats wait for their payment" in home


def test_finishing_the_payment_goes_to_a_fresh_page(buyer, waiting, shop, subscription):
    response = buyer.get(reverse("storefront:seat_change_payment", args=[waiting.public_id]))
    assert response.status_code == 303
    assert "/i/" in response.url
    shop.pay_invoice(response.url)
    shop.settle()
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.DONE
    assert shop.fresh(subscription).quantity == 13
    assert "13 seats" in text(buyer.get(reverse("storefront:seat_change", args=[waiting.public_id])))


def test_dropping_it_costs_nothing(buyer, waiting, shop, subscription):
    address = reverse("storefront:seat_change", args=[waiting.public_id])
    assert buyer.post(address, {"action": "drop"}).status_code == 303
    assert buyer.post(address, {"action": "drop"}).status_code == 303
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.DROPPED
    assert shop.fresh(subscription).quantity == 10
    assert "Dropped" in text(buyer.get(address))


def test_while_one_waits_the_next_is_held_off(buyer, waiting):
    shown = text(buyer.get(PREVIEW, {"seats": 15}, headers=HX))
    assert "An earlier change waits for its payment" in shown
    assert reverse("storefront:seat_change", args=[waiting.public_id]) in shown


def test_not_paid_in_time_it_is_dropped_and_said(buyer, waiting, shop, subscription):
    shop.advance(days=1)
    waiting.refresh_from_db()
    assert waiting.state == ChangeState.EXPIRED
    assert "Not paid in time" in text(buyer.get(reverse("storefront:seat_change", args=[waiting.public_id])))
    assert shop.fresh(subscription).quantity == 10


def test_too_many_changes_say_when_the_next_can_be_made(buyer, subscription):
    for number in range(8):
        made = {"quantity_before": 10, "quantity_after": 11, "preview": {}, "due_now_minor": 0, "currency": "usd"}
        made |= {"source": "page", "created_at": clock.now(), "nonce": f"n{number}", "state": ChangeState.DONE}
        SeatChange.objects.create(subscription=subscription, **made)
    shown = text(buyer.get(PREVIEW, {"seats": 15}, headers=HX))
    assert "Those were many changes in a short time" in shown


def test_stripe_silent_says_what_was_kept(buyer, shop):
    shop.control("POST", "faults", match="POST /v1/invoices/create_preview", kind="drop", times=9)
    shown = text(buyer.get(PREVIEW, {"seats": 15}, headers=HX))
    assert "does not answer" in shown
    assert "you keep 10 seats" in shown


def test_stripe_dropping_the_line_after_the_effect_charges_once(buyer, shop, subscription):
    shown = text(buyer.get(SEATS, {"seats": 13}))
    shop.control("POST", "faults", match="POST /v1/subscriptions/*", kind="drop_after_effect", times=1)
    confirm(buyer, shown)
    shop.settle()
    assert shop.fresh(subscription).quantity == 13
    assert Invoice.objects.count() == 2


def test_an_ending_subscription_takes_no_change_for_later(buyer, shop, subscription, cast):
    scheduled.end(subscription, reason_code=CancelReason.PRICE, reason="", origin=shop.origin, at=clock.now())
    response = buyer.post(CHANGES, {"seats": 8, "when": "renewal"})
    assert response.status_code == 409
    assert "The subscription ends with this period" in text(response)


def test_giving_taking_back_and_inviting(buyer, shop, subscription, cast):
    mine = cast.membership(cast.member)
    address = reverse("storefront:seat_assignments")
    buyer.post(address, {"assign": mine.pk})
    seat = mine.seats.get(ended_at=None)
    buyer.post(address, {"unassign": seat.pk})
    assert not mine.seats.filter(ended_at=None).exists()
    response = buyer.post(address, {"emails": "ada@acme.example, ben@acme.example; nonsense"})
    page = text(buyer.get(response.url))
    assert "2 people invited to a seat." in page
    assert "nonsense" in page
    assert Invitation.objects.count() == 2
    assert "invited, seat held" in page


def test_nobody_elses_seats(client, cast, shop, subscription):
    client.force_login(cast.stranger)
    seat = subscription.assignments.get()
    assert client.post(reverse("storefront:seat_assignments"), {"unassign": seat.pk}).status_code == 303
    seat.refresh_from_db()
    assert seat.ended_at is None
    assert "No seats" in text(client.get(SEATS))
    change = scheduled.change_seats(subscription, seats_after=8, releases=[], origin=shop.origin, at=clock.now())
    assert client.post(reverse("storefront:scheduled_change", args=[change.public_id])).status_code == 404


def test_a_member_neither_sees_nor_changes(client, cast, subscription):
    client.force_login(cast.member)
    assert client.get(SEATS).status_code == 403
    assert client.post(CHANGES, {"seats": 8, "when": "renewal"}).status_code == 403
    assert not ScheduledChange.objects.exists()


def test_search_and_pages_of_people(buyer, cast):
    for number in range(25):
        user = factories.UserFactory(email=f"crew{number:02d}@acme.example", name=f"Crew {number:02d}")
        factories.MembershipFactory(organization=cast.acme, user=user, role=Role.MEMBER)
    assert "Page 1 of 2" in text(buyer.get(SEATS))
    found = text(buyer.get(SEATS, {"q": "crew 07"}))
    assert "crew07@acme.example" in found
    assert "crew08@acme.example" not in found
    assert "Nobody found" in text(buyer.get(SEATS, {"q": "100%_"}))


def test_the_ledger_says_who_what_when_and_from_where(buyer, shop, subscription):
    confirm(buyer, text(buyer.get(SEATS, {"seats": 13})))
    page = text(buyer.get(SEATS))
    assert "Subscription started" in page
    assert "Seats added" in page
    assert "on this page" in page


def test_numbers_that_make_no_sense_show_the_page(buyer):
    for nonsense in ("-3", "abc", "0", "99999999999999999999", "٣"):
        assert buyer.get(SEATS, {"seats": nonsense, "page": nonsense, "before": nonsense}).status_code == 200


def test_six_queries_for_ten_seats_and_for_many(buyer, cast, subscription, django_assert_num_queries):
    buyer.get(SEATS)
    with django_assert_num_queries(6):
        buyer.get(SEATS)
    for _number in range(200):
        membership = factories.MembershipFactory(organization=cast.acme, role=Role.MEMBER)
        subscription.assignments.create(membership=membership, assigned_at=clock.now())
    with django_assert_num_queries(6):
        buyer.get(SEATS)
