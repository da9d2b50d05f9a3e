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
from tests.shop import text


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


def test_too_many_looks_say_how_long_to_wait(shop, client_of_nobody, monkeypatch):
    link = link_of(of_cart(shop, plan="fieldnote/starter", seats=3))
    monkeypatch.setattr(limits, "is_over", lambda *_asked: True)
    for path in (link, f"{link}pdf/"):
        refused = client_of_nobody.get(path)
        assert (refused.status_code, 0 < int(refused.headers["Retry-After"]) <= 3_600) == (429, True)
        assert re.search(r"Try the link again in \d+ minute", text(refused))
