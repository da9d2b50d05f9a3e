"""How many statements a call of the API takes, the key's own among them: reads, and writes that ask Stripe nothing or do."""

import functools
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey
from billing.models import Subscription
from config import clock
from tests.billing.calling import Program

READS = {
    "v1:agreement": 3,
    "v1:agreements": 3,
    "v1:billing_contact": 3,
    "v1:billing_contacts": 3,
    "v1:billing_details": 4,
    "v1:cart": 3,
    "v1:carts": 3,
    "v1:checkout": 3,
    "v1:checkouts": 3,
    "v1:closure": 5,
    "v1:collection": 6,
    "v1:credit_note": 3,
    "v1:credit_notes": 3,
    "v1:invitation": 3,
    "v1:invoice": 4,
    "v1:join_request": 3,
    "v1:join_requests": 3,
    "v1:one_subscription": 3,
    "v1:payment_method": 3,
    "v1:quote": 3,
    "v1:quote_pdf": 3,
    "v1:quotes": 3,
    "v1:scheduled_change": 3,
    "v1:scheduled_changes": 3,
    "v1:seat_change": 3,
    "v1:seat_changes": 3,
    "v1:seat_request": 3,
    "v1:seat_requests": 3,
    "v1:subscriptions": 3,
    "v1:tax_id": 3,
    "v1:tax_ids": 3,
    "v1:webhook_deliveries": 4,
    "v1:webhook_delivery": 5,
    "v1:webhook_endpoint": 3,
    "v1:webhook_endpoints": 3,
}
CART = {"plan": "fieldnote/team", "seats": 5, "interval": "month", "currency": "usd", "external_id": "quote-1"}
ORGANIZATION = {"name": "Initech", "country": "US", "employee_bracket": "10-49", "owner": {"email": "owner@initech.example"}}
KEY = {"name": "Report", "scopes": ["billing:read"], "external_id": "report"}
VAT = {"type": "eu_vat", "value": "FR40303265045", "country": "FR"}
NAMED = {"external_id": "ours-1"}
# The test's own, and what processes ask again every few seconds.
UNCOUNTED = ("SAVEPOINT", "accounts_policy", "billing_storetime")
# Method, address, body, statements. `member` and `owner` stand for acme's.
WRITES = (
    ("post", "v1:carts", CART, 13),
    ("patch", "v1:cart", {"addons": [{"addon": "blueprints"}]}, 8),
    ("patch", "v1:cart", {"seats": 6}, 8),
    ("post", "v1:organizations", ORGANIZATION, 12),
    ("patch", "v1:organization", {"name": "Acme Europe"}, 7),
    ("post", "v1:closure", {"name": "Acme"}, 20),
    ("post", "v1:members", {"email": "x@acme.example"}, 15),
    ("patch", "v1:member", {"role": "billing_admin"}, 11),
    ("delete", "v1:member", None, 10),
    ("post", "v1:ownership_transfers", {"to": "member"}, 19),
    ("post", "v1:invitations", {"emails": ["x@acme.example", "y@acme.example"]}, 21),
    ("delete", "v1:invitation", None, 7),
    ("post", "v1:seats", {"members": ["member", "owner"]}, 24),
    ("post", "v1:join_decisions", {"decision": "approve"}, 13),
    ("post", "v1:join_decisions", {"decision": "decline"}, 10),
    ("post", "v1:seat_requests", {"member": "owner"}, 19),
    ("patch", "v1:seat_request", NAMED, 6),
    ("delete", "v1:seat_request", None, 7),
    ("post", "v1:seat_decisions", {"decision": "approve"}, 20),
    ("post", "v1:seat_decisions", {"decision": "decline"}, 11),
    ("patch", "v1:one_subscription", NAMED, 7),
    ("patch", "v1:invoice", NAMED, 7),
    ("patch", "v1:billing_details", {"city": "Berlin"}, 21),
    ("post", "v1:tax_ids", VAT, 15),
    ("delete", "v1:tax_id", None, 9),
    ("post", "v1:billing_contacts", {"email": "x@acme.example"}, 14),
    ("delete", "v1:billing_contact", None, 6),
    ("post", "v1:api_keys", KEY, 12),
    ("post", "v1:api_key_rotations", None, 13),
    ("delete", "v1:api_key", None, 6),
    ("post", "v1:webhook_endpoints", {"url": "http://127.0.0.1:9/", "external_id": "access"}, 13),
    ("patch", "v1:webhook_endpoint", {"types": ["invoice.paid"]}, 7),
    ("delete", "v1:webhook_endpoint", None, 8),
    ("post", "v1:webhook_rotations", None, 13),
    ("post", "v1:webhook_pings", None, 11),
    ("post", "v1:webhook_sends", None, 12),
    ("post", "v1:webhook_replays", {"since": "2026-01-01T00:00:00Z"}, 9),
    ("post", "v1:sessions", {"member": "owner"}, 10),
)

