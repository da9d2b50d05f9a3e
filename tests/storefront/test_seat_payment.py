"""An increase that waits for its payment: why, one mail, the way there and back, and whom the seats are for."""

import re

import pytest
from django.urls import reverse

from accounts.models import OutgoingMail
from billing.models import ChangeState, SeatAssignment, SeatChange
from config import clock
from tests.shop import text

SEATS = "/seats/"
CHANGES = "/seats/changes/"
HX = {"HX-Request": "true"}


@pytest.fixture
def subscription(shop, cast):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def buyer(client, cast, subscription):
    client.force_login(cast.owner)
    return client


def confirm(client, seats=13, **more):
    page = text(client.get(SEATS, {"seats": seats}))
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    return client.post(CHANGES, {"token": token, "seats": seats, **more})


@pytest.fixture
def wait(buyer, shop):
    """Make an increase wait, as the bank's answer has it."""

    def make(outcome="requires_action", **more):
        shop.control("POST", "next_payment", outcome=outcome)
        confirm(buyer, **more)
        shop.settle()
        return SeatChange.objects.get()

    return make


def address(change):
    return reverse("storefront:seat_change", args=[change.public_id])


def polled(page):
    """The address that the page asks again."""
    return re.search(r'hx-get="([^"]+)" hx-trigger="every \ds"', page)[1]


# --- Why, and by mail -------------------------------------------------------------------------------------------------


def test_a_confirmation_is_called_one(buyer, wait):
    page = text(buyer.get(address(wait())))
    assert "Your bank wants you to confirm the payment (3-D Secure)." in page
    assert "declined" not in page


def test_a_decline_is_called_one_with_the_banks_words(buyer, wait):
    change = wait("declined")
    page = text(buyer.get(address(change)))
    assert "Your bank declined the payment: “Your card was declined.”" in page
    assert "3-D Secure" not in page


@pytest.mark.parametrize(("outcome", "refusal"), [("requires_action", ""), ("declined", "Your card was declined.")])
def test_one_mail_to_each_who_decides_says_why(wait, cast, outcome, refusal):
    OutgoingMail.objects.all().delete()
    wait(outcome)
    mails = OutgoingMail.objects.order_by("recipient")
    assert [mail.kind for mail in mails] == ["billing/seats_waiting"] * 2
    assert {mail.recipient for mail in mails} == {cast.owner.email, cast.billing_admin.email}
    assert {mail.context["refusal"] for mail in mails} == {refusal}


def test_an_overdue_renewal_is_still_mailed_of(shop, subscription):
    shop.control("POST", "next_payment", outcome="declined", customer=subscription.organization.customer.stripe_id)
    shop.advance(days=32)
    assert OutgoingMail.objects.filter(kind="billing/payment_failed").exists()


def test_once_paid_nothing_of_the_decline_is_left(buyer, wait, shop):
    change = wait("declined")
    shop.pay_invoice(buyer.get(reverse("storefront:seat_change_payment", args=[change.public_id])).url)
    shop.settle()
    change.refresh_from_db()
    assert (change.state, change.message) == (ChangeState.DONE, "")


# --- There and back ---------------------------------------------------------------------------------------------------


def test_the_payment_page_opens_beside_this_one_and_the_page_says_so(buyer, wait):
    change = wait()
    page = text(buyer.get(address(change)))
    pay = reverse("storefront:seat_change_payment", args=[change.public_id])
    assert f'href="{pay}" target="_blank" rel="noopener"' in page
    assert "The payment page opens in a new tab." in page
    assert f'no-js"><a class="button" data-size="small" href="{address(change)}"' in page


def test_home_and_timeline_lead_to_the_waiting_page(buyer, wait):
    change = wait()
    for page in (text(buyer.get("/")), text(buyer.get(SEATS))):
        event = re.search(r'data-kind="warn".*?</li>', page, re.DOTALL)[0]
        assert f'href="{address(change)}"' in event
        assert "Finish paying" in event
        assert "Drop the change" in event
        assert "/payment/" not in page


def test_nothing_is_swapped_while_nothing_changes(buyer, wait, shop):
    change = wait()
    again = polled(text(buyer.get(address(change))))
    assert buyer.get(again, headers=HX).status_code == 204
    shop.pay_invoice(buyer.get(reverse("storefront:seat_change_payment", args=[change.public_id])).url)
    shop.settle()
    response = buyer.get(again, headers=HX)
    assert response.status_code == 200
    part = text(response)
    assert "13 seats" in part
    assert "hx-get" not in part


def test_asking_ends_after_two_hours_with_a_button(buyer, wait):
    change = wait()
    asked = {"seen": "waiting", "since": int(clock.wall().timestamp()) - 3 * 3600}
    part = text(buyer.get(address(change), asked, headers=HX))
    assert "hx-get" not in part
    assert 'class="purchase__look"' in part


@pytest.mark.parametrize("nonsense", ["-1", "abc", "99999999999999", "٣"])
def test_an_instant_that_is_none_is_now(buyer, wait, nonsense):
    change = wait()
    assert buyer.get(address(change), {"seen": "waiting", "since": nonsense}, headers=HX).status_code == 204


# --- Whom they are for ------------------------------------------------------------------------------------------------


def test_members_without_a_seat_can_be_chosen_while_buying(buyer, cast, subscription):
    page = text(buyer.get(SEATS, {"seats": 13}))
    mine = cast.membership(cast.member)
    assert f'name="member" value="{mine.pk}"' in page
    assert f'name="member" value="{cast.membership(cast.owner).pk}"' not in page  # has one
    assert confirm(buyer, member=mine.pk).status_code == 303
    assert SeatAssignment.objects.filter(subscription=subscription, membership=mine, ended_at=None).exists()


def test_the_chosen_wait_with_the_payment(buyer, cast, wait, shop, subscription):
    mine = cast.membership(cast.member)
    change = wait(member=mine.pk)
    assert str(cast.member) in text(buyer.get(address(change)))
    assert not mine.seats.exists()
    shop.pay_invoice(buyer.get(reverse("storefront:seat_change_payment", args=[change.public_id])).url)
    shop.settle()
    assert mine.seats.filter(subscription=subscription, ended_at=None).exists()


def test_more_people_than_seats_are_refused_before_anything_is_charged(buyer, cast, subscription):
    subscription.quantity = 1
    subscription.save(update_fields=["quantity"])
    ids = [cast.membership(cast.member).pk, cast.membership(cast.billing_admin).pk]
    response = buyer.post(CHANGES, {"token": "any", "seats": 2, "member": ids})
    assert response.status_code == 422
    assert "There will be 1 free seat" in text(response)
    assert not SeatChange.objects.exists()


def test_a_stranger_is_not_given_a_seat(buyer, cast, subscription):
    stranger = cast.membership(cast.stranger)
    assert confirm(buyer, member=stranger.pk).status_code == 303
    assert not stranger.seats.exists()
