"""A deal accepted at the very moment at which somebody pays in the store: one subscription, and one charge that stays."""

import os
import threading
import time

import pytest
from django.db import connection

from accounts.models import Role
from accounts.origin import Origin, Source
from billing import gateway
from billing.models import BillingDetails, CheckoutAttempt, CheckoutState, QuoteWay, Subscription
from billing.services import commands, faults
from billing.services.quoting import acceptances, quotes
from billing.services.selling import checkout
from config import clock
from offramps.services import cases
from tests import factories
from tests.billing.on_terms import ADDRESS
from tests.offramps import dealing

ROUNDS = int(os.environ.get("STOREFRONT_RACE_ROUNDS", "2"))
LOST = (quotes.QuoteError, checkout.CheckoutError, commands.Busy, faults.GatewayError)


def customer(number):
    """A company with an owner and an address, so that it may pay on invoice."""
    organization = factories.OrganizationFactory(name=f"Racer {number}", country="US", region="na")
    owner = factories.UserFactory()
    factories.MembershipFactory(organization=organization, user=owner, role=Role.OWNER)
    given = {name: value for name, value in ADDRESS.items() if name != "purchase_order"}
    BillingDetails.objects.create(organization=organization, country="US", updated_at=clock.now(), **given)
    return organization, owner


def at_once(*works):
    """Run each in a thread of its own, begun together; what each came to, or raised."""
    ready, came = threading.Barrier(len(works)), [None] * len(works)

    def run(place, work):
        ready.wait(10)
        try:
            came[place] = work()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            came[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(works)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return came


def kept_minor(organization):
    """What was paid and not given back, and what is still asked for, at Stripe."""
    invoices = gateway.call("list", lambda c, o: c.v1.invoices.list({"customer": organization.customer.stripe_id}, o)).data
    given_back = sum(
        refund.amount
        for invoice in invoices
        for payment in (gateway.invoice(invoice.id).payments.data if invoice.amount_paid else [])
        for refund in gateway.refunds(payment.payment.payment_intent)
    )
    paid = sum(one.amount_paid for one in invoices) - given_back
    return paid + sum(one.amount_remaining for one in invoices if one.status == "open")


@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_a_deal_and_the_store_raced(shop, floor):
    rep = floor.rep("Ann")
    factories.rule("billing.payment_days", 30)
    for number in range(ROUNDS):
        organization, owner = customer(number)
        lead = cases.open_for(organization, lead=None, rep=rep, contact={}, at=clock.now(), origin=dealing.by(rep.user))
        quote = dealing.sent(dealing.kept(lead, rep, f"round-{number}")).quote
        page = shop.start(organization, owner, seats=12) if number % 4 < 2 else None  # open already, or opened meanwhile
        way = QuoteWay.INVOICE if number % 2 == 0 else QuoteWay.CARD
        approver = acceptances.Approver(name="Carla", email="c@racer.example", title="CFO", authority="Sole", way=way)

        def accept(quote=quote, approver=approver):
            origin, at = Origin(source=Source.PAGE), clock.now()
            given = {"approver": approver, "due_minor": quote.due_minor, "token": "", "origin": origin, "at": at}
            return acceptances.accept(quote, **given).attempt

        def pay(page=page, who=(organization, owner), late=number % 7 * 0.03):
            """Somebody of the company buys in the store, a moment earlier or later."""
            time.sleep(late)
            attempt = page or shop.start(*who, seats=12)
            if not attempt.url:  # the quote has the claim: the store's page says so and leads nowhere
                return attempt
            shop.pay(attempt)
            return checkout.look_up(attempt)

        accepted, bought = at_once(accept, pay)
        for one in (accepted, bought):
            assert one is None or not isinstance(one, Exception) or isinstance(one, LOST), one
        if getattr(accepted, "state", "") == CheckoutState.OPEN:
            shop.pay(accepted)  # the customer goes on to the page that the quote led to
        shop.settle()
        row = Subscription.objects.live().get(organization=organization)
        quote.refresh_from_db()
        assert row.quantity == (40 if quote.state == "accepted" else 12)
        assert kept_minor(organization) == gateway.invoice(row.latest_invoice_id).total
        assert CheckoutAttempt.objects.filter(organization=organization, state=CheckoutState.APPLIED).count() == 1
        assert not CheckoutAttempt.objects.filter(organization=organization, state__in=("opening", "open")).exists()
