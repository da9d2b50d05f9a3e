"""Coming back: one click fills the cart with what one had at today's prices, and who had a seat is in again."""

import re
from dataclasses import replace

import pytest

from accounts.models import Membership
from billing.models import Cart, Invoice, SeatAssignment
from billing.queries import overview
from billing.rules.tax import Levy
from billing.services import people
from billing.services.leaving import endings
from billing.services.selling import checkout
from config import clock, words
from storefront import return_words, tax_words
from tests.billing.calling import Program, assert_problem
from tests.shop import text

RETURN = "/subscription/return/"


@pytest.fixture
def lapsed(shop, cast):
    """Acme had ten seats, its member one of them, and blueprints."""

    def make():
        row = shop.buy(seats=10)
        shop.advance(days=10)
        row = shop.fresh(row)
        member = Membership.objects.get(organization=cast.acme, user=cast.member)
        people.assign(subscription=row, membership_ids=[member.pk], origin=shop.origin, at=clock.now())
        token = endings.offer(row, is_owner=True, at=clock.now()).token
        said = {"reason_code": "closed", "reason": "", "origin": shop.origin, "at": clock.now()}
        endings.end(row, token=token, is_owner=True, **said)
        shop.settle()
        return shop.fresh(row)

    return shop.kept("lapsed", make)


def test_one_click_and_everybody_is_in_again(client, shop, cast, lapsed):
    client.force_login(cast.owner)
    page = text(client.get("/"))
    assert "Team with 10 seats for $160 a month, as it is sold now. 2 people get their seats back." in page
    assert "Come back with what you had" in page
    page = text(client.post(RETURN, {"line": "fieldnote"}, follow=True))
    assert "2 people get their seats back." in page
    assert "From your credit" in page
    due = re.search(r"Pay (\$[\d.]+) by card", page)[1]
    assert 50 < float(due[1:]) < 60, "as two thirds are paid by what was given back at the end"
    cart = Cart.objects.get(state="open")
    assert (cart.plan.code, cart.seats, cart.interval, cart.is_trial, cart.back_from) == ("team", 10, "month", False, lapsed)
    assert "Continue your cart" in text(client.get("/"))
    attempt = checkout.start(cart=cart, organization=cast.acme, origin=shop.origin, at=clock.now())
    shop.pay(attempt)
    shop.settle()
    attempt.refresh_from_db()
    row = shop.fresh(attempt.subscription)
    seated = SeatAssignment.objects.filter(subscription=row, ended_at=None)
    assert {seat.membership.user for seat in seated} == {cast.owner, cast.member}
    paid = Invoice.objects.get(subscription=row)
    assert (words.money(paid.amount_paid_minor, "usd"), row.organization.customer.balance_minor) == (due, 0)
    assert client.post(RETURN, {"line": "fieldnote"}).url == "/"


@pytest.mark.parametrize(
    ("levy", "said"),
    [
        (Levy(), ""),
        (Levy(name="VAT", percent="19"), "19% VAT on top."),
        (Levy(name="VAT", percent="19", inclusive=True), "19% VAT included."),
        (Levy(name="VAT", percent="19", exempt="reverse"), ""),
        (Levy(is_automatic=True), "Tax comes on top, worked out on the day."),
    ],
)
def test_a_price_that_is_said_alone_says_whether_tax_is_in_it(levy, said):
    assert tax_words.of_price(levy) == said


def test_what_is_come_back_to_is_said_with_its_tax(client, shop, cast, lapsed):
    standing = overview.standing(cast.acme)
    assert return_words.shown(standing).text.endswith("as it is sold now.")
    taxed = replace(standing, levy=Levy(name="VAT", percent="19"))
    assert return_words.shown(taxed).text.endswith("as it is sold now. 19% VAT on top.")


def test_by_the_api(cast, lapsed):
    own = Program(cast.organization_key)
    made = own.post("subscription/returns", {})
    assert (made.status_code, made.json()["plan"], made.json()["seats"]) == (201, "fieldnote/team", 10)


def test_there_is_nothing_to_come_back_to(client, shop, cast):
    own = Program(cast.organization_key)
    assert_problem(own.post("subscription/returns", {}), 409, "nothing-to-return-to")
    client.force_login(cast.owner)
    assert client.post(RETURN, {}).url == "/"
