"""What webhooks tell: of each fact once, in the very shapes of the API, to whom it concerns."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from drf_spectacular.settings import spectacular_settings

from accounts.models import Journal, WebhookDelivery, WebhookEvent, WebhookType
from accounts.services import webhook_events
from billing.api import versions, webhook_news, webhook_shapes
from billing.models import EntitlementVersion, Invoice
from billing.services import people
from billing.services.changes import scheduled
from config import clock
from config.admin import facts
from tests import factories
from tests.billing import test_debits
from tests.billing.calling import Program

RETURNED = {"amount_minor": 15_000, "currency": "eur", "reason": "debit_not_authorized"}
pytestmark = pytest.mark.django_db


def told():
    """What the lane's reader would be handed once the test's transaction has ended. The events' data by type."""
    rows = Journal.objects.select_related("organization").order_by("xact", "id")
    webhook_news._tell(list(rows), clock.wall())
    return _said()


def announced():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return webhook_news._announce(clock.wall())


def _said():
    events = [(event.type, json.loads(event.body)) for event in WebhookEvent.objects.order_by("pk")]
    assert all(body["type"] == kind and body["api_version"] == webhook_events.VERSION for kind, body in events)
    return [(kind, body["data"]) for kind, body in events]


def test_every_type_is_described_and_of_the_present_version():
    assert set(webhook_shapes.SHAPES) == set(WebhookType)
    assert {one.name for one in spectacular_settings.WEBHOOKS} == set(WebhookType.values)
    assert versions.VERSIONS[-1].isoformat() == webhook_events.VERSION
    assert set(webhook_news.TOLD) <= set(facts.KINDS) | {"billing.discount.started", "billing.discount.ended"}
    of_no_fact = {WebhookType.ENTITLEMENTS_CHANGED, WebhookType.PING}
    assert set(webhook_news.TOLD.values()) == set(WebhookType) - of_no_fact


def test_a_purchase_seats_and_an_end_in_the_shapes_of_the_api(shop, cast):
    cast.acme.external_id = "crm-42"
    cast.acme.save()
    endpoint = factories.webhook_endpoint(cast.acme, at=clock.now() - timedelta(days=1))
    row = shop.buy(seats=10)
    given = [cast.membership(cast.member).pk]
    people.assign(subscription=row, membership_ids=given, origin=shop.origin, at=clock.now())
    scheduled.end(row, reason_code="unused", reason="", origin=shop.origin, at=clock.now())
    said = told()
    assert told() == said, "the same facts again are no news"
    kinds = {kind for kind, _data in said}
    assert kinds >= {"subscription.started", "subscription.updated", "seat.assigned", "invoice.paid"}
    assert WebhookDelivery.objects.filter(endpoint=endpoint).count() == len(said)
    program, data = Program(cast.organization_key), dict(said)
    assert data["subscription.updated"]["subscription"] == program.get("subscription").json()
    assert data["subscription.updated"]["cause"] == "cancellation.scheduled"
    assert data["invoice.paid"]["invoice"] == program.get(f"invoices/{Invoice.objects.get().stripe_id}").json()
    assert {str(one["organization"]) for one in data.values()} == {str({"id": cast.acme.public_id, "external_id": "crm-42"})}
    assert "@acme.example" not in json.dumps(said), "people are told by their ids"


def test_what_may_be_used_is_told_once_however_many_changes_made_it_so(shop, cast):
    announced()
    factories.webhook_endpoint(cast.acme, types=["entitlements.changed"], at=clock.now() - timedelta(days=1))
    shop.buy(seats=10)
    assert announced() > 0
    ((kind, data),) = _said()
    assert kind == "entitlements.changed"
    answer = Program(cast.organization_key).get("entitlements").json()
    assert (data["version"], data["entitlements"]) == (answer["version"], answer["data"])
    assert announced() == 0


def test_quotes_are_told_without_whom_they_are_for(shop, cast):
    factories.webhook_endpoint(cast.acme, types=["quote.issued", "quote.withdrawn"], at=clock.now() - timedelta(days=1))
    program = Program(cast.organization_key)
    said = {"cart": shop.cart().public_id, "addressed_to": "Paula Purchasing", "approver_email": "paula@acme.example"}
    made = program.post("quotes", said | {"external_id": "deal-9"}).json()
    program.delete("quotes/external:deal-9")
    shown = program.get("quotes/external:deal-9").json()
    news = told()
    assert [kind for kind, _data in news] == ["quote.issued", "quote.withdrawn"]
    assert dict(news)["quote.withdrawn"]["quote"] == {
        name: value for name, value in shown.items() if name not in webhook_shapes.UNTOLD
    }
    assert not any(word in json.dumps(news) for word in ("Paula", "paula@", made["approval_url"]))


def test_a_debit_is_told_when_it_begins_and_when_it_comes_back(shop, cast):
    wanted = ["invoice.debited", "invoice.payment_returned"]
    row = test_debits.bought(shop)
    factories.webhook_endpoint(cast.acme, types=wanted, at=clock.now() - timedelta(days=1))
    invoice = Invoice.objects.get()
    Journal.objects.create(
        kind="billing.dispute.lost",
        organization=cast.acme,
        occurred_at=clock.now(),
        source="stripe",
        data={"dispute": 1, "subscription": row.pk, "invoice": invoice.pk, "number": invoice.number, **RETURNED},
    )
    Journal.objects.create(
        kind="billing.dispute.lost", organization=cast.acme, occurred_at=clock.now(), source="stripe", data={"invoice": None}
    )
    news = dict(told())
    assert list(news) == wanted
    program = Program(cast.organization_key)
    assert news["invoice.debited"]["invoice"] == program.get(f"invoices/{invoice.stripe_id}").json()
    assert news["invoice.debited"]["invoice"]["debit_arrives_on"] == invoice.debit_arrives_on.isoformat()
    assert news["invoice.payment_returned"]["returned"] == RETURNED


def test_where_nobody_listens_nothing_is_kept(cast):
    factories.webhook_endpoint(cast.globex, types=["invoice.paid"])
    factories.MembershipFactory(organization=cast.acme)
    assert announced() >= 1
    assert told() == []
    assert not EntitlementVersion.objects.filter(number__gt=0, announced=0).exists()


def test_what_cannot_be_told_does_not_hold_up_the_rest(shop, cast, monkeypatch):
    factories.webhook_endpoint(cast.acme, at=clock.now() - timedelta(days=1))
    shop.buy(seats=3)
    monkeypatch.setitem(webhook_news._PARTS, WebhookType.INVOICE_PAID, lambda *_args: 1 / 0)
    kinds = {kind for kind, _data in told()}
    assert "invoice.paid" not in kinds
    assert "subscription.started" in kinds
