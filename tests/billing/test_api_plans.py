"""Another plan by the API: had now at exactly the previewed price, or from the period's end on; what is refused, and why."""

import pytest

from billing.models import SeatChange
from tests.billing.calling import Program, assert_problem

PREVIEW, CHANGES, SCHEDULED = "subscription/plan/preview", "subscription/plan/changes", "subscription/scheduled-changes"
BUSINESS = "fieldnote/business"


@pytest.fixture
def own(cast):
    return Program(cast.organization_key)


@pytest.fixture
def bought(shop):
    return shop.kept("bought", lambda: shop.buy(seats=10))


def preview(own, **wanted):
    return own.post(PREVIEW, {"plan": BUSINESS, **wanted}, key="")


def test_had_at_the_price_that_was_previewed(own, bought, shop):
    shown = preview(own, seats=12).json()
    assert (shown["plan"], shown["seats_after"], shown["renewal_minor"]) == (BUSINESS, 12, 12 * 2900)
    made = own.post(CHANGES, {"token": shown["token"], "external_id": "up-1"})
    said = made.json()
    assert (made.status_code, said["kind"], said["plan"], said["state"]) == (201, "plan", BUSINESS, "done")
    assert said["due_now_minor"] == shown["due_now_minor"]
    assert own.post(CHANGES, {"token": shown["token"], "external_id": "up-1"}).json()["id"] == said["id"]
    shop.settle()
    now = own.get("subscription").json()
    assert (now["plan"]["code"], now["seats"]["bought"]) == ("business", 12)
    assert own.get("subscription/seats/changes/external:up-1").json()["plan"] == BUSINESS


def test_by_the_amount_that_is_expected_or_not_at_all(own, bought):
    body = assert_problem(own.post(CHANGES, {"plan": BUSINESS, "expected_due_now_minor": 1}), 409, "amount-differs")
    assert body["preview"]["plan"] == BUSINESS
    for _second_that_passes in range(10):  # and takes a cent along
        made = own.post(CHANGES, {"plan": BUSINESS, "expected_due_now_minor": body["preview"]["due_now_minor"]})
        body = made.json()
        if made.status_code == 201:
            break
    assert made.status_code == 201


def test_a_smaller_one_and_another_interval_are_scheduled_and_taken_back(own, bought):
    made = own.post(SCHEDULED, {"kind": "plan", "plan": "fieldnote/starter", "external_id": "down-1"})
    said = made.json()
    assert (made.status_code, said["kind"], said["plan"], said["interval"]) == (201, "plan", "fieldnote/starter", "month")
    assert own.get("subscription").json()["scheduled"] == [said]
    conflict = assert_problem(preview(own), 409, "conflicts")
    assert conflict["change"] == said["id"]
    yearly = own.post(SCHEDULED, {"kind": "plan", "plan": "fieldnote/team", "interval": "year"}).json()
    assert own.get(f"{SCHEDULED}/external:down-1").json()["state"] == "superseded"
    assert own.delete(f"{SCHEDULED}/{yearly['id']}").status_code == 200
    assert own.get("subscription").json()["scheduled"] == []


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"plan": "fieldnote/starter"}, 422, "plan-begins-later"),
        ({"plan": "fieldnote/nothing"}, 422, "plan-not-offered"),
        ({"plan": "planner/essential"}, 422, "plan-not-offered"),
        ({"seats": 201}, 422, "plan-not-with-seats"),
        ({"plan": "fieldnote/team"}, 409, "nothing-changes"),
    ],
)
def test_what_cannot_be_had_says_why(own, bought, wanted, status, code):
    assert_problem(preview(own, **wanted), status, code)
    assert not SeatChange.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"kind": "plan"}, "#/plan"),
        ({"kind": "seats", "seats": 8, "plan": BUSINESS}, "#/plan"),
        ({"kind": "plan", "plan": BUSINESS, "seats": 8}, "#/seats"),
    ],
)
def test_what_is_said_wrong_is_named(own, bought, wanted, pointer):
    assert_problem(own.post(SCHEDULED, wanted), 400, "invalid", pointer)
