"""The door for webhooks: what holds is kept by one statement, all else writes nothing."""

import json
import time

from billing import gateway
from billing.models import InboxEvent, StripeObject
from tests import webhooks


def test_an_event_is_kept_by_one_statement_and_no_call_to_stripe(client, db, monkeypatch, django_assert_max_num_queries):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a webhook is accepted without asking Stripe")

    monkeypatch.setattr(gateway, "call", refuse)
    with django_assert_max_num_queries(3) as counted:
        assert webhooks.send(client, webhooks.EVENT).status_code == 200
    assert len(counted.captured_queries) == 1
    kept = InboxEvent.objects.get()
    assert (kept.stripe_id, kept.type, kept.object_key, kept.source) == ("evt_1", webhooks.EVENT["type"], "sub_1", "webhook")
    assert (kept.payload, kept.handled_at) == (webhooks.EVENT, None)
    marked = StripeObject.objects.get()
    assert (marked.key, marked.kind, marked.dirty, marked.cleaned) == ("sub_1", "subscription", 1, 0)


def test_a_signature_that_does_not_hold_writes_nothing(client, db, django_assert_num_queries):
    body = json.dumps(webhooks.EVENT).encode()
    now = time.time()
    bad = {
        "missing": "",
        "empty": "t=,v1=",
        "no digest": f"t={int(now)}",
        "another secret": webhooks.signed(body, secret="whsec_other"),
        "another body": webhooks.signed(b"{}"),
        "stale": webhooks.signed(body, at=now - 301),
        # A minute beyond the five, because time passes while the requests before it are answered.
        "from the future": webhooks.signed(body, at=now + 360),
        "stale beside a good time": webhooks.signed(body, at=now - 400) + f",t={int(now)}",
        "not ASCII": "t=ü,v1=ß",
    }
    for name, header in bad.items():
        with django_assert_num_queries(0):
            answer = client.post(
                "/webhooks/stripe/", body, content_type="application/json", headers={"Stripe-Signature": header}
            )
        assert answer.status_code == 400, name
    assert not InboxEvent.objects.exists()
    assert not StripeObject.objects.exists()


def test_what_is_signed_and_no_event_writes_nothing(client, db, django_assert_num_queries):
    for body in (b"", b"[]", b"{", b'{"id": "evt_1"}', b'{"id": 1, "type": "customer.updated", "created": 1}', b"\xff"):
        with django_assert_num_queries(0):
            answer = client.post(
                "/webhooks/stripe/", body, content_type="application/json", headers={"Stripe-Signature": webhooks.signed(body)}
            )
        assert (answer.status_code, answer.content) == (400, b"The body is no event."), body


def test_without_a_secret_nothing_is_taken(client, db, settings):
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert webhooks.send(client, webhooks.EVENT, secret="").status_code == 400
    assert not InboxEvent.objects.exists()


def test_a_webhook_passes_by_what_pages_need(client, db):
    """No session, no language, no policy for scripts; but a request id, as on every answer."""
    answer = webhooks.send(client, webhooks.EVENT)
    assert not answer.cookies
    assert "Content-Security-Policy" not in answer.headers
    assert "Content-Language" not in answer.headers
    assert answer.headers["X-Request-ID"]
    assert answer.headers["Content-Length"] == "0"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_signature_within_five_minutes_holds_to_either_side(client, db):
    for number, shift in enumerate((-290, 0, 290)):
        assert webhooks.send(client, webhooks.EVENT | {"id": f"evt_{number}"}, at=time.time() + shift).status_code == 200
    assert InboxEvent.objects.count() == 3


def test_the_same_event_counts_once(client, db):
    for _again in range(3):
        assert webhooks.send(client, webhooks.EVENT).status_code == 200
    assert InboxEvent.objects.count() == 1
    assert StripeObject.objects.get().dirty == 1
    webhooks.send(client, webhooks.EVENT | {"id": "evt_2"})
    assert StripeObject.objects.get().dirty == 2


def test_types_that_nobody_asked_for_are_answered_and_not_kept(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert webhooks.send(client, webhooks.EVENT | {"type": "balance.available"}).status_code == 200
    assert not InboxEvent.objects.exists()


def test_only_post(client, db):
    assert client.get("/webhooks/stripe/").status_code == 405
