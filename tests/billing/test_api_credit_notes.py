"""Money given back by programs: within the keys' own limits, as previewed, once, and listed with all other credit notes."""

from datetime import UTC, datetime
from unittest.mock import ANY

import pytest

from accounts.models import ApiKey, Journal, Policy
from accounts.queries import policies
from billing.models import Adjustment, CreditNote, Invoice, StripeCommand
from billing.services import commands
from tests.billing.calling import Program, assert_problem
from tests.billing.test_giving_back import paid_invoice

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
GIVE = {"kind": "refund", "reason": "order_change", "note": "Ticket 7"}


@pytest.fixture
def vendor(cast):
    return Program(cast.vendor_key, "external:acme-1")


@pytest.fixture
def limit(db):
    said = {"reason": "tests", "effective_at": FIRST, "created_at": FIRST}
    Policy.objects.create(name="billing.give_back_keys_minor", value=3_000, **said)
    Policy.objects.create(name="billing.give_back_keys_month_minor", value=5_000, **said)
    policies.forget()


def test_nothing_goes_back_before_somebody_sets_a_limit(vendor, cast, shop):
    asked = {"invoice": paid_invoice(shop).stripe_id, "kind": "refund", "amount_minor": 1}
    told = assert_problem(vendor.post("credit-notes/preview", asked, key=""), 403, "beyond-limit")
    assert (told["at_once_us_cents"], told["left_us_cents"]) == (0, 0)
    given = {key: value for key, value in GIVE.items() if key != "kind"} | {"expected_total_minor": 1}
    assert_problem(vendor.post("credit-notes", asked | given), 403, "beyond-limit")
    own = Program(cast.organization_key)
    assert_problem(own.post("credit-notes", asked | given), 403, "permission-denied")
    assert not Adjustment.objects.exists()


@pytest.mark.usefixtures("limit")
def test_what_was_previewed_goes_back_once_and_is_listed(vendor, cast, shop):
    invoice = paid_invoice(shop)
    asked = {"invoice": invoice.stripe_id, "kind": "refund", "amount_minor": 2_000, "credit_minor": 500}
    preview = vendor.post("credit-notes/preview", asked, key="").json()
    assert (preview["total_minor"], preview["left_minor"]) == (2_000, invoice.amount_paid_minor), preview
    give = GIVE | asked | {"external_id": "back-1"}
    assert_problem(vendor.post("credit-notes", give | {"expected_total_minor": 1_999}), 409, "amount-differs")
    made = vendor.post("credit-notes", give | {"expected_total_minor": 2_000})
    again = vendor.post("credit-notes", give | {"expected_total_minor": 2_000})
    assert (made.status_code, again.status_code, again.json()) == (201, 200, made.json()), made.content
    row = Adjustment.objects.get()
    assert (row.state, row.actor, row.api_key) == ("done", None, ApiKey.objects.get(pk=cast.vendor_key.pk))
    shop.settle()

    note = vendor.get("credit-notes/external:back-1").json()
    assert note["id"] == made.json()["credit_note"]
    assert (note["refunded_minor"], note["credited_minor"], note["invoice"]) == (1_500, 500, invoice.stripe_id)
    assert vendor.get("credit-notes", {"invoice": invoice.stripe_id}).json() == {"data": [note], "next": None}
    assert vendor.get("credit-notes", {"invoice": "external:none"}).json()["data"] == []
    told = Journal.objects.filter(kind__in=("billing.adjustment.asked", "billing.credit_note.issued")).order_by("pk")
    assert [(one.source, one.actor) for one in told] == [("api", None), ("api", None)]
    assert told[0].data["api_key"] == cast.vendor_key.pk

    over = {"amount_minor": 3_001, "credit_minor": 0, "expected_total_minor": 3_001, "external_id": "back-2"}
    refused = assert_problem(vendor.post("credit-notes", give | over), 403, "beyond-limit")
    assert (refused["at_once_us_cents"], refused["left_us_cents"]) == (3_000, 3_000)
    too_much = give | {"amount_minor": 10**9, "expected_total_minor": 10**9, "external_id": "back-3"}
    assert_problem(vendor.post("credit-notes", too_much), 422, "too-much", "#/amount_minor")
    assert Invoice.objects.get(pk=invoice.pk).refunded_minor == 1_500
    assert CreditNote.objects.count() == 1


@pytest.mark.usefixtures("limit")
def test_the_same_key_hears_how_it_went_on(vendor, shop):
    asked = GIVE | {"invoice": paid_invoice(shop).stripe_id, "amount_minor": 2_000, "expected_total_minor": 2_000}
    shop.control("POST", "faults", match="POST /v1/credit_notes", kind="drop", times=9)
    under_way = vendor.post("credit-notes", asked, key="one")
    assert (under_way.status_code, under_way.json()["state"]) == (202, "sending"), under_way.content
    shop.control("DELETE", "faults")
    commands.execute(StripeCommand.objects.get(kind="adjustment.note").pk)  # as the pulse does
    shop.settle()
    done = vendor.post("credit-notes", asked, key="one")
    assert (done.status_code, done.json()) == (200, under_way.json() | {"state": "done", "credit_note": ANY})
    assert vendor.post("credit-notes", asked, key="one").content == done.content
    assert CreditNote.objects.get().stripe_id == done.json()["credit_note"]
