"""The pages of webhook endpoints: a secret once, a log that says what came back, and everything one click away."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from accounts.services import webhook_sending
from config import clock, pulse
from tests import factories, receiver
from tests.shop import text

pytestmark = pytest.mark.django_db
PAGE = reverse("storefront:webhooks")


@pytest.fixture
def owner(client, cast):
    client.force_login(cast.owner)
    return client


@pytest.fixture
def endpoint(cast):
    return factories.webhook_endpoint(cast.acme, description="Our app")


def act(name, endpoint, *more):
    return reverse(f"storefront:{name}", args=[endpoint.public_id, *more])


def send():
    pulse.drain_all(clock.wall() + timedelta(seconds=1), only={"webhooks": webhook_sending.drain})


def test_a_secret_is_shown_once_also_after_a_double_click(owner, cast):
    assert "Nobody listens yet" in text(owner.get(PAGE))
    form = {"url": "http://127.0.0.1:9/hooks", "types": ["invoice.paid"], "nonce": "one"}
    first, second = owner.post(PAGE, form), owner.post(PAGE, form)
    assert first.context["secret"] == second.context["secret"]
    assert first.context["secret"] in text(second)
    made = WebhookEndpoint.objects.get()
    assert (made.created_by, made.types) == (cast.owner, ["invoice.paid"])
    assert "whsec_" not in text(owner.get(PAGE)) + text(owner.get(act("webhook", made)))
    assert owner.post(PAGE, form | {"nonce": "two"}).context["secret"] != first.context["secret"]


def test_what_is_no_target_says_what_would_be(owner):
    answer = owner.post(PAGE, {"url": "https://192.168.0.7/", "nonce": "x"})
    assert answer.status_code == 422
    assert "leads to a private or reserved network" in text(answer)
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.usefixtures("kept")
def test_a_test_is_sent_looked_at_and_sent_again(owner, cast, django_assert_max_num_queries):
    with receiver.listening() as server:
        server.answers = [(500, {}, b"<b>out of memory</b>"), (204, {}, b"")]
        endpoint = factories.webhook_endpoint(cast.acme, url=server.url)
        owner.post(act("webhook_pings", endpoint), {"nonce": "click"})
        owner.post(act("webhook_pings", endpoint), {"nonce": "click"})
        send()
        delivery = WebhookDelivery.objects.get()
        with django_assert_max_num_queries(6):
            page = text(owner.get(act("webhook", endpoint)))
        assert "Answered 500" in page
        assert "It has taken nothing since" in page
        place = act("webhook_delivery", endpoint, delivery.public_id)
        assert "<b>out of memory</b>" in text(owner.get(place)), "as text: escaped in the source"
        assert b"&lt;b&gt;out of memory" in owner.get(place).content
        assert owner.post(place).status_code == 303
        send()
        assert text(owner.get(place)).count("Answered ") == 2
        assert "webhook.ping" in text(owner.get(act("webhook", endpoint), {"state": "delivered"}))
        assert "None of these" in text(owner.get(act("webhook", endpoint), {"state": "failed"}))


def test_disabled_enabled_sent_what_was_missed_and_deleted(owner, endpoint):
    owner.post(act("webhook_pings", endpoint))
    owner.post(act("webhook_standing", endpoint), {"standing": "disabled"})
    assert WebhookDelivery.objects.get().state == DeliveryState.HELD
    assert "enable the endpoint, then send again what it missed" in text(owner.get(act("webhook", endpoint)))
    refused = owner.post(act("webhook_replays", endpoint), {"hours": "24"}, follow=True)
    assert "Enable it first" in text(refused)
    owner.post(act("webhook_standing", endpoint), {"standing": "enabled"})
    none = owner.post(act("webhook_replays", endpoint), {"hours": "24"}, follow=True)
    assert "There is nothing to send again" in text(none), "a test is no event that one misses"
    assert "Delete the endpoint?" in text(owner.get(act("webhook_deletion", endpoint)))
    owner.post(act("webhook_deletion", endpoint))
    assert owner.get(act("webhook", endpoint)).status_code == 404
    assert "Nobody listens yet" in text(owner.get(PAGE))


def test_nobody_has_a_server_sent_tests_without_end(owner, endpoint, monkeypatch):
    asked = (endpoint.public_id, "webhook", 300)
    monkeypatch.setattr("config.limits.is_over", lambda *said: said == asked)
    answer = owner.post(act("webhook_pings", endpoint), follow=True)
    assert "often enough for this hour" in text(answer)
    assert not WebhookDelivery.objects.exists()


def test_a_billing_admin_finds_the_way(client, cast):
    client.force_login(cast.billing_admin)
    page = text(client.get(reverse("storefront:billing_details")))
    assert PAGE in page
    assert reverse("storefront:api_keys") not in page


def test_changed_and_rotated(owner, endpoint):
    wanted = {"url": "http://127.0.0.1:9/other", "description": "", "types": ["seats.changed"]}
    assert owner.post(act("webhook", endpoint), wanted).status_code == 303
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.types) == ("http://127.0.0.1:9/other", ["seats.changed"])
    rotated = owner.post(act("webhook_rotation", endpoint), {"nonce": "n"})
    assert rotated.context["secret"] in text(rotated)
    again = owner.post(act("webhook_rotation", endpoint), {"nonce": "m"}, follow=True)
    assert "still signs" in text(again)


def test_a_log_is_walked_page_by_page(owner, endpoint, monkeypatch):
    monkeypatch.setattr("storefront.views.webhooks.PER_PAGE", 2)
    for click in range(3):
        owner.post(act("webhook_pings", endpoint), {"nonce": f"click-{click}"})
    page = owner.get(act("webhook", endpoint)).context["page"]
    assert len(page.deliveries) == 2
    older = owner.get(act("webhook", endpoint), {"before": page.older}).context["page"]
    assert (len(older.deliveries), older.older) == (1, None)
