"""The front door: keys, errors, idempotency, lists, expansion, metadata, faults, state on disk."""

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
import stripe

from billing.sandbox.calls import Call
from billing.sandbox.engine import imports, previews
from billing.sandbox.server import Sandbox
from tests import waiting


def raw(sandbox, key, method, path, body="", headers=None):  # noqa: PLR0917 - reads as an HTTP request does
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=5)
    told = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    connection.request(method, path, body, told)
    answer = connection.getresponse()
    data = json.loads(answer.read())
    connection.close()
    return answer, data


@pytest.mark.parametrize("key", ["sk_live_123", "rk_live_123"])
def test_live_keys_are_refused(sandbox, key):
    with pytest.raises(stripe.AuthenticationError, match="refuses live keys"):
        stripe.StripeClient(key, base_addresses={"api": sandbox.base_url}).v1.customers.list()


def test_no_key_and_a_wrong_one(sandbox):
    assert raw(sandbox, "", "GET", "/v1/customers")[0].status == 401
    assert raw(sandbox, "abc", "GET", "/v1/customers")[0].status == 401


def test_accounts_are_apart_and_a_restricted_key_opens_its_own(sandbox, client, key):
    customer = client.v1.customers.create({"email": "ada@acme.example"})
    restricted = stripe.StripeClient(key.replace("sk_", "rk_"), base_addresses={"api": sandbox.base_url})
    assert restricted.v1.customers.retrieve(customer.id).email == "ada@acme.example"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        stripe.StripeClient(key + "x", base_addresses={"api": sandbox.base_url}).v1.customers.retrieve(customer.id)
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (404, "resource_missing", "id")


def test_other_versions_are_refused(client):
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        client.v1.customers.list(options={"stripe_version": "2020-08-27"})


def test_unknown_addresses_and_parameters(sandbox, client, key):
    answer, body = raw(sandbox, key, "GET", "/v1/nothing")
    assert (answer.status, body["error"]["type"]) == (404, "invalid_request_error")
    answer, body = raw(sandbox, key, "POST", "/v1/customers", "nickname=x")
    assert (answer.status, body["error"]["code"], body["error"]["param"]) == (400, "parameter_unknown", "nickname")
    assert answer.headers["Request-Id"].startswith("req_")


def test_an_idempotency_key_has_one_effect(sandbox, key, client):
    headers = {"Idempotency-Key": "k1"}
    first, body = raw(sandbox, key, "POST", "/v1/customers", "email=a@acme.example", headers)
    again, same = raw(sandbox, key, "POST", "/v1/customers", "email=a@acme.example", headers)
    assert body == same
    assert first.headers["Idempotent-Replayed"] is None
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Request-Id"] == first.headers["Request-Id"]
    assert len(client.v1.customers.list().data) == 1
    with pytest.raises(stripe.IdempotencyError) as caught:
        client.v1.customers.create({"email": "b@acme.example"}, {"idempotency_key": "k1"})
    assert caught.value.http_status == 400


def test_refused_parameters_do_not_use_a_key_up(client):
    options = {"idempotency_key": "k2"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create({"nonsense": "x"}, options)
    assert client.v1.customers.create({"email": "a@acme.example"}, options).email == "a@acme.example"


def test_a_saved_500_is_replayed(client, control):
    control("POST", "faults", match="POST /v1/customers", kind="500")
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            client.v1.customers.create({"email": "a@acme.example"}, {"idempotency_key": "k3"})
        assert caught.value.http_status == 500
    assert client.v1.customers.list().data == []
    assert [call["replayed"] for call in control("GET", "calls")["data"] if call["method"] == "POST"] == [False, True]


def test_a_500_after_the_effect(client, control):
    control("POST", "faults", match="POST /v1/customers", kind="500_after_effect")
    with pytest.raises(stripe.APIError):
        client.v1.customers.create({"email": "a@acme.example"}, {"idempotency_key": "k4"})
    assert len(client.v1.customers.list().data) == 1


def test_a_key_in_use_answers_409(client, control, sandbox, key, account):
    control("POST", "faults", match="POST /v1/customers", kind="slow", seconds=2)
    headers = {"Idempotency-Key": "k5"}
    slow = threading.Thread(target=raw, args=(sandbox, key, "POST", "/v1/customers", "email=a@acme.example", headers))
    slow.start()
    waiting.until(lambda: account.in_flight)
    answer, body = raw(sandbox, key, "POST", "/v1/customers", "email=a@acme.example", headers)
    assert (answer.status, body["error"]["type"]) == (409, "idempotency_error")
    slow.join()
    answer, _ = raw(sandbox, key, "POST", "/v1/customers", "email=a@acme.example", headers)
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.customers.list().data) == 1


