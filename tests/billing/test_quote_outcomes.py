"""What is said of a quote once it was accepted: the amount of its invoice, to its approver too; and of one that failed."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import OutgoingMail
from billing.models import Invoice, SeatChange, Subscription
from billing.services.changes import seat_increases
from config import clock, words
from storefront import limits
from tests.billing.test_quotes import APPROVER, form_of, link_of, of_cart, of_seats
from tests.shop import DECLINED, text


@pytest.fixture
def row(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


@pytest.fixture
def buyer(client, cast):
    client.force_login(cast.owner)
    return client


@pytest.fixture
def client_of_nobody():
    return Client()


def test_the_amount_of_another_day_is_that_of_the_invoice_afterwards(shop, row, buyer, client_of_nobody):
    quote = of_seats(shop, row, 13)
    Subscription.objects.update(collection_method="send_invoice")
    page = text(client_of_nobody.get(link_of(quote)))
    assert ("Invoiced then" in page, "Charged then" in page, "paid for already" in page) == (True, False, False)
    Subscription.objects.update(collection_method="charge_automatically")
    shop.advance_to(clock.now() + timedelta(days=5))
    client_of_nobody.post(link_of(quote), APPROVER | form_of(text(client_of_nobody.get(link_of(quote)))))
    shop.settle()
    invoice = Invoice.objects.get(stripe_id=SeatChange.objects.get().stripe_invoice_id)
    assert 0 < invoice.total_minor < quote.due_minor
    said = f"{words.money(invoice.total_minor, 'usd')} on invoice {invoice.number}"
    for page in (buyer.get(f"/quotes/{quote.public_id}/"), client_of_nobody.get(link_of(quote))):
        assert (said in text(page), words.money(quote.due_minor, "usd") in text(page)) == (True, False)


def test_the_approver_hears_that_it_was_not_made(shop, row, client_of_nobody):
    quote = of_seats(shop, row, 12)
    shop.control("POST", "next_payment", outcome="insufficient_funds")
    client_of_nobody.post(link_of(quote), APPROVER | form_of(text(client_of_nobody.get(link_of(quote)))))
    change = SeatChange.objects.get()
    seat_increases.drop(change, origin=shop.origin, at=clock.now())
    shop.settle()
    told = OutgoingMail.objects.get(kind="billing/quote_failed")
    assert (told.recipient, told.context["number"]) == (APPROVER["email"], quote.number)
    assert not OutgoingMail.objects.filter(kind="billing/quote_done").exists()


def test_a_yes_whose_payment_page_is_left_is_told_once_with_what_to_do(shop, buyer, client_of_nobody):
    quote = of_cart(shop, plan="fieldnote/starter", seats=3)
    link, own = link_of(quote), f"/quotes/{quote.public_id}/"

    def accept():
        return client_of_nobody.post(link, APPROVER | form_of(text(client_of_nobody.get(link)))).headers["Location"]

    shop.pay(accept(), DECLINED)
    assert ("Accepted, not paid" in text(buyer.get(own)), "It is not paid yet; it can be until" in text(buyer.get(own))) == (
        True,
        True,
    )
    for _page in "12":  # left, accepted again on another day, and left again
        shop.advance(days=1, minutes=5)
        shop.settle()
        for page in (buyer.get(own), client_of_nobody.get(link)):
            assert "but it was not paid: nothing was charged" in text(page)
        accept()
    told = OutgoingMail.objects.filter(kind="billing/quote_failed").order_by("pk")
    assert sorted(told.values_list("recipient", flat=True)) == [APPROVER["email"]] * 2 + [shop.owner.email] * 2
    mine = told.filter(recipient=shop.owner.email)[0]
    assert (mine.context["is_left"], mine.context["approver"], mine.context["open_url"][-len(own) :]) == (
        True,
        "Frida Finance",
        own,
    )
    buyer.post(own, {"action": "withdraw"})  # ends the page that is open: that is no news
    shop.settle()
    assert told.count() == 4


def test_too_many_looks_say_how_long_to_wait(shop, client_of_nobody, monkeypatch):
    link = link_of(of_cart(shop, plan="fieldnote/starter", seats=3))
    monkeypatch.setattr(limits, "is_over", lambda *_asked: True)
    for path in (link, f"{link}pdf/"):
        refused = client_of_nobody.get(path)
        assert (refused.status_code, 0 < int(refused.headers["Retry-After"]) <= 3_600) == (429, True)
        assert re.search(r"Try the link again in \d+ minute", text(refused))
