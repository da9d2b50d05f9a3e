"""Webhooks as Stripe signs them, for tests that knock at the door."""

import hashlib
import hmac
import json
import time

from django.conf import settings

EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "customer.subscription.updated",
    "created": 1_767_225_600,
    "data": {"object": {"id": "sub_1", "object": "subscription"}},
}


def signed(body, *, secret=None, at=None):
    stamp = int(at if at is not None else time.time())
    text = f"{stamp}.".encode() + body
    digest = hmac.new((settings.STRIPE_WEBHOOK_SECRET if secret is None else secret).encode(), text, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def send(client, event, **signature):
    body = json.dumps(event).encode()
    return client.post(
        "/webhooks/stripe/",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature.pop("header", None) or signed(body, **signature)},
    )
