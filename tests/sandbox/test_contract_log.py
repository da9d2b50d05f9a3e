"""The log of requests against the contract: the first that Stripe would refuse fails it."""

import pytest

from billing.sandbox import contract


def call(path, **params):
    return contract.Request.of_call({"method": "POST", "path": path, "params": params, "status": 200})


def test_the_request_log_fails_on_the_first_request_that_stripe_would_refuse():
    requests = [
        call("/v1/customers", email="owner@acme.example"),
        call("/v1/subscriptions", customer="cus_1", items={"0": {"price": "price_1", "quantity": "three"}}),
        call("/v1/subscriptions", customer="cus_1", seats="3"),
    ]
    with pytest.raises(contract.RefusedError, match=r"^POST /v1/subscriptions: Invalid integer: three") as caught:
        contract.check_request_log(requests)
    assert caught.value.refusal.param == "items[0][quantity]"
    assert len(list(contract.refusals(requests))) == 2


def test_the_sandboxs_own_list_of_calls_is_a_request_log():
    calls = [
        {"method": "GET", "path": "/v1/events", "params": {"limit": "3"}, "status": 200},
        {"method": "POST", "path": "/v1/customers", "params": {"emial": "owner@acme.example"}, "status": 400},
    ]
    with pytest.raises(contract.RefusedError, match=r"emial. Did you mean email\?"):
        contract.check_request_log(map(contract.Request.of_call, calls))
    assert contract.check_request_log(map(contract.Request.of_call, calls[:1])) == 1
