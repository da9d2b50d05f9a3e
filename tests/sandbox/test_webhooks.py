"""Deliveries: signed as stripe-python verifies them, retried, and as unruly as asked."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe


class Receiver:
    """A store's webhook address that answers as told and keeps what it got."""

    def __init__(self):
        self.got = []
        self.answers = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((body, self.headers["Stripe-Signature"]))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?x=1"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def wait(self, count, seconds=5):
        end = time.monotonic() + seconds
        while len(self.got) < count and time.monotonic() < end:
            time.sleep(0.01)
        return self.got


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def endpoint(client, receiver):
    return client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created", "customer.updated"]})


def test_signed_and_only_what_was_asked_for(client, receiver, endpoint):
    assert endpoint.secret.startswith("whsec_")
    assert client.v1.webhook_endpoints.retrieve(endpoint.id).secret is None
    client.v1.products.create({"name": "Team"})
    customer = client.v1.customers.create({"email": "ada@acme.example"})
    body, signature = receiver.wait(1)[0]
    event = client.construct_event(body, signature, endpoint.secret)
    assert (event.type, event.data.object["id"]) == ("customer.created", customer.id)
    with pytest.raises(stripe.SignatureVerificationError):
        client.construct_event(body + b" ", signature, endpoint.secret)
    time.sleep(0.1)
    assert len(receiver.got) == 1
    assert client.v1.events.list({"type": "customer.created"}).data[0].pending_webhooks == 0


def test_a_refused_delivery_comes_again(client, receiver, endpoint):
    receiver.answers = [500]
    client.v1.customers.create({"email": "ada@acme.example"})
    first, second = receiver.wait(2)
    assert first[0] == second[0]


def test_duplicates(client, receiver, endpoint, control):
    control("POST", "webhooks", duplicate=1.0)
    client.v1.customers.create({"email": "ada@acme.example"})
    bodies = [body for body, _ in receiver.wait(2)]
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


def test_withheld_and_released_in_another_order(client, receiver, endpoint, control):
    control("POST", "webhooks", withhold=True, shuffle=True, seed=4)
    for number in range(8):
        client.v1.customers.create({"email": f"{number}@acme.example"})
    time.sleep(0.1)
    assert receiver.got == []
    assert control("POST", "webhooks/release") == {"released": 8}
    bodies = [body for body, _ in receiver.wait(8)]
    mails = [client.construct_event(body, signature, endpoint.secret).data.object["email"] for body, signature in receiver.got]
    assert len(bodies) == 8
    assert mails != sorted(mails)
    assert sorted(mails) == [f"{number}@acme.example" for number in range(8)]


def test_disabled_and_deleted_endpoints_get_nothing(client, receiver, endpoint):
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    client.v1.customers.create({"email": "ada@acme.example"})
    client.v1.webhook_endpoints.delete(endpoint.id)
    client.v1.customers.create({"email": "bob@acme.example"})
    time.sleep(0.1)
    assert receiver.got == []
