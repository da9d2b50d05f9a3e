"""The API to change with: more seats, fewer seats, the end, each once a key and at the agreed price."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from billing.models import ChangeState, IdempotentRequest, ScheduledChange, SeatChange
from billing.services import idempotency
from billing.services.changes import seats
from config import clock
from tests import factories

PROBLEM = "application/problem+json"


class Caller:
    def __init__(self, key, organization=None):
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {key.text}"}
        if organization:
            self.headers["Storefront-Organization"] = organization.public_id

    def post(self, path, body, key="k-1", **extra):
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return self.client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers, **extra)

    def get(self, path):
        return self.client.get(f"/api/v1/{path}", headers=self.headers)

    def delete(self, path):
        return self.client.delete(f"/api/v1/{path}", headers=self.headers)


@pytest.fixture
def caller(cast):
    return Caller(cast.organization_key)


@pytest.fixture
def bought(shop):
    """Ten seats, half a period in: and a minute, because at the very half a second more changes the cents."""
    return shop.kept("bought for half a period", lambda: _bought(shop))


def _bought(shop):
    row = shop.buy(seats=10)
    shop.advance_to(row.period_starts_at + (row.period_ends_at - row.period_starts_at) / 2 + timedelta(minutes=1))
    return seats.current(shop.organization)


def assert_problem(response, status, kind):
    assert (response.status_code, response.headers["Content-Type"]) == (status, PROBLEM), response.content
    body = response.json()
    assert body["type"] == f"urn:storefront:problem:{kind}"
    return body


CHANGES = "subscription/seats/changes"
PREVIEW = "subscription/seats/preview"
SCHEDULED = "subscription/scheduled-changes"


# --- Preview and change -----------------------------------------------------------------------------------------------


def test_preview_then_change_charges_what_was_shown(caller, shop, bought):
    shown = caller.post(PREVIEW, {"seats": 13}, key="").json()
    assert (shown["seats_before"], shown["seats_after"], shown["seats_at_renewal"]) == (10, 13, 13)
    held = datetime.fromisoformat(shown["expires_at"]) - datetime.fromisoformat(shown["proration_at"])
    assert held == timedelta(minutes=15)
    assert sum(line["amount_minor"] for line in shown["lines"]) == shown["subtotal_minor"] == shown["due_now_minor"]
    answer = caller.post(CHANGES, {"token": shown["token"]})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["state"], said["due_now_minor"], said["seats_after"]) == ("done", shown["due_now_minor"], 13)
    bought.refresh_from_db()
    assert bought.quantity == 13
    change = SeatChange.objects.get(public_id=said["id"])
    assert (change.source, change.actor) == ("api", None)
    assert caller.get(f"{CHANGES}/{said['id']}").json() == said


def test_number_and_amount_instead_of_a_token(caller, bought):
    due = caller.post(PREVIEW, {"seats": 12}, key="").json()["due_now_minor"]
    differs = assert_problem(
        caller.post(CHANGES, {"seats": 12, "expected_due_now_minor": due - 1}, key="k-0"), 409, "amount-differs"
    )
    assert differs["preview"]["due_now_minor"] == due
    assert differs["errors"][0]["pointer"] == "#/expected_due_now_minor"
    assert not SeatChange.objects.exists()
    answer = caller.post(CHANGES, {"seats": 12, "expected_due_now_minor": due})
    assert (answer.status_code, answer.json()["state"]) == (201, "done")


def test_a_change_that_was_made_gets_the_id_that_comes_later(caller, bought):
    token = caller.post(PREVIEW, {"seats": 12}, key="").json()["token"]
    made = caller.post(CHANGES, {"token": token}, key="k-0").json()
    named = caller.post(CHANGES, {"token": token, "external_id": "po-1"}, key="k-1")
    assert (named.status_code, named.json()) == (200, made | {"external_id": "po-1"})
    assert caller.get(f"{CHANGES}/external:po-1").json()["id"] == made["id"]
    assert_problem(caller.post(CHANGES, {"token": token, "external_id": "po-2"}, key="k-2"), 409, "external-id-taken")


def test_of_several_subscriptions_the_changed_one_is_named(caller, shop, bought):
    other = shop.buy(plan="inspect/essential", seats=2)
    unsaid = assert_problem(caller.post(PREVIEW, {"seats": 12}, key=""), 400, "invalid")
    assert unsaid["errors"][0]["pointer"] == "#/line"
    token = caller.post(f"{PREVIEW}?line=inspect", {"seats": 3}, key="").json()["token"]
    assert_problem(caller.post(f"{CHANGES}?line=fieldnote", {"token": token}, key="k-0"), 409, "preview-stale")
    assert caller.post(CHANGES, {"token": token}).json()["seats_after"] == 3  # the token says of which
    assert (shop.fresh(other).quantity, shop.fresh(bought).quantity) == (3, 10)


def test_a_change_can_name_who_gets_the_seats(caller, cast, bought):
    due = caller.post(PREVIEW, {"seats": 11}, key="").json()["due_now_minor"]
    member = cast.membership(cast.member)
    caller.post(CHANGES, {"seats": 11, "expected_due_now_minor": due, "members": [member.pk]})
    assert bought.assignments.filter(membership=member, ended_at=None).exists()


def test_a_stale_token_comes_back_with_a_fresh_preview(caller, bought):
    old = caller.post(PREVIEW, {"seats": 12}, key="").json()["token"]
    new = caller.post(PREVIEW, {"seats": 11}, key="").json()["token"]
    assert caller.post(CHANGES, {"token": new}, key="k-1").status_code == 201
    body = assert_problem(caller.post(CHANGES, {"token": old}, key="k-2"), 409, "preview-stale")
    assert (body["preview"]["seats_before"], body["preview"]["seats_after"]) == (11, 12)
    assert caller.post(CHANGES, {"token": body["preview"]["token"]}, key="k-3").status_code == 201


def test_a_token_of_another_organization_is_worth_nothing(caller, shop, cast, bought):
    token = caller.post(PREVIEW, {"seats": 12}, key="").json()["token"]
    stranger = Caller(factories.ApiKeyFactory(organization=cast.globex))
    assert_problem(stranger.post(CHANGES, {"token": token}), 409, "subscription-not-active")
    bought.refresh_from_db()
    assert bought.quantity == 10


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/token"),
        ({"seats": 12}, "#/token"),
        ({"token": "x", "seats": 12, "expected_due_now_minor": 1}, "#/token"),
        ({"seats": "many", "expected_due_now_minor": 1}, "#/seats"),
        ({"seats": 0, "expected_due_now_minor": 1}, "#/seats"),
        ({"seats": 12, "expected_due_now_minor": 1, "seat": 3}, "#/seat"),
        ({"token": "x", "members": [1, "two"]}, "#/members/1"),
    ],
)
def test_what_is_wrong_with_a_body_is_named(caller, bought, body, pointer):
    answer = assert_problem(caller.post(CHANGES, body), 400, "invalid")
    assert pointer in [error["pointer"] for error in answer["errors"]]


def test_more_than_self_service_sells(caller, bought):
    body = assert_problem(caller.post(PREVIEW, {"seats": 101}, key=""), 422, "too-many-seats")
    assert body["maximum"] == 100
    assert body["talk_url"].endswith("/talk/?seats=101")
    assert body["errors"][0]["pointer"] == "#/seats"


def test_as_many_or_fewer_than_now(caller, bought):
    assert_problem(caller.post(PREVIEW, {"seats": 10}, key=""), 409, "nothing-changes")
    assert_problem(caller.post(PREVIEW, {"seats": 9}, key=""), 422, "too-few-seats")


def test_a_decline_is_an_outcome_that_is_not_tried_again(caller, shop, bought):
    due = caller.post(PREVIEW, {"seats": 13}, key="").json()["due_now_minor"]
    shop.control("POST", "next_payment", outcome="declined", customer=bought.organization.customer.stripe_id)
    first = caller.post(CHANGES, {"seats": 13, "expected_due_now_minor": due})
    if first.status_code == 402:
        body = assert_problem(first, 402, "payment-declined")
        assert body["change"]["state"] == "declined"
    else:  # Stripe keeps the increase as a pending update until its payment is finished
        assert (first.status_code, first.json()["state"]) == (202, "waiting")
        assert first.json()["finish_url"].endswith(f"/seats/changes/{first.json()['id']}/")
    again = caller.post(CHANGES, {"seats": 13, "expected_due_now_minor": due})
    assert again.status_code == first.status_code
    assert again.headers["Idempotent-Replayed"] == "true"
    assert SeatChange.objects.count() == 1
    bought.refresh_from_db()
    assert bought.quantity == 10


def test_a_waiting_change_is_shown_dropped_and_free_again(caller, shop, bought):
    due = caller.post(PREVIEW, {"seats": 13}, key="").json()["due_now_minor"]
    shop.control("POST", "next_payment", outcome="requires_action", customer=bought.organization.customer.stripe_id)
    answer = caller.post(CHANGES, {"seats": 13, "expected_due_now_minor": due})
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    pending = caller.get("subscription").json()["pending"]
    assert (pending["change"], pending["seats"], pending["due_now_minor"]) == (answer.json()["id"], 13, due)
    body = assert_problem(caller.post(PREVIEW, {"seats": 14}, key=""), 409, "payment-pending")
    assert body["change"] == pending["change"]
    dropped = caller.delete(f"{CHANGES}/{pending['change']}")
    assert (dropped.status_code, dropped.json()["state"]) == (200, "dropped")
    assert caller.delete(f"{CHANGES}/{pending['change']}").json()["state"] == "dropped"
    assert caller.get("subscription").json()["pending"] is None
    shop.settle()
    of_it = f"invoices?subscription={bought.stripe_id}&limit=1"
    (voided,) = caller.get(f"{of_it}&status=void").json()["data"]
    assert (voided["total_minor"], voided["remaining_minor"], voided["subscription"]) == (due, 0, bought.stripe_id)
    assert {**caller.get(f"invoices/{voided['id']}").json(), **voided} == caller.get(f"invoices/{voided['id']}").json()
    first = caller.get(of_it).json()
    assert (first["data"], len(caller.get(f"{of_it}&after={first['next']}").json()["data"])) == ([voided], 1)
    assert caller.get("invoices?status=open").json()["data"] == []
    assert caller.get("invoices?subscription=external:none").json() == {"data": [], "next": None}


def test_stripe_away_is_said_and_nothing_is_lost(caller, shop, bought):
    shop.control("POST", "faults", match="POST /v1/invoices/create_preview", kind="500", times=3)
    answer = caller.post(PREVIEW, {"seats": 13}, key="")
    assert_problem(answer, 503, "payment-provider-unreachable")
    assert answer.headers["Retry-After"] == "5"


def test_changes_of_others_do_not_exist(caller, cast, bought):
    due = caller.post(PREVIEW, {"seats": 13}, key="").json()["due_now_minor"]
    made = caller.post(CHANGES, {"seats": 13, "expected_due_now_minor": due}).json()["id"]
    stranger = Caller(factories.ApiKeyFactory(organization=cast.globex))
    assert_problem(stranger.get(f"{CHANGES}/{made}"), 404, "not-found")
    assert_problem(stranger.delete(f"{CHANGES}/{made}"), 404, "not-found")


def test_a_vendor_key_changes_for_the_organization_it_names(cast, bought):
    vendor = Caller(cast.vendor_key, cast.acme)
    due = vendor.post(PREVIEW, {"seats": 11}, key="").json()["due_now_minor"]
    assert vendor.post(CHANGES, {"seats": 11, "expected_due_now_minor": due}).status_code == 201


# --- Idempotency ------------------------------------------------------------------------------------------------------


def test_the_same_key_and_body_get_the_same_answer_and_one_charge(caller, shop, bought):
    due = caller.post(PREVIEW, {"seats": 13}, key="").json()["due_now_minor"]
    body = {"seats": 13, "expected_due_now_minor": due}
    first, second = caller.post(CHANGES, body), caller.post(CHANGES, body)
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (201, first.json())
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert SeatChange.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(caller, bought):
    due = caller.post(PREVIEW, {"seats": 13}, key="").json()["due_now_minor"]
    caller.post(CHANGES, {"seats": 13, "expected_due_now_minor": due})
    other = {"seats": 14, "expected_due_now_minor": due}
    assert_problem(caller.post(CHANGES, other), 422, "idempotency-key-reused")
    assert_problem(caller.post(SCHEDULED, {"seats": 9}), 422, "idempotency-key-reused")


def test_a_write_without_a_key_is_refused_before_anything(caller, bought):
    body = assert_problem(caller.post(CHANGES, {"seats": 13, "expected_due_now_minor": 1}, key=""), 400, "invalid")
    assert body["errors"][0]["pointer"] == "#/Idempotency-Key"


def test_a_refusal_leaves_the_key_free(caller, bought):
    assert_problem(caller.post(CHANGES, {"seats": 500, "expected_due_now_minor": 1}), 422, "too-many-seats")
    assert not IdempotentRequest.objects.exists()


def test_a_process_that_died_over_the_answer_does_not_charge_again(caller, shop, bought, monkeypatch):
    """The change was made, its answer was not kept: the same key finds the change by its name."""
    due = caller.post(PREVIEW, {"seats": 13}, key="").json()["due_now_minor"]
    body = {"seats": 13, "expected_due_now_minor": due}
    monkeypatch.setattr(idempotency, "finish", lambda *_a, **_k: None)
    first = caller.post(CHANGES, body).json()
    monkeypatch.undo()
    assert_problem(caller.post(CHANGES, body), 409, "idempotency-key-in-use")
    IdempotentRequest.objects.update(locked_until=clock.wall() - timedelta(seconds=1))
    again = caller.post(CHANGES, body)
    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    assert SeatChange.objects.count() == 1


def test_keys_are_kept_for_a_day(caller, bought, cast):
    due = caller.post(PREVIEW, {"seats": 13}, key="").json()["due_now_minor"]
    caller.post(CHANGES, {"seats": 13, "expected_due_now_minor": due})
    IdempotentRequest.objects.update(created_at=clock.wall() - timedelta(hours=23, minutes=59))
    assert idempotency.purge(clock.wall()) == 0
    IdempotentRequest.objects.update(created_at=clock.wall() - timedelta(hours=24))
    assert idempotency.purge(clock.wall()) == 1


def test_keys_of_two_callers_do_not_meet(caller, cast, bought):
    other = Caller(factories.ApiKeyFactory(organization=cast.acme))
    assert caller.post(SCHEDULED, {"seats": 9}).status_code == 201
    assert other.post(SCHEDULED, {"seats": 8}).status_code == 201


# --- Scheduled changes ------------------------------------------------------------------------------------------------


def test_fewer_seats_with_the_next_period_and_back(caller, bought):
    astray = assert_problem(caller.post(SCHEDULED, {"seats": 8, "reason_code": "unused"}), 400, "invalid")
    assert astray["errors"][0]["pointer"] == "#/reason_code"
    made = caller.post(SCHEDULED, {"seats": 8})
    assert (made.status_code, made.json()["delta"], made.json()["state"]) == (201, -2, "pending")
    assert caller.get("subscription").json()["seats"]["coming"] == 8
    taken = caller.delete(f"{SCHEDULED}/{made.json()['id']}")
    assert (taken.status_code, taken.json()["state"]) == (200, "canceled")
    assert caller.delete(f"{SCHEDULED}/{made.json()['id']}").status_code == 200
    assert caller.get("subscription").json()["seats"]["coming"] == 10
    assert caller.get(f"{SCHEDULED}/{made.json()['id']}").json()["state"] == "canceled"


def test_below_the_seats_in_use_somebody_has_to_be_named(caller, cast, shop):
    shop.buy(seats=3)
    members = [cast.membership(user) for user in (cast.owner, cast.billing_admin, cast.member)]
    # By token: right after the purchase a second more changes the cents.
    token = caller.post(PREVIEW, {"seats": 4}, key="").json()["token"]
    assert caller.post(CHANGES, {"token": token, "members": [one.pk for one in members]}).status_code == 201
    new = factories.MembershipFactory(organization=cast.acme)
    token = caller.post(PREVIEW, {"seats": 5}, key="").json()["token"]
    assert caller.post(CHANGES, {"token": token, "members": [new.pk]}, key="k-2").status_code == 201
    body = assert_problem(caller.post(SCHEDULED, {"seats": 3}, key="k-3"), 409, "seats-in-use")
    assert body["missing"] == 1
    without = factories.MembershipFactory(organization=cast.acme)
    assert_problem(caller.post(SCHEDULED, {"seats": 3, "releases": [without.pk]}, key="k-4"), 422, "no-such-seat")
    made = caller.post(SCHEDULED, {"seats": 3, "releases": [new.pk]}, key="k-5")
    assert made.status_code == 201
    change = ScheduledChange.objects.get(public_id=made.json()["id"])
    assert [release.assignment.membership for release in change.releases.all()] == [new]


def test_the_end_and_its_taking_back(caller, bought):
    body = assert_problem(caller.post(SCHEDULED, {"kind": "end"}, key="k-0"), 400, "invalid")
    assert body["errors"][0]["pointer"] == "#/reason_code"
    made = caller.post(SCHEDULED, {"kind": "end", "reason_code": "unused", "reason": "Winter"})
    again = caller.post(SCHEDULED, {"kind": "end", "reason_code": "price"}, key="k-again")
    assert (again.status_code, again.json()) == (200, made.json())
    assert made.status_code == 201
    said = caller.get("subscription").json()
    assert (said["seats"]["coming"], said["next_charge"]) == (0, None)
    assert said["ends_at"] == made.json()["effective_at"]
    assert_problem(caller.post(SCHEDULED, {"seats": 8}, key="k-2"), 409, "subscription-ends")
    assert caller.delete(f"{SCHEDULED}/{made.json()['id']}").json()["state"] == "canceled"
    assert caller.get("subscription").json()["ends_at"] is None


def test_the_scopes_of_writing(cast, bought):
    reader = Caller(factories.ApiKeyFactory(organization=cast.acme, scopes=["billing:read"]))
    assert_problem(reader.post(CHANGES, {"seats": 11, "expected_due_now_minor": 1}), 403, "permission-denied")
    assert_problem(reader.post(SCHEDULED, {"seats": 9}), 403, "permission-denied")
    assert_problem(reader.delete(f"{SCHEDULED}/nothing"), 403, "permission-denied")
    assert not ScheduledChange.objects.exists()
    assert not SeatChange.objects.filter(state=ChangeState.DONE).exists()
