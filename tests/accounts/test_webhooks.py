"""Outgoing webhooks: signed so that the specification's own library believes them, sent until they are taken, never inside."""

import json
import socket
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from accounts import webhook_calls
from accounts.models import (
    DeliveryState,
    Journal,
    OutgoingMail,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
    WebhookType,
)
from accounts.origin import Origin, Source
from accounts.queries import webhooks as read
from accounts.rules import webhook_retries
from accounts.services import webhook_endpoints, webhook_events, webhook_sending
from accounts.services.webhook_events import News
from config import clock, pulse
from tests import receiver

pytestmark = pytest.mark.django_db
PAGE = Origin(source=Source.PAGE)
LANE = {"webhooks": webhook_sending.drain}


@pytest.fixture
def server():
    with receiver.listening() as listening:
        yield listening


@pytest.fixture
def endpoint(cast, server):
    made, made.secret = create(cast, server.url)
    return made


def create(cast, url, **options):
    said = {"organization": cast.acme, "url": url, "types": [], "at": clock.now(), "origin": Origin(actor=cast.owner)}
    return webhook_endpoints.create(**said | options)


def tell(cast, number=1, kind=WebhookType.INVOICE_PAID, organization=None):
    """As many pieces of news; told again they are no news."""
    whose = organization or cast.acme
    news = [
        News(type=kind, organization=whose, source=f"journal:{kind}:{n}", data={"größe": n}, at=clock.now())
        for n in range(number)
    ]
    listening = webhook_events.listeners([whose.pk])
    return webhook_events.publish(news, listening, wall=clock.wall())


def send(at=None):
    return pulse.drain_all(at or clock.wall() + timedelta(seconds=1), only=LANE)


def delivery():
    return WebhookDelivery.objects.select_related("endpoint", "event").get()


