"""A shop with the demo catalog on the in-process sandbox, and the verbs by which a test buys, waits and looks."""

import json
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from accounts.origin import Origin, Source
from billing import gateway
from billing.models import Cart, Plan, Subscription
from billing.rules import catalog_file
from billing.services import catalog, checkout, poller
from config import clock, pulse


@dataclass
class Shop:
    """Acme's way through the shop. `origin` is its owner at the pages."""

    sandbox: object
    organization: object
    owner: object

    @property
    def origin(self):
        return Origin(actor=self.owner, source=Source.PAGE)

    @property
    def account(self):
        return self.sandbox.account(settings.STRIPE_SECRET_KEY.removeprefix("sk_test_"))

    def control(self, method, path, **body):
        """Ask the sandbox's own door (not Stripe's API): faults, clock, calls."""
        request = urllib.request.Request(
            f"{settings.STRIPE_API_BASE}/_sandbox/{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def cart(self, seats=10, plan="team", interval="month", currency="usd", organization=None):
        now = clock.now()
        return Cart.objects.create(
            organization=organization or self.organization,
            user=self.owner,
            plan=Plan.objects.get(code=plan),
            seats=seats,
            interval=interval,
            currency=currency,
            created_at=now,
            updated_at=now,
        )

    def start(self, **cart):
        """An open Checkout attempt."""
        return checkout.start(cart=self.cart(**cart), organization=self.organization, origin=self.origin, at=clock.now())

    def pay(self, attempt, number="4242424242424242"):
        """Fill in Stripe's page."""
        submit = import_string("billing.sandbox.engine.checkout.submit")
        card = {"number": number, "exp_month": 12, "exp_year": clock.now().year + 3, "cvc": "123"}
        account = self.account
        with account.lock:
            transaction = account.begin()
            outcome = submit(transaction, attempt.stripe_session_id, card=card, name="Olive Owner", email=self.owner.email)
            account.commit(transaction)
        return outcome

    def buy(self, **cart):
        """A paid subscription, with every event handled."""
        attempt = self.start(**cart)
        self.pay(attempt)
        self.settle()
        return Subscription.objects.get(stripe_id=attempt.__class__.objects.get(pk=attempt.pk).subscription.stripe_id)

    def settle(self):
        """Hear of everything that happened at Stripe, and do everything that is due."""
        poller_row = import_string("billing.models.EventCursor")
        poller_row.objects.update(due_at=clock.wall(), lease_until=None)
        poller.drain(clock.wall())
        pulse.drain_all(only={name: lane for name, lane in pulse.lanes().items() if name != "poller"})

    def advance_to(self, instant):
        """Let time pass in the store and at Stripe alike."""
        answer = self.control("POST", "clock", advance_to=int(instant.timestamp()))
        offset = datetime.fromtimestamp(answer["now"], UTC) - clock.wall()
        self.move_store(max(0, round(offset.total_seconds())))
        self.settle()

    def at_stripe(self, subscription):
        return gateway.subscription(subscription.stripe_id)


@pytest.fixture
def shop(cast, sandbox, monkeypatch):
    """The demo catalog on sale, an empty Stripe account, and acme about to buy."""
    gateway.forget_client()
    built = Shop(sandbox, cast.acme, cast.owner)
    built.control("DELETE", "account")
    offset = {"seconds": 0}
    monkeypatch.setattr(clock, "offset_seconds", lambda: offset["seconds"])
    built.move_store = lambda seconds: offset.update(seconds=seconds)
    text = settings.CATALOG_FILE.read_text()
    wanted = catalog_file.parse(text, languages=[code for code, _name in settings.LANGUAGES])
    catalog.apply(wanted=wanted, at=clock.now(), origin=Origin.system())
    return built


MONTH = timedelta(days=31)
