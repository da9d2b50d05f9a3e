"""Trials by the API: with add-ons and for nothing, longer once, going on after the end with a card, or ending for good."""

from datetime import datetime, timedelta

import pytest
import requests
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.api import outcomes
from billing.models import CommandState, IdempotentRequest, Invoice, StripeCommand
from billing.services.leaving import resuming
from tests.billing.calling import Program, assert_problem

NO_CARD = {"action": "pay", "card_name": "Olive Owner", "country": "DE"}
TRIAL = {"plan": "fieldnote/team", "seats": 10, "interval": "month", "currency": "usd", "is_trial": True}
PREVIEW, RESUMPTIONS = "subscription/trial/resumption-preview", "subscription/trial/resumptions"
EXTENSIONS, ENDINGS = "subscription/trial/extensions", "subscription/trial/endings"
UNCOUNTED = ("accounts_policy", "billing_storetime")  # what processes ask again every few seconds


@pytest.fixture
def own(cast):
    return Program(cast.organization_key)


def begin(own, shop, cast, **more):
    """A trial without a card, from a program's cart."""
    cart = own.post("carts", TRIAL | more).json()
    page = own.post("checkouts", {"cart": cart["id"], "accepted_by": cast.membership(cast.owner).pk}).json()["url"]
    assert requests.post(page, data=NO_CARD, allow_redirects=False, timeout=30).status_code == 303
    shop.settle()


@pytest.fixture
def paused(own, shop, cast):
    """A trial that ended without a card."""

    def make():
        begin(own, shop, cast)
        shop.advance(days=15)

    shop.kept("paused by the api", make)
    assert own.get("subscription").json()["trial"]["is_over"]


def test_add_ons_are_free_both_ways_and_it_is_longer_once(own, shop, cast):
    begin(own, shop, cast, addons=[{"addon": "support"}])
    assert [one["code"] for one in own.get("subscription").json()["addons"]] == ["support"]
    shown = own.post("subscription/add-ons/preview", {"addon": "support", "number": 0}, key="").json()
    assert (shown["due_now_minor"], shown["addon_after"], shown["first_charge"]["due_minor"]) == (0, 0, 16_000)
    back = own.post("subscription/add-ons/changes", {"addon": "support", "number": 0, "expected_due_now_minor": 0})
    assert (back.status_code, own.get("subscription").json()["addons"]) == (201, [])
    assert_problem(own.post("subscription/add-ons/preview", {"addon": "support", "number": 0}), 409, "addon-not-held")
    assert_problem(own.post("subscription/add-ons/changes", {"token": shown["token"]}), 409, "preview-stale")
    assert_problem(own.post("subscription/scheduled-changes", {"kind": "addon", "addon": "support"}), 409, "in-trial")

    for place in (PREVIEW, ENDINGS):
        assert_problem(own.post(place), 409, "not-paused")
    assert_problem(own.post(RESUMPTIONS, {"token": "x"}), 409, "not-paused")
    assert_problem(own.post(EXTENSIONS), 409, "trial-not-extendable")
    shop.advance(days=10)
    trial = own.get("subscription").json()["trial"]
    made = own.post(EXTENSIONS, key="longer")
    assert (made.status_code, made.json()) == (201, outcomes.DONE | {"ends_at": trial["can_be_extended_until"]})
    assert datetime.fromisoformat(made.json()["ends_at"]) - datetime.fromisoformat(trial["ends_at"]) == timedelta(days=7)
    assert own.post(EXTENSIONS, key="longer").json() == made.json()
    IdempotentRequest.objects.all().delete()  # the process died before it kept its answer
    assert own.post(EXTENSIONS, key="longer").json() == made.json()
    assert_problem(own.post(EXTENSIONS), 409, "trial-not-extendable")
    twice = own.post("carts", {**TRIAL, "is_trial": False}).json()["id"]
    accepted = {"cart": twice, "accepted_by": cast.membership(cast.owner).pk}
    refused = assert_problem(own.post("checkouts", accepted), 409, "already-bought")
    assert (refused["line"], "subscription of fieldnote already" in refused["detail"]) == ("fieldnote", True)


