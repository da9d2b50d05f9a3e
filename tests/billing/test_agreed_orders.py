"""What was agreed before somebody is a customer reaches the first order, on every way to buy; the preview is the charge."""

from datetime import timedelta

import pytest

from accounts.origin import Origin, Source
from billing import gateway
from billing.models import Invoice, ProductLine, Quote, Subscription, Terms, TermsKind
from billing.queries import overview
from billing.services.agreeing import terms, terms_sweep
from billing.services.selling import carts, checkout
from config import clock
from tests.billing import on_terms
from tests.billing.calling import Program
from tests.billing.test_quotes import APPROVER, form_of, link_of, of_cart
from tests.shop import text


@pytest.fixture
def agree(cast):
    """An approved exception that holds from today on."""
    rep, decider = cast.staff_member("rep"), cast.staff_member("revenue_operations")

    def make(kind, *, days=80, organization=None, **raw):
        today = clock.now().date()
        wanted = terms.Wanted(
            kind=kind,
            raw=raw,
            line=ProductLine.objects.get(code="fieldnote"),
            owner=rep,
            reason="Signed a reference.",
            starts_on=today,
            ends_on=today + timedelta(days=days),
            nonce=f"{kind}-{days}",
        )
        row = terms.propose(
            organization or cast.acme, wanted=wanted, origin=Origin(actor=rep, source=Source.ADMIN), at=clock.now()
        )
        terms.approve(row.pk, origin=Origin(actor=decider, source=Source.ADMIN), at=clock.now())
        terms_sweep.drain(clock.wall())
        row.refresh_from_db()
        return row

    return make


def test_an_agreed_discount_counts_from_the_first_charge_by_card_on(shop, cast, agree, client):
    row = agree(TermsKind.DISCOUNT, percent_bps=1000)
    cart = shop.cart(seats=10)
    client.force_login(cast.owner)
    page = text(client.get("/cart/"))
    assert "Agreed discount" in page
    assert "Pay $144.00 by card" in page
    assert "$160.00 from" in page  # and when it is over
    told = Program(cast.organization_key).get(f"carts/{cart.public_id}").json()
    assert (told["agreed"]["discount_minor"], told["charge"]["total_minor"]) == (1_600, 14_400)
    attempt = checkout.start(cart=cart, organization=cast.acme, origin=shop.origin, at=clock.now())
    assert checkout.start(cart=cart, organization=cast.acme, origin=shop.origin, at=clock.now()).pk == attempt.pk
    shop.pay(attempt)
    shop.settle()
    bought = Subscription.objects.get()
    assert Invoice.objects.get().total_minor == 14_400
    assert [one.terms for one in bought.discounts.filter(ended_at=None)] == [row]
    assert overview.standing(cast.acme).next_charge.due_minor == 14_400
    # What ended while it was open, or since, is off the subscription.
    terms.end_early(row.pk, reason="By mistake.", origin=Origin(actor=row.approver), at=clock.now())
    shop.settle()
    assert not bought.discounts.filter(ended_at=None).exists()


def test_of_one_that_ends_while_the_page_is_open_only_the_first_charge_is_less(shop, cast, agree):
    row = agree(TermsKind.DISCOUNT, percent_bps=1000)
    attempt = shop.start(seats=10)
    terms.end_early(row.pk, reason="By mistake.", origin=Origin(actor=row.approver), at=clock.now())
    shop.settle()
    shop.pay(attempt)
    shop.settle()
    shop.settle()
    bought = Subscription.objects.get()
    assert Invoice.objects.get().total_minor == 14_400  # as it was shown
    params = {"customer": cast.acme.customer.stripe_id, "subscription": bought.stripe_id}
    assert gateway.preview_invoice(params).amount_due == 16_000
    assert not bought.discounts.filter(ended_at=None).exists()


def test_it_counts_on_invoice_and_a_code_does_not_come_on_top(shop, cast, agree, client):
    agree(TermsKind.DISCOUNT, percent_bps=1000)
    cart = carts.enter_code(cart=shop.cart(seats=10), code="WELCOME20", at=clock.now(), origin=shop.origin)
    client.force_login(cast.owner)
    assert "You have a discount already" in text(client.get("/cart/"))
    with pytest.raises(checkout.CodeRefused):
        checkout.start(cart=cart, organization=cast.acme, origin=shop.origin, at=clock.now())
    carts.enter_code(cart=cart, code="", at=clock.now(), origin=shop.origin)
    bought = on_terms.buy(shop, seats=10)
    invoice = Invoice.objects.get(stripe_id=bought.latest_invoice_id)
    assert (bought.is_invoiced, invoice.total_minor) == (True, 14_400)


def test_a_quote_is_made_with_it_and_keeps_it_though_it_was_taken_back(shop, cast, agree, client):
    row = agree(TermsKind.DISCOUNT, percent_bps=1000, days=9)
    quote = of_cart(shop, seats=10)
    assert (quote.due_minor, quote.valid_on) == (14_400, row.ends_on - timedelta(days=1))
    terms.end_early(row.pk, reason="By mistake.", origin=Origin(actor=row.approver), at=clock.now())
    page = text(client.get(link_of(quote)))
    assert "Agreed discount" in page
    assert form_of(page) == {"due": "14400"}
    gone = client.post(link_of(quote), APPROVER | form_of(page)).headers["Location"]
    shop.pay(gone)
    shop.settle()
    assert (Quote.objects.get().state, Invoice.objects.get().total_minor) == ("accepted", 14_400)


def test_a_trial_shows_the_agreed_price_of_its_first_charge(shop, cast, agree, client):
    agree(TermsKind.DISCOUNT, percent_bps=1000)
    shop.cart(seats=10, is_trial=True)
    client.force_login(cast.owner)
    assert "$144.00 is charged if you have added a card" in text(client.get("/cart/"))
    Terms.objects.update(ends_at=clock.now() + timedelta(days=10))  # over before the trial is
    assert "$160.00 is charged if you have added a card" in text(client.get("/cart/"))


def test_an_agreed_seat_ceiling_is_bought_online(shop, cast, agree, client):
    plan = shop.cart(seats=10).plan
    most = plan.seats_max + 50
    client.force_login(cast.owner)
    wanted = {"plan": "fieldnote/team", "interval": "month", "currency": "usd", "seats": most}
    assert client.post("/cart/", wanted).status_code == 422
    assert Program(cast.organization_key).post("carts", wanted).status_code == 422
    agree(TermsKind.SEAT_CEILING, seats=most)
    assert client.post("/cart/", wanted).status_code == 302
    assert f"to {most} seats can be bought here" in text(client.get("/cart/"))
    assert Program(cast.organization_key).post("carts", wanted).status_code == 201
    assert client.post("/cart/", wanted | {"seats": most + 1}).status_code == 422
    assert shop.buy(seats=most).quantity == most
