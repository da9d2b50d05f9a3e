"""Two payment pages for one thing, paid at once: one stands, the other is ended, refunded in full and mailed about."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Journal, OutgoingMail
from billing import gateway
from billing.models import CheckoutAttempt, CheckoutState, StripeCommand, StripeObject, Subscription
from billing.services import commands, inbox
from billing.services.selling import checkout
from config import clock
from tests.billing import killed


def two_paid(shop):
    """Two sessions of one organization, both paid; the store believed the first one expired."""
    first = shop.start(seats=10)
    CheckoutAttempt.objects.filter(pk=first.pk).update(state=CheckoutState.EXPIRED)
    second = shop.start(seats=20)
    shop.pay(first)
    shop.pay(second)
    return first, second


def assert_one_stands(shop, attempts):
    shop.settle()
    for each in attempts:
        each.refresh_from_db()
    kept = next(one for one in attempts if one.state == CheckoutState.APPLIED)
    returned = next(one for one in attempts if one.state == CheckoutState.RETURNED)
    row = Subscription.objects.get()
    assert (kept.subscription, row.quantity, row.ledger.count()) == (row, kept.seats, 1)
    assert gateway.subscription(row.stripe_id).status == "active"
    gone = gateway.subscription(returned.duplicate_stripe_subscription_id)
    paid = gateway.session(returned.stripe_session_id).amount_total
    assert gone.status == "canceled"
    assert [one.amount for one in gateway.refunds(payment_of(gone))] == [paid]
    assert gone.latest_invoice.amount_paid == paid
    mail = OutgoingMail.objects.get(kind="billing/paid_twice", recipient=shop.owner.email)
    assert (mail.context["amount_minor"], mail.context["currency"]) == (paid, "usd")
    assert Journal.objects.filter(kind="billing.checkout.returned").count() == 1
    assert not StripeCommand.objects.filter(state="open").exists()


def payment_of(subscription):
    return subscription.latest_invoice.payments.data[0].payment.payment_intent


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_heard_of_by_two_pulses_and_two_pages_at_once(shop):
    attempts = two_paid(shop)
    inbox_keys = [one.stripe_session_id for one in attempts]
    StripeObject.objects.filter(pk__in=inbox_keys).update(due_at=clock.wall() - timedelta(seconds=1))
    ready = threading.Barrier(4)
    failures = []

    def run(work):
        ready.wait(10)
        try:
            work()
        except Exception as error:  # noqa: BLE001 - shown by the test below
            failures.append(error)
        finally:
            connection.close()

    def look(attempt):
        return lambda: checkout.look_up(CheckoutAttempt.objects.get(pk=attempt.pk))

    works = [lambda: inbox.drain(clock.wall()), lambda: inbox.drain(clock.wall()), look(attempts[0]), look(attempts[1])]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    assert_one_stands(shop, attempts)


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", killed.MOMENTS)
def test_killed_while_giving_the_money_back(shop, moment):
    first, second = two_paid(shop)
    checkout.look_up(second)
    checkout.look_up(CheckoutAttempt.objects.get(pk=first.pk))
    inbox.touch(inbox.Kind.SESSION, first.stripe_session_id)
    while inbox.drain(clock.wall()).handled:
        pass
    command = StripeCommand.objects.get(kind="checkout.return")
    killed.during(lambda: commands.execute(command.pk), at=moment)
    StripeCommand.objects.filter(state="open").update(due_at=clock.wall() - timedelta(seconds=1), lease_until=None)
    assert_one_stands(shop, [first, second])


def test_ended_but_not_refunded_is_not_called_done(shop, monkeypatch):
    """Stripe replays a failure for the refund: the money is still with us, so a person has to hear of it."""
    first, second = two_paid(shop)
    checkout.look_up(second)

    def replayed(*_args, **_kwargs):
        raise gateway.ReplayedFailure("a saved 500")

    monkeypatch.setattr(gateway, "refund", replayed)
    shop.settle()
    command = StripeCommand.objects.get(kind="checkout.return")
    assert command.state == "failed"
    assert Journal.objects.filter(kind="billing.checkout.return_failed").count() == 1
    assert not OutgoingMail.objects.filter(kind="billing/paid_twice").exists()
    first.refresh_from_db()
    assert gateway.subscription(first.duplicate_stripe_subscription_id).status == "canceled"


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_a_double_click_opens_one_page(shop):
    cart = shop.cart()
    ready, found = threading.Barrier(2), []

    def click():
        ready.wait(10)
        try:
            found.append(checkout.start(cart=cart, organization=shop.organization, origin=shop.origin, at=clock.now()))
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _each in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    attempt = CheckoutAttempt.objects.get()
    assert [one.pk for one in found] == [attempt.pk] * 2
    assert attempt.state == CheckoutState.OPEN
    sessions = [call for call in shop.control("GET", "calls")["data"] if call["path"] == "/v1/checkout/sessions"]
    assert len({call["idempotency_key"] for call in sessions}) == 1