def test_dropped_after_the_effect_charges_once(client, control, shop):
    customer, price = shop.customer(), shop.price()
    control("POST", "faults", match="POST /v1/subscriptions", kind="drop_after_effect")
    params = {"customer": customer.id, "items": [{"price": price.id}]}
    with pytest.raises(stripe.APIConnectionError):
        client.v1.subscriptions.create(params, {"idempotency_key": "k7"})
    again = client.v1.subscriptions.create(params, {"idempotency_key": "k7"})
    assert again.status == "active"
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.charges.list({"customer": customer.id}).data) == 1


def test_429_by_fault_and_by_rate(client, control):
    control("POST", "faults", match="GET /v1/customers*", kind="429", times=2)
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError) as caught:
            client.v1.customers.list()
        assert caught.value.json_body["error"]["code"] == "rate_limit"
    client.v1.customers.list()
    control("POST", "settings", rate_limit=3)
    answers = []
    for _ in range(5):
        try:
            answers.append(client.v1.customers.list().object)
        except stripe.RateLimitError:
            answers.append("refused")
    assert "refused" in answers[1:]


def test_a_hanging_call_times_out(sandbox, key, control):
    control("POST", "faults", match="GET /v1/customers", kind="hang", seconds=0.3)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        raw(sandbox, key, "GET", "/v1/customers")


def test_a_failed_call_rolls_back_whole(shop, account):
    customer, price = shop.customer("pm_card_chargeCustomerFail"), shop.price()

    def objects():
        return {kind: dict(table.rows) for kind, table in account.store.tables.items() if table.rows and kind != "_idempotency"}

    before = objects()
    with pytest.raises(stripe.CardError) as caught:
        shop.subscribe(customer, price, payment_behavior="error_if_incomplete")
    assert caught.value.json_body["error"]["type"] == "card_error"
    assert objects() == before


def test_paging_both_ways(client):
    made = [client.v1.customers.create({"email": f"{number}@acme.example"}).id for number in range(7)]
    newest = list(reversed(made))
    page = client.v1.customers.list({"limit": 3})
    assert ([row.id for row in page.data], page.has_more) == (newest[:3], True)
    page = client.v1.customers.list({"limit": 3, "starting_after": newest[2]})
    assert [row.id for row in page.data] == newest[3:6]
    page = client.v1.customers.list({"limit": 2, "ending_before": newest[3]})
    assert ([row.id for row in page.data], page.has_more) == (newest[1:3], True)
    assert [row.id for row in client.v1.customers.list({"limit": 2}).auto_paging_iter()] == newest
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.customers.list({"starting_after": "cus_none"})
    assert caught.value.param == "starting_after"


def test_filters(client, shop):
    one, two = shop.price(lookup_key="one"), shop.price(lookup_key="two", interval="year")
    client.v1.prices.update(two.id, {"active": False})
    assert [row.id for row in client.v1.prices.list({"lookup_keys": ["one", "two"]}).data] == [two.id, one.id]
    assert [row.id for row in client.v1.prices.list({"active": True}).data] == [one.id]
    assert [row.id for row in client.v1.prices.list({"recurring": {"interval": "year"}}).data] == [two.id]
    assert client.v1.prices.list({"created": {"gt": one.created + 100}}).data == []


def test_lookup_keys_move_only_when_asked(client, shop):
    old = shop.price(lookup_key="team")
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        shop.price(lookup_key="team")
    new = shop.price(lookup_key="team", transfer_lookup_key=True)
    assert (client.v1.prices.retrieve(old.id).lookup_key, new.lookup_key) == (None, "team")


def test_metadata_merges(client):
    customer = client.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    customer = client.v1.customers.update(customer.id, {"metadata": {"b": "", "c": "3"}})
    assert customer.metadata.to_dict() == {"a": "1", "c": "3"}
    assert client.v1.customers.update(customer.id, {"metadata": ""}).metadata.to_dict() == {}


def test_expansion(client, shop):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price())
    found = client.v1.subscriptions.list(
        {"expand": ["data.customer", "data.latest_invoice.payments.data.payment.payment_intent"]}
    )
    assert found.data[0].customer.email == customer.email
    assert found.data[0].latest_invoice.payments.data[0].payment.payment_intent.status == "succeeded"
    plain = client.v1.subscriptions.retrieve(subscription.id)
    assert (plain.customer, plain.latest_invoice[:3]) == (customer.id, "in_")
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.subscriptions.retrieve(subscription.id, {"expand": ["nonsense"]})
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        client.v1.subscriptions.retrieve(subscription.id, {"expand": ["a.b.c.d.e"]})


