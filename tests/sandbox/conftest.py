"""The real stripe-python against a sandbox in this process: one server for the session, one account a test."""

import itertools
import json
import urllib.request

import pytest
import stripe

from billing.sandbox import api, contract
from billing.sandbox.engine import checkout, intents
from billing.sandbox.server import Sandbox
from tests.sandbox.browsing import Browser

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def sandbox():
    server = Sandbox()
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _answers_have_the_declared_shape(monkeypatch):
    """Hold every successful answer, and every event's object, against stripe-python's resource classes."""
    wrong = set()
    run = api._run

    def watched(exchange, verb, found, params):
        status, body = run(exchange, verb, found, params)
        if status == 200:
            events = (
                [row["data"]["object"] for row in body.get("data", []) if row.get("object") == "event"]
                if body["object"] == "list"
                else []
            )
            for thing in [body, *events]:
                wrong.update(f"{thing.get('object')} {violation}" for violation in contract.violations(thing))
        return status, body

    monkeypatch.setattr(api, "_run", watched)
    yield
    assert sorted(wrong) == []


@pytest.fixture
def key():
    return f"sk_test_{next(NUMBERS)}"


@pytest.fixture
def client(sandbox, key):
    """A client of a fresh account."""
    return stripe.StripeClient(key, base_addresses={"api": sandbox.base_url}, max_network_retries=0)


@pytest.fixture
def account(sandbox, key):
    """The account behind the client, for looking behind the curtain."""
    return sandbox.account(key.removeprefix("sk_test_"))


@pytest.fixture
def control(sandbox, key):
    """Call one of the sandbox's own controls: control("POST", "clock", advance_by=60)."""

    def call(method, name, **body):
        request = urllib.request.Request(
            f"{sandbox.base_url}/_sandbox/{name}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {key}"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    return call


@pytest.fixture
def shop(client):
    return Shop(client)


class Shop:
    """A small catalog and the verbs that most stories begin with."""

    def __init__(self, client):
        self.client = client.v1
        self.product = self.client.products.create({"name": "Team"})

    def price(self, amount=1000, currency="usd", interval="month", count=1, **extra):
        params = {
            "product": self.product.id,
            "currency": currency,
            "recurring": {"interval": interval, "interval_count": count},
            **extra,
        }
        if "tiers" not in extra:
            params["unit_amount"] = amount
        return self.client.prices.create(params)

    def customer(self, card="pm_card_visa", clock=None, **extra):
        if clock:
            extra["test_clock"] = clock
        customer = self.client.customers.create({"email": "ada@acme.example", "name": "Acme", **extra})
        if card:
            self.card(customer.id, card)
        return self.client.customers.retrieve(customer.id)

    def card(self, customer, card):
        method = self.client.payment_methods.attach(card, {"customer": customer})
        self.client.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
        return method

    def clock(self, at):
        return self.client.test_helpers.test_clocks.create({"frozen_time": at})

    def advance(self, clock, to):
        return self.client.test_helpers.test_clocks.advance(clock, {"frozen_time": to})

    def subscribe(self, customer, price, quantity=1, **extra):
        return self.client.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id, "quantity": quantity}], **extra}
        )

    def invoice(self, identity, *expand):
        return self.client.invoices.retrieve(identity, {"expand": list(expand)})

    def lines(self, identity):
        return [(line.amount, line.description) for line in self.invoice(identity).lines.data]

    def intent(self, invoice):
        """The payment intent behind an invoice."""
        row = self.invoice(invoice, "payments.data.payment.payment_intent")
        return row.payments.data[-1].payment.payment_intent

    def story(self, quantity=10, card="pm_card_visa"):
        """A customer with seats, half a month later, with this card: (clock id, customer, subscription, item)."""
        clock = self.clock(1_780_000_000)
        customer = self.customer(clock=clock.id)
        subscription = self.subscribe(customer, self.price(1000), quantity)
        if card != "pm_card_visa":
            self.card(customer.id, card)
        item = subscription["items"].data[0]
        self.advance(clock.id, (item.current_period_start + item.current_period_end) // 2)
        return clock.id, customer, subscription, item

    def more_seats(self, subscription, item, quantity=20, **extra):
        """An increase as the store asks for it."""
        return self.client.subscriptions.update(
            subscription.id,
            {
                "items": [{"id": item.id, "quantity": quantity}],
                "proration_behavior": "always_invoice",
                "payment_behavior": "pending_if_incomplete",
                **extra,
            },
        )


CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}


@pytest.fixture
def submit(account):
    """Submit a session's card form, as its page does."""

    def send(session, number=CARD["number"], **extra):
        with account.lock:
            tx = account.begin()
            outcome = checkout.submit(
                tx, session, card={**CARD, "number": number}, name="Ada", email="ada@acme.example", **extra
            )
            account.commit(tx)
        return outcome

    return send


@pytest.fixture
def browser(sandbox):
    return Browser(sandbox)


@pytest.fixture
def store(client):
    """The API with an account of its own."""
    return client.v1


@pytest.fixture
def customer(store):
    return store.customers.create({"email": "owner@acme.example", "name": "Acme"}).id


@pytest.fixture
def authenticate(account):
    """Answer a bank's question about a payment."""

    def answer(intent, *, succeed):
        with account.lock:
            tx = account.begin()
            intents.authenticate(tx, intent, succeed=succeed)
            account.commit(tx)

    return answer
