"""A pause by the API: as previewed, told by the subscription, gone on by a resumption; refusals with their reason."""

import pytest

from tests.billing.calling import Program, assert_problem
from tests.factories import rule

PREVIEW, PAUSES = "subscription/pauses/preview", "subscription/pauses"


@pytest.fixture
def own(cast, shop):
    shop.kept("bought", lambda: shop.buy(seats=10))
    return Program(cast.organization_key)


def test_paused_as_previewed_and_gone_on(own):
    shown = own.post(PREVIEW, {"months": 2}, key="").json()
    made = own.post(PAUSES, {"token": shown["token"]})
    assert (made.status_code, made.json()["state"], made.json()["credit_minor"]) == (201, "on", shown["credit_minor"])
    now = own.get("subscription").json()
    assert (now["status"], now["pause"]["resumes_at"], now["next_charge"]) == ("paused", made.json()["resumes_at"], None)
    assert_problem(own.post(PREVIEW, {}, key=""), 409, "subscription-paused")
    going = own.post("subscription/trial/resumption-preview", {}, key="").json()
    on = own.post("subscription/trial/resumptions", {"token": going["token"]})
    assert (on.status_code, on.json()["outcome"]) == (201, "done")
    assert own.get("subscription").json()["pause"] is None
    told = assert_problem(own.post(PREVIEW, {}, key=""), 409, "not-pausable")
    assert (told["reason"], told["next_at"] is not None) == ("too_soon", True)


def test_refusals(own):
    assert assert_problem(own.post(PREVIEW, {"months": 4}, key=""), 409, "not-pausable")["reason"] == "too_long"
    assert_problem(own.post(PAUSES, {"token": "made-up"}), 409, "preview-stale")
    rule("billing.pauses_per_year", 0)
    assert assert_problem(own.post(PREVIEW, {}, key=""), 409, "not-pausable")["reason"] == "not_offered"