def test_deleted_customers_leave_a_tombstone(client, shop):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price())
    client.v1.customers.delete(customer.id)
    gone = client.v1.customers.retrieve(customer.id)
    assert gone.deleted
    assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert client.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.customers.update(customer.id, {"name": "x"})
    assert caught.value.http_status == 404


def test_tax_ids_are_verified_later(client, control):
    customer = client.v1.customers.create({"name": "Acme"})
    tax_id = client.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    assert (tax_id.verification.status, tax_id.country) == ("pending", "DE")
    control("POST", "clock", advance_by=60)
    assert client.v1.customers.tax_ids.retrieve(customer.id, tax_id.id).verification.status == "verified"
    event = client.v1.events.list({"types": ["customer.tax_id.updated"]}).data[0]
    assert event.data.previous_attributes["verification"]["status"] == "pending"


def test_events_tell_what_was_before(client, shop):
    customer = shop.customer(card=None)
    client.v1.customers.update(customer.id, {"name": "Globex"}, {"idempotency_key": "rename"})
    event = client.v1.events.list({"type": "customer.updated"}).data[0]
    assert event.data.previous_attributes.to_dict() == {"name": "Acme"}
    assert event.data.object["name"] == "Globex"
    assert (event.api_version, event.request.idempotency_key) == (stripe.api_version, "rename")
    assert client.v1.events.retrieve(event.id).type == "customer.updated"
    assert client.v1.events.list({"created": {"lt": event.created - 1000}}).data == []


def test_state_survives_a_restart(tmp_path):
    first = Sandbox(tmp_path)
    first.start()
    client = stripe.StripeClient("sk_test_kept", base_addresses={"api": first.base_url})
    customer = client.v1.customers.create({"email": "ada@acme.example"}, {"idempotency_key": "once"})
    product = client.v1.products.create({"name": "Team"})
    price = client.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 100, "recurring": {"interval": "month"}}
    )
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    subscription = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    headers = {"Authorization": "Bearer sk_test_kept"}
    body = json.dumps({"advance_by": 86400}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{first.base_url}/_sandbox/clock", data=body, headers=headers)).close()
    first.account("kept").log.compact(first.account("kept").store)
    first.stop()

    second = Sandbox(tmp_path)
    second.start()
    try:
        client = stripe.StripeClient("sk_test_kept", base_addresses={"api": second.base_url})
        assert client.v1.subscriptions.retrieve(subscription.id).status == "active"
        again = client.v1.customers.create({"email": "ada@acme.example"}, {"idempotency_key": "once"})
        assert again.id == customer.id
        account = second.account("kept")
        assert account.offset == 86400
        assert account.due.next(None)[0].what == "subscription_renews"
        assert second.owner("subscription", subscription.id) is account
    finally:
        second.stop()


def test_a_torn_last_line_is_dropped(tmp_path):
    first = Sandbox(tmp_path)
    first.start()
    client = stripe.StripeClient("sk_test_torn", base_addresses={"api": first.base_url})
    customer = client.v1.customers.create({"email": "ada@acme.example"})
    first.stop()
    file = next(tmp_path.glob("*.jsonl"))
    with file.open("a") as log:
        log.write('{"customer": {"cus_torn": {"id"')
    second = Sandbox(tmp_path)
    second.start()
    store = second.account("torn").store
    assert list(store.table("customer").rows) == [customer.id]
    second.stop()
    assert file.read_bytes().endswith(b"\n")


@pytest.mark.long
def test_a_preview_is_fast_among_100_000_objects(client, shop, account):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price(), 10)
    rows = [{"object": "customer", "id": f"cus_many{number}", "created": number + 1} for number in range(100_000)]
    with account.lock:
        imports.load(account, rows)
    entry = {"id": subscription["items"].data[0].id, "quantity": 13}
    params = {
        "subscription": subscription.id,
        "subscription_details": {"items": [entry], "proration_behavior": "always_invoice"},
    }
    took = []
    for _ in range(20):
        began = time.thread_time()  # its own work alone: other processes have the processor too
        previews.create(Call(account, account.begin(), params, {}, ""))
        took.append(time.thread_time() - began)
    assert sorted(took)[10] < 0.005


def test_the_process_serves_and_stops_on_sigterm(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "billing.sandbox", "--port", str(port), "--state", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline().strip() == f"Stripe sandbox on http://127.0.0.1:{port}"
        client = stripe.StripeClient("sk_test_process", base_addresses={"api": f"http://127.0.0.1:{port}"})
        assert client.v1.customers.create({"email": "ada@acme.example"}).id.startswith("cus_")
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
        process.stdout.close()
