"""The sample product does as the guide advises: asks for all at once, cheaply again, and goes on while the store is away."""

import io
import json
import urllib.error
from datetime import timedelta
from http.client import HTTPMessage

import pytest
from django.db import connection
from django.test import Client
from standardwebhooks import WebhookVerificationError

from accounts.services import webhook_sending
from billing.api import webhook_news
from billing.models import FeatureUsage, Plan, Subscription
from billing.services import usage
from config import clock, pulse
from sample import pages, told
from sample import store as product
from sample.people import Person
from tests import factories, receiver, shelf
from tests.billing.test_entitlements import hold

WHO = Person("acme-1", "Acme", "Olive Owner", "olive@acme.example", "owner")


class Answer(io.BytesIO):
    def __init__(self, said):
        super().__init__(said.content)
        self.headers = said.headers


class Network:
    """What the product sends reaches this process. `faults`: "away" before the call, "lost" after it, one a call."""

    def __init__(self):
        self.calls, self.faults = [], []

    def open(self, call, **_options):
        fault = self.faults.pop(0) if self.faults else ""
        if fault != "away":
            said = self.answer(call)
        if fault:
            raise urllib.error.URLError(fault)
        if said.status_code >= 300:
            raise urllib.error.HTTPError(call.full_url, said.status_code, "", HTTPMessage(), io.BytesIO(said.content))
        return Answer(said)

    def answer(self, call):
        path = call.full_url.removeprefix("http://store.example")
        headers = {name: value for name, value in call.header_items() if name != "Content-type"}
        said = Client().generic(call.method, path, call.data or b"", content_type="application/json", headers=headers)
        self.calls.append((call.method, said.status_code))
        return said


@pytest.fixture
def network(monkeypatch):
    found = Network()
    monkeypatch.setattr("urllib.request.urlopen", found.open)
    monkeypatch.setattr(product, "KEPT_SECONDS", 0)
    return found


@pytest.fixture
def store(cast):
    shelf.put_on_sale()
    hold(cast.acme)
    type(cast.acme).objects.filter(pk=cast.acme.pk).update(external_id="acme-1")
    type(cast.owner).objects.filter(pk=cast.owner.pk).update(email=WHO.email)
    return product.Store("http://store.example", cast.vendor_key.text)


def used():
    return sum(FeatureUsage.objects.values_list("used", flat=True))


def test_all_features_in_one_call_and_304_after(store, network):
    first = store.features(WHO.organization, WHO.email)
    assert (first["notes"]["entitled"], first["sso"]["entitled"], first["reports"]["used"]) == (True, False, 0)
    store.features(WHO.organization, WHO.email)
    assert store.features(WHO.organization, WHO.email) == first
    assert network.calls[0] == ("GET", 200)
    assert network.calls[-1] == ("GET", 304)
    network.faults = ["away"]
    assert store.features(WHO.organization, WHO.email) == first
    network.faults = ["away"]
    with pytest.raises(product.Unreachable):
        store.features("globex-1", WHO.email)


def test_one_click_counts_once_and_a_limit_is_said(store, network, cast):
    for _click in range(2):
        store.use(WHO.organization, WHO.email, "reports", key="one")
    assert used() == 1
    store.use(WHO.organization, WHO.email, "reports", key="rest", quantity=499)
    with pytest.raises(product.Refused, match="500 of 500"):
        store.use(WHO.organization, WHO.email, "reports", key="more")
    assert store.features(WHO.organization, WHO.email)["reports"]["remaining"] == 0


@pytest.mark.parametrize("fault", ["away", "lost"])
def test_what_is_used_while_the_store_is_away_is_counted_later_and_once(store, network, cast, fault):
    network.faults = [fault]
    store.use(WHO.organization, WHO.email, "reports", key="one")
    usage.consume(cast.acme, feature="reports", quantity=499, on_limit=usage.OnLimit.REFUSE, now=clock.now())
    network.faults = [fault]
    store.use(WHO.organization, WHO.email, "reports", key="two")
    store.features(WHO.organization, WHO.email)
    assert used() == 501


def test_what_it_keeps_is_dropped_by_a_webhook_that_is_believed_and_heard_once(store, network, cast, monkeypatch):
    monkeypatch.setattr(product, "KEPT_SECONDS", 3600)
    with receiver.listening() as server:
        endpoint = factories.webhook_endpoint(None, url=server.url, at=clock.now() - timedelta(hours=1))
        assert store.features(WHO.organization, WHO.email)["sso"]["entitled"] is False
        Subscription.objects.update(plan=Plan.objects.get(code="business"))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        webhook_news._announce(clock.wall())
        pulse.drain_all(clock.wall() + timedelta(seconds=1), only={"webhooks": webhook_sending.drain})
        sent = {json.loads(body)["data"]["organization"]["external_id"]: (body, headers) for headers, body in server.taken}
        body, headers = sent["acme-1"]
    assert store.features(WHO.organization, WHO.email)["sso"]["entitled"] is False, "as it was kept"
    ear = told.Ear(endpoint.secret)
    with pytest.raises(WebhookVerificationError):
        ear.hear(body + b" ", headers)
    heard = ear.hear(body, headers)
    assert (heard.kind, heard.organization) == ("entitlements.changed", "acme-1")
    assert ear.hear(body, headers) is None
    store.forget(heard.organization)
    assert store.features(WHO.organization, WHO.email)["sso"]["entitled"] is True
    assert "Told by the store" in pages.workplace("Fieldnote", WHO, {}, "", ear.latest("acme-1"))


def test_the_page_shows_what_is_left_and_a_button_that_counts_once(store, network):
    said = store.features(WHO.organization, WHO.email)
    page = pages.workplace("Fieldnote", WHO, said)
    assert "0 of 500 sent." in page
    assert "Send a report" in page
    assert "Single sign-on (locked)" in page
