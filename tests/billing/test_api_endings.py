"""Ending at once by the API: who may, what goes back to the cent, and what is behind."""

import pytest

from billing.services import store_time
from tests.billing.calling import Program, assert_problem

PREVIEW, ENDINGS, SCHEDULED = "subscription/endings/preview", "subscription/endings", "subscription/scheduled-changes"


@pytest.fixture
def own(cast):
    return Program(cast.organization_key)


@pytest.fixture
def vendor(cast):
    return Program(cast.vendor_key, "external:acme-1")


@pytest.fixture
def bought(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


def test_ended_by_a_vendors_key_for_what_was_previewed(own, vendor, bought, shop):
    assert_problem(own.post(PREVIEW, {}, key=""), 403, "owners-only")
    shown = vendor.post(PREVIEW, {}, key="").json()
    assert (shown["invoices"], shown["invoices_become"], shown["due_now_minor"]) == ([], "none", 0)
    said = {"token": shown["token"], "reason_code": "closed", "external_id": "end-1"}
    assert_problem(own.post(ENDINGS, said), 403, "owners-only")
    made = vendor.post(ENDINGS, said)
    assert (made.status_code, made.json()["outcome"], made.json()["credit_minor"]) == (201, "done", shown["credit_minor"])
    assert vendor.post(ENDINGS, said).json() == made.json()
    assert vendor.get("subscription").json()["status"] == "canceled"
    assert vendor.get(f"{SCHEDULED}/external:end-1").json()["state"] == "applied"
    assert_problem(vendor.post(PREVIEW, {}, key=""), 409, "subscription-not-active")


def test_what_is_behind_ends_at_once_and_owes_nothing(own, bought, shop, cast):
    shop.control("POST", "next_payment", outcome="declined")
    store_time.to_renewal(cast.acme)
    assert_problem(own.post(SCHEDULED, {"kind": "end", "reason_code": "price"}), 409, "ends-at-once")
    shown = own.post(PREVIEW, {}, key="").json()
    assert (shown["credit_minor"], shown["lines"], shown["invoices_become"]) == (0, [], "void")
    stale = own.post(ENDINGS, {"token": "made-up", "reason_code": "price"})
    assert assert_problem(stale, 409, "preview-stale")["preview"]["invoices"] == shown["invoices"]
    assert own.post(ENDINGS, {"token": shown["token"], "reason_code": "price"}).json()["outcome"] == "done"
    assert own.get(f"invoices/{shown['invoices'][0]}").json()["status"] == "void"