def test_a_webhook_is_believed_by_the_specifications_own_library(cast, server, endpoint):
    assert tell(cast) == 1
    assert tell(cast) == 0, "the same cause again"
    send()
    ((headers, body),) = server.taken
    said = Webhook(endpoint.secret).verify(body, headers)
    assert (said["type"], said["data"], said["api_version"]) == ("invoice.paid", {"größe": 0}, "2026-03-01")
    assert headers["webhook-id"] == WebhookEvent.objects.get().public_id
    assert headers["path"] == "/hooks?of=acme"
    assert headers["Content-Type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(body.replace(b"paid", b"owed"), headers)
    attempt = WebhookAttempt.objects.get()
    assert (attempt.status, delivery().state) == (204, DeliveryState.DELIVERED)
    assert send() == 0


def test_what_is_not_taken_is_sent_again_under_its_id_and_given_up_after_three_days(cast, server, endpoint):
    tell(cast)
    server.answers = [(500, {}, b"x" * 4000)]
    at = clock.wall() + timedelta(seconds=1)
    for attempt in range(1, webhook_retries.ATTEMPTS + 1):
        send(at)
        row = delivery()
        assert (row.attempts, row.status, len(server.taken)) == (attempt, 500, attempt)
        assert send(at) == 0, "not before its time"
        at = row.due_at
    assert row.state == DeliveryState.FAILED
    assert len(set(server.ids)) == 1
    assert {len(one.text) for one in WebhookAttempt.objects.all()} == {webhook_calls.KEPT_BYTES}
    endpoint.refresh_from_db()
    assert (read.state(endpoint), endpoint.stop) == ("disabled", "failing"), "three days without one success"
    tell(cast, 1, WebhookType.SEATS_CHANGED)
    assert WebhookDelivery.objects.get(event__type="seats.changed").state == DeliveryState.HELD
    told = OutgoingMail.objects.filter(kind="accounts/webhook_disabled")
    assert [mail.recipient for mail in told] == [cast.owner.email], "owner and maker are one person"
    server.answers = [(200, {}, b"thank you")]
    with pytest.raises(webhook_endpoints.EndpointDisabled):
        webhook_endpoints.redeliver(delivery=row)
    assert webhook_endpoints.enable(endpoint=endpoint, origin=PAGE, at=clock.now())
    endpoint.refresh_from_db()
    since = clock.now() - timedelta(hours=1)
    assert webhook_endpoints.replay(endpoint=endpoint, since=since, origin=PAGE, at=clock.now()) == 2
    send(at)
    assert {one.state for one in WebhookDelivery.objects.all()} == {DeliveryState.DELIVERED}
    assert len(set(server.ids)) == 2, "sent again under the id it had"
    assert webhook_endpoints.replay(endpoint=endpoint, since=since, origin=PAGE, at=clock.now()) == 0
    assert webhook_endpoints.replay(endpoint=endpoint, since=since, with_delivered=True, origin=PAGE, at=clock.now()) == 2
    kinds = Journal.objects.filter(kind__startswith="accounts.webhook.").order_by("pk").values_list("kind", flat=True)
    assert [kind.rpartition(".")[2] for kind in kinds] == ["created", "disabled", "enabled", "replayed", "replayed"]


def test_both_secrets_sign_while_one_takes_the_place_of_the_other(cast, server, endpoint):
    tell(cast, 2)
    new = webhook_endpoints.rotate(endpoint=endpoint, origin=PAGE, at=clock.now())
    with pytest.raises(webhook_endpoints.BeingRotated):
        webhook_endpoints.rotate(endpoint=endpoint, origin=PAGE, at=clock.now())
    send()
    headers, body = server.taken[0]
    for secret in (new, endpoint.secret):
        assert Webhook(secret).verify(body, headers)
    after = clock.wall() + timedelta(hours=24, minutes=1)
    found = webhook_endpoints.secrets_in_force([endpoint.pk], after)
    assert found == {endpoint.pk: [new]}
    assert not endpoint.secrets.filter(sealed__contains=new[6:]).exists(), "encrypted at rest"


def test_the_same_form_shows_the_same_secret_again_for_a_moment(cast, server):
    first = create(cast, server.url, nonce="form-1")
    assert create(cast, server.url, nonce="form-1") == first
    assert create(cast, server.url, nonce="form-2")[1] != first[1]
    with pytest.raises(webhook_endpoints.MadeAlready):
        create(cast, server.url, nonce="form-1", at=clock.now() + timedelta(minutes=6))
    named = create(cast, server.url, external_id="erp")
    assert create(cast, server.url, external_id="erp") == (named[0], "")


def test_gone_disables_at_once_and_a_busy_server_is_left_alone(cast, server, endpoint):
    tell(cast)
    server.answers = [(503, {"Retry-After": "3600"}, b""), (410, {}, b"")]
    at = clock.wall() + timedelta(seconds=1)
    send(at)
    row = delivery()
    assert row.due_at >= at + timedelta(hours=1)
    tell(cast, 1, WebhookType.SEATS_CHANGED)
    assert send(at + timedelta(minutes=59)) == 0, "nothing else either"
    send(at + timedelta(hours=1, seconds=1))
    endpoint.refresh_from_db()
    assert (len(server.taken), endpoint.stop) == (2, "gone")


def test_redirects_are_not_followed(cast, server, endpoint):
    tell(cast)
    server.answers = [(302, {"Location": server.url}, b"")]
    send()
    assert (len(server.taken), delivery().status, delivery().state) == (1, 302, DeliveryState.DUE)


def test_a_dead_endpoint_holds_nobody_back_and_is_called_once_at_a_time(cast, server, endpoint):
    with receiver.listening() as dead:
        dead.hangs = True
        hung, _secret = create(cast, dead.url)
        tell(cast, 30)
        at = clock.wall() + timedelta(seconds=1)
        for _turn in range(400):
            webhook_sending.drain(at)
            if len(server.taken) == 30:
                break
        assert len(server.taken) == 30, "all the others' while it hangs"
        assert len(dead.taken) <= 4, "a few at a time"
        assert not WebhookAttempt.objects.filter(delivery__endpoint=hung).exists()
        dead.answers = [(500, {}, b"")]
        dead.hanging.set()
        dead.hangs = False
        for _turn in range(400):
            webhook_sending.drain(at)
            if WebhookAttempt.objects.filter(delivery__endpoint=hung).count() >= 4:
                break
        hung.refresh_from_db()
        assert hung.failing_since
        leased = WebhookDelivery.objects.filter(endpoint=hung, state="due", lease_until__isnull=False)
        claims = webhook_sending._claim(at, 16)
        assert len([claim for claim in claims if claim.endpoint == hung.pk]) <= 1
        assert leased.count() <= 1
        send(at)


def test_however_many_are_dead_half_of_the_crew_is_for_the_others(cast, endpoint):
    dead = [create(cast, "http://127.0.0.1:9/", organization=None)[0].pk for _one in range(12)]
    WebhookEndpoint.objects.filter(pk__in=dead).update(failing_since=clock.wall())
    tell(cast, 6)
    claims = webhook_sending._claim(clock.wall() + timedelta(seconds=1), webhook_sending.CREW)
    assert sum(claim.is_failing for claim in claims) == webhook_sending.DOUBTFUL
    assert [claim.endpoint for claim in claims].count(endpoint.pk) == 4


def test_killed_between_sending_and_booking_it_is_sent_again_under_the_same_id(cast, server, endpoint):
    tell(cast)
    at = clock.wall() + timedelta(seconds=1)
    (claim,) = webhook_sending._claim(at, 16)
    answer = webhook_sending._call(claim, at)
    assert answer.status == 204, "it was taken, and the process dies here"
    assert send(at) == 0, "ours until the lease ends"
    send(at + webhook_sending.LEASE)
    assert len(server.ids) == 2
    assert len(set(server.ids)) == 1
    webhook_sending._record(claim, answer, at)
    assert WebhookAttempt.objects.count() == 1, "the older lease has nothing to say any more"


@pytest.mark.parametrize(
    "url", ["https://inside.example/", "https://[::ffff:10.0.0.1]/", "https://0x7f.1/", "http://app.example/"]
)
def test_nothing_inside_is_saved_nor_called(cast, settings, monkeypatch, url):
    settings.WEBHOOK_LOOPBACK = False
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: inside)
    monkeypatch.setattr(socket, "create_connection", lambda *_args, **_options: pytest.fail("a connection was tried"))
    with pytest.raises(ValidationError) as caught:
        create(cast, url)
    assert set(caught.value.message_dict) == {"url"}
    assert webhook_calls.post(url, {}, b"{}").failure == "refused"


