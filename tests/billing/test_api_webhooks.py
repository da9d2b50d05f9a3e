"""Webhook endpoints by the API: a secret shown once, changed under If-Match, a log that is read and sent again."""

from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from accounts.models import WebhookEndpoint
from accounts.services import webhook_sending
from config import clock, pulse
from tests import receiver
from tests.billing.calling import Program, assert_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    with receiver.listening() as listening:
        yield listening


@pytest.fixture
def vendor(cast):
    return Program(cast.vendor_key, cast.acme.public_id)


def send():
    pulse.drain_all(clock.wall() + timedelta(seconds=1), only={"webhooks": webhook_sending.drain})


def test_made_pinged_rotated_sent_again_and_deleted(vendor, server, cast):
    wanted = {"url": server.url, "types": ["invoice.paid"], "external_id": "access"}
    made = vendor.post("webhook-endpoints", wanted, key="make")
    assert made.status_code == 201
    assert made.json() == vendor.post("webhook-endpoints", wanted, key="make").json(), "shown again for a moment"
    again = vendor.post("webhook-endpoints", wanted)
    assert (again.status_code, again.json()["secret"], again.json()["id"]) == (200, None, made.json()["id"])
    place = "webhook-endpoints/external:access"
    rotated = vendor.post(f"{place}/rotations").json()["secret"]
    assert_problem(vendor.post(f"{place}/rotations"), 409, "secret-being-rotated")
    ping = vendor.post(f"{place}/pings").json()
    assert (ping["type"], ping["state"]) == ("webhook.ping", "due")
    send()
    headers, body = server.taken[0]
    for secret in (made.json()["secret"], rotated):
        assert Webhook(secret).verify(body, headers)["data"]["webhook_endpoint"] == {"id": made.json()["id"]}
    one = f"{place}/deliveries/{ping['id']}"
    detail = vendor.get(one).json()
    assert (detail["event"], detail["payload"].encode(), detail["state"]) == (headers["webhook-id"], body, "delivered")
    assert [tried["status"] for tried in detail["tries"]] == [204]
    assert vendor.post(f"{one}/sends").json()["state"] == "due"
    send()
    assert server.ids == [headers["webhook-id"]] * 2
    listed = vendor.get(f"{place}/deliveries", {"state": "delivered", "type": "webhook.ping"}).json()
    assert [row["id"] for row in listed["data"]] == [ping["id"]]
    assert vendor.post(f"{place}/replays", {"since": "2020-01-01T00:00:00Z"}).json() == {"count": 0}
    assert vendor.delete(place).json()["state"] == "deleted"
    assert vendor.delete(place).status_code == 200
    assert_problem(vendor.post(f"{place}/pings"), 409, "endpoint-disabled")
    assert vendor.get("webhook-endpoints").json()["data"] == []


def test_changed_under_if_match_disabled_and_enabled(vendor, server):
    made = vendor.post("webhook-endpoints", {"url": server.url}).json()
    place = f"webhook-endpoints/{made['id']}"
    tag = vendor.get(place).headers["ETag"]
    changed = vendor.patch(place, {"types": ["seats.changed"], "enabled": False}, If_Match=tag)
    assert (changed.json()["state"], changed.json()["stop"], changed.json()["types"]) == (
        "disabled",
        "by_hand",
        ["seats.changed"],
    )
    assert_problem(vendor.patch(place, {"types": []}, If_Match=tag), 412, "precondition-failed")
    assert_problem(vendor.post(f"{place}/pings"), 409, "endpoint-disabled")
    assert vendor.patch(place, {"enabled": True}).json()["state"] == "enabled"
    assert_problem(vendor.patch(place, {"url": "https://10.0.0.1/"}), 400, "invalid", "#/url")
    assert_problem(vendor.post("webhook-endpoints", {"url": "http://app.example/"}), 400, "invalid", "#/url")
    assert_problem(vendor.post("webhook-endpoints", {"url": server.url, "types": ["webhook.ping"]}), 400, "invalid")


def test_a_vendors_own_hears_of_all_and_an_organization_sees_its_own_alone(vendor, server, cast):
    own = Program(cast.organization_key)
    mine = own.post("webhook-endpoints", {"url": server.url}).json()
    everybodys = Program(cast.vendor_key).post("webhook-endpoints", {"url": server.url}).json()
    assert (mine["organization"], everybodys["organization"]) == (cast.acme.public_id, None)
    assert WebhookEndpoint.objects.get(public_id=everybodys["id"]).organization is None
    assert [row["id"] for row in own.get("webhook-endpoints").json()["data"]] == [mine["id"]]
    assert [row["id"] for row in vendor.get("webhook-endpoints").json()["data"]] == [mine["id"]]
    assert [row["id"] for row in Program(cast.vendor_key).get("webhook-endpoints").json()["data"]] == [everybodys["id"]]
    assert_problem(own.get(f"webhook-endpoints/{everybodys['id']}"), 404, "not-found")