# One after the other, on a yearly plan bought by a checkout of so many statements. `{token}` is that of the answer before.
CHECKOUT = 61
BILLING = "subscription/"
CHANGES, LATER = f"{BILLING}seats/changes", f"{BILLING}scheduled-changes"
ASKING_STRIPE = (
    ("post", f"{BILLING}seats/preview", {"seats": 12}, 13),
    ("post", CHANGES, {"token": "{token}", "external_id": "po-1"}, 57),
    ("post", LATER, {"seats": 11, "external_id": "po-2"}, 34),
    ("delete", f"{LATER}/external:po-2", None, 27),
    ("post", f"{BILLING}discounts/preview", {"promotion_code": "YEARLY50"}, 6),
    ("post", f"{BILLING}discounts", {"token": "{token}"}, 27),
    ("post", "payment-method/setups", None, 14),
    ("patch", "billing-details", {"line1": "Musterstrasse 1", "city": "Berlin"}, 30),
    ("post", "tax-ids", VAT | {"external_id": "vat-fr"}, 34),
    ("delete", "tax-ids/external:vat-fr", None, 21),
    ("post", f"{BILLING}add-ons/preview", {"addon": "support"}, 16),
    ("post", f"{BILLING}add-ons/changes", {"token": "{token}", "external_id": "po-3"}, 61),
    ("post", f"{BILLING}plan/preview", {"plan": "fieldnote/business"}, 21),
    ("post", f"{BILLING}plan/changes", {"token": "{token}", "external_id": "po-4"}, 74),
)


@pytest.fixture
def vendor(world, kept):
    return Program(world.cast.vendor_key, world.cast.acme.public_id)


def counted(ask):
    """The statements of a call, which is undone."""
    before = transaction.savepoint()  # not a block: some services insist on the outermost one
    _answer, statements = done(ask)
    transaction.savepoint_rollback(before)
    return statements


def done(ask):
    """A call's answer, and its statements."""
    with CaptureQueriesContext(connection) as captured:
        answer = ask()
    assert answer.status_code < 300, answer.content
    counts = [not any(word in (one["sql"] or "") for word in UNCOUNTED) for one in captured.captured_queries]
    return answer, sum(counts)


def path(world, name):
    return reverse(name, args=world.args.get(name, [])).removeprefix("/api/v1/")


def test_reads(vendor, world):
    for name in READS:
        vendor.get(path(world, name))
    assert {name: counted(lambda name=name: vendor.get(path(world, name))) for name in READS} == READS


def test_writes(vendor, world):
    people = {"member": world.cast.membership(world.cast.member).pk, "owner": world.cast.membership(world.cast.owner).pk}

    def ask(method, name, body):
        said = {key: _named(value, people) for key, value in (body or {}).items()}
        return vendor.delete(path(world, name)) if method == "delete" else getattr(vendor, method)(path(world, name), said)

    Subscription.objects.update(cancel_at=F("period_ends_at"))  # or acme could not be closed
    calls = [(*call, functools.partial(ask, *call)) for *call, _most in WRITES]
    for *_call, made in calls:
        counted(made)  # what processes keep for a moment is kept from here on
    assert [(*call, counted(made)) for *call, made in calls] == list(WRITES)


@pytest.mark.usefixtures("kept")
def test_writes_that_ask_stripe(shop, cast):
    ApiKey.objects.filter(pk=cast.organization_key.pk).update(last_used_at=clock.now() + timedelta(hours=1))
    own, found = Program(cast.organization_key), []
    cart = own.post("carts", CART | {"interval": "year"}).json()["id"]
    asked = {"cart": cart, "accepted_by": cast.membership(cast.owner).pk}
    opened, statements = done(lambda: own.post("checkouts", asked))
    assert statements == CHECKOUT
    shop.pay(opened.json()["url"])
    shop.settle()
    answer = {}
    for method, place, body, _most in ASKING_STRIPE:
        said = {key: answer.get("token") if value == "{token}" else value for key, value in (body or {}).items()}
        made, statements = done(functools.partial(getattr(own, method), place, *([] if method == "delete" else [said])))
        found.append((method, place, body, statements))
        answer = made.json()
        if place == CHANGES:
            shop.settle()
    assert found == list(ASKING_STRIPE)


def _named(value, people):
    if isinstance(value, list):
        return [_named(one, people) for one in value]
    return people.get(value, value) if isinstance(value, str) else value
