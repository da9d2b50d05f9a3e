"""Another card: asked for on Stripe's page, then used for everything to come."""

from datetime import timedelta

import pytest

from accounts.models import OutgoingMail
from billing import gateway
from billing.models import CommandState, Customer, Invoice, StripeCommand
from billing.services.selling import cards
from config import clock

MASTERCARD = "5555555555554444"


def start(shop):
    return cards.start_setup(shop.organization, origin=shop.origin, at=clock.now())


def test_without_a_purchase_there_is_nothing_to_pay_by_card(shop):
    with pytest.raises(cards.NoCustomer):
        start(shop)


def test_the_new_card_pays_for_everything(shop):
    row = shop.buy(seats=5)
    command = start(shop)
    assert command.result["url"].startswith("http://127.0.0.1:")
    shop.pay(command.result["url"], number=MASTERCARD)
    assert cards.look_up(command.result["session"], shop.organization)
    customer = Customer.objects.get(organization=shop.organization)
    assert (customer.card_brand, customer.card_last4) == ("mastercard", "4444")
    at_stripe = gateway.subscription(row.stripe_id)
    assert at_stripe.default_payment_method.id == customer.payment_method_id
    assert OutgoingMail.objects.filter(kind="billing/card_changed", recipient=shop.owner.email).count() == 1


def test_coming_back_and_the_event_use_it_once(shop):
    shop.buy(seats=5)
    command = start(shop)
    shop.pay(command.result["url"], number=MASTERCARD)
    shop.settle()
    assert cards.look_up(command.result["session"], shop.organization)
    assert StripeCommand.objects.filter(kind="card.use", state=CommandState.DONE).count() == 1


def test_a_session_of_somebody_else_changes_nothing(shop, cast):
    shop.buy(seats=5)
    command = start(shop)
    shop.pay(command.result["url"], number=MASTERCARD)
    assert not cards.look_up(command.result["session"], cast.globex)
    assert not StripeCommand.objects.filter(kind="card.use").exists()


def test_coming_back_without_a_card_changes_nothing(shop):
    shop.buy(seats=5)
    command = start(shop)
    assert not cards.look_up(command.result["session"], shop.organization)
    assert Customer.objects.get(organization=shop.organization).card_last4 == "4242"


def test_the_new_card_pays_the_renewal_that_failed(shop):
    row = shop.buy(seats=5)
    shop.control("POST", "next_payment", outcome="declined")
    shop.advance_to(row.period_ends_at + timedelta(hours=2))
    row.refresh_from_db()
    assert row.status == "past_due"
    command = start(shop)
    shop.pay(command.result["url"], number=MASTERCARD)
    shop.settle()
    row.refresh_from_db()
    assert row.status == "active"
    assert Invoice.objects.get(stripe_id=row.latest_invoice_id).status == "paid"