def test_without_a_card_the_set_up_takes_the_token_and_goes_on(own, shop, paused):
    with CaptureQueriesContext(connection) as captured:
        shown = own.post(PREVIEW, key="").json()
    asked = [one["sql"] for one in captured.captured_queries if not any(word in one["sql"] for word in UNCOUNTED)]
    assert (shown["has_card"], shown["first_charge"]["due_minor"], len(asked)) == (False, 16_000, 2), asked
    assert_problem(own.post(RESUMPTIONS, {"token": shown["token"]}), 409, "no-card")
    assert_problem(own.post("payment-method/setups", {"resumption_token": "made-up"}), 409, "preview-stale")
    opened = own.post("payment-method/setups", {"resumption_token": shown["token"]})
    assert opened.status_code == 201
    shop.pay(opened.json()["url"])
    shop.settle()
    shop.settle()
    assert own.get("subscription").json()["status"] == "active"
    paid = Invoice.objects.get(total_minor__gt=0)
    assert paid.amount_paid_minor == 16_000
    booked = [(one["kind"], one["invoice"]) for one in own.get("ledger").json()["data"]]
    assert booked == [("converted", paid.stripe_id), ("started", "")]
    assert_problem(own.post("payment-method/setups", {"resumption_token": shown["token"]}), 409, "not-paused")


def test_with_a_card_on_file_exactly_the_agreed_amount_or_nothing(own, shop, paused):
    shop.pay(own.post("payment-method/setups").json()["url"])
    shop.settle()
    shown = own.post(PREVIEW, key="").json()
    assert shown["has_card"]
    wrong = [own.get("subscription").json()["id"], 1, "usd"]
    for token in ("made-up", signing.dumps(wrong, salt=resuming.SALT)):
        fresh = assert_problem(own.post(RESUMPTIONS, {"token": token}), 409, "preview-stale")["preview"]
        assert fresh["first_charge"]["due_minor"] == 16_000
    shop.control("POST", "next_payment", outcome="requires_action")
    waits = own.post(RESUMPTIONS, {"token": shown["token"]})
    pending = own.get("subscription").json()["pending"]
    assert (waits.status_code, waits.json()["outcome"], pending["kind"]) == (202, "waiting", "resumption")
    assert waits.json()["payment_url"] == pending["finish_url"]
    assert own.post(RESUMPTIONS, {"token": shown["token"]}).json() == waits.json()
    assert own.delete(f"subscription/seats/changes/{pending['change']}").json()["state"] == "dropped"
    shop.control("POST", "next_payment", outcome="declined")
    declined = own.post(RESUMPTIONS, {"token": shown["token"]}, key="first").json()
    assert (declined["outcome"], bool(declined["message"]), declined["payment_url"]) == ("declined", True, None)
    assert own.get("subscription").json()["status"] == "paused"
    assert own.post(RESUMPTIONS, {"token": shown["token"]}, key="first").json() == declined
    done = own.post(RESUMPTIONS, {"token": shown["token"]})
    assert (done.status_code, done.json()) == (201, outcomes.DONE)
    assert own.get("subscription").json()["status"] == "active"


def test_what_is_paused_ends_at_once(own, paused):
    done = own.post(ENDINGS)
    assert (done.status_code, done.json()) == (201, outcomes.DONE)
    assert own.get("subscriptions").json()["data"][0]["status"] == "canceled"


@pytest.mark.parametrize(
    ("state", "result", "status", "outcome"),
    [
        (CommandState.DONE, {}, 201, "done"),
        (CommandState.DECLINED, {}, 201, "declined"),
        (CommandState.OPEN, {}, 202, "open"),
        (CommandState.DONE, {"payment_url": "https://pay.example/1"}, 202, "waiting"),
    ],
)
def test_an_outcome_says_where_a_payment_is_finished(state, result, status, outcome):
    said = outcomes.answer(outcomes.OutcomeOutput, StripeCommand(state=state, result=result, error="No."))
    assert (said.status_code, said.data["outcome"], said.data["payment_url"]) == (status, outcome, result.get("payment_url"))
    assert said.data["message"] == ("No." if state == CommandState.DECLINED else "")