def test_the_connection_goes_to_the_address_that_was_looked_at(cast, server, monkeypatch):
    """A name server that answers otherwise the second time is not asked a second time."""
    asked = []

    def rebinding(host, port, *_args, **_options):
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.create_connection
    dialled = []
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", lambda to, **options: dialled.append(to) or _dial(real, to, options))
    port = server.server_address[1]
    assert webhook_calls.post(f"http://localhost:{port}/", {}, b"{}").status == 204
    assert (asked, dialled) == (["localhost"], [("127.0.0.1", port)])
    assert server.taken[0][0]["Host"] == f"localhost:{port}"


def _dial(real, to, options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            socket, "getaddrinfo", lambda host, port, *_rest: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        )
        return real(to, **options)


def test_an_organization_has_so_many_endpoints_and_hears_of_itself_alone(cast, server, endpoint):
    vendor, _secret = create(cast, server.url, organization=None, types=["seats.changed"])
    chosen, _secret = create(cast, server.url, types=["invoice.paid"])
    tell(cast)
    tell(cast, 1, WebhookType.SEATS_CHANGED, cast.globex)
    heard = {(row.endpoint_id, row.event.type) for row in WebhookDelivery.objects.select_related("event")}
    assert heard == {(endpoint.pk, "invoice.paid"), (chosen.pk, "invoice.paid"), (vendor.pk, "seats.changed")}
    for _more in range(8):
        create(cast, server.url)
    with pytest.raises(webhook_endpoints.TooManyEndpoints):
        create(cast, server.url)


def test_pings_go_out_and_what_is_old_is_forgotten(cast, server, endpoint):
    webhook_endpoints.ping(endpoint=endpoint, at=clock.now(), nonce="click")
    webhook_endpoints.ping(endpoint=endpoint, at=clock.now(), nonce="click")
    send()
    ((headers, body),) = server.taken
    assert Webhook(endpoint.secret).verify(body, headers)["type"] == "webhook.ping"
    assert json.loads(body)["data"]["organization"] == {"id": cast.acme.public_id, "external_id": "acme-1"}
    webhook_endpoints.delete(endpoint=endpoint, origin=PAGE, at=clock.now())
    assert not endpoint.secrets.exists()
    assert webhook_events.forget(clock.wall() + timedelta(days=29)) == 0
    assert webhook_events.forget(clock.wall() + timedelta(days=31)) == 1
    assert not WebhookAttempt.objects.exists()
    assert not read.WebhookEndpoint.objects.filter(pk=endpoint.pk).exists()
