"""Paying on invoice by the API: bought for the previewed amount, switched to and from, and corrected; and refusals."""

import pytest

from accounts.queries import policies
from billing.models import Customer, Invoice, Subscription
from billing.services.selling import collecting
from billing.services.tax import tax_details
from config import clock
from tests import factories
from tests.billing import on_terms, test_debits
from tests.billing.calling import Program, assert_problem

PREVIEW, COLLECTION = "checkouts/invoice-preview", "subscription/collection"
CART = {"plan": "fieldnote/team", "seats": 10, "interval": "month", "currency": "usd", "external_id": "deal-1"}
ORDER = {"cart": "external:deal-1", "collection_method": "send_invoice", "purchase_order": "PO-9", "external_id": "order-1"}
ON_INVOICE, CHARGED = {"collection_method": "send_invoice"}, {"collection_method": "charge_automatically"}


@pytest.fixture
def own(cast):
    return Program(cast.organization_key)


@pytest.fixture
def bought(shop):
    row = shop.kept("bought on invoice", lambda: on_terms.buy(shop))
    policies.forget()
    return row


def complete(shop):
    tax_details.save(shop.organization, on_terms.ADDRESS, origin=shop.origin, at=clock.now())


def test_bought_for_exactly_what_was_previewed_once_the_invoice_can_be_made_out(shop, own, cast):
    own.post("carts", CART)
    order = ORDER | {"accepted_by": cast.membership(cast.owner).pk, "expected_due_now_minor": 16_000}
    factories.rule("billing.payment_days", 30)
    shown = own.post(PREVIEW, {"cart": "external:deal-1"}, key="").json()
    assert (shown["charge"]["due_now_minor"], shown["days_until_due"], shown["missing_details"]) == (
        16_000,
        30,
        ["line1", "city"],
    )
    missing = assert_problem(own.post("checkouts", order), 409, "billing-details-missing")
    assert missing["fields"] == ["line1", "city"]
    own.patch("billing-details", {name: said for name, said in on_terms.ADDRESS.items() if name != "purchase_order"})
    differs = assert_problem(
        own.post("checkouts", order | {"expected_due_now_minor": 1}), 409, "amount-differs", "#/expected_due_now_minor"
    )
    assert differs["preview"]["charge"]["due_now_minor"] == 16_000
    assert_problem(own.post("checkouts", order | CHARGED), 400, "invalid", "#/expected_due_now_minor")
    assert own.get("billing-details").json()["purchase_order"] == "", "what was refused has left nothing behind"
    assert not Subscription.objects.exists()
    made = own.post("checkouts", order)
    said = made.json()
    assert (made.status_code, said["state"], said["url"], said["days_until_due"]) == (201, "applied", "", 30)
    assert said["collection_method"] == "send_invoice"
    assert own.post("checkouts", order).json()["id"] == said["id"], "one external id is one order"
    shop.settle()
    assert own.get("subscription").json()["collection_method"] == "send_invoice"
    (invoice,) = own.get("invoices").json()["data"]
    assert (invoice["remaining_minor"], invoice["purchase_order"], invoice["due_at"] is not None) == (16_000, "PO-9", True)


def test_who_may_not_or_has_no_room_is_told_so(shop, own, cast):
    own.post("carts", CART)
    order = ORDER | {"accepted_by": cast.membership(cast.owner).pk, "expected_due_now_minor": 16_000}
    complete(shop)
    assert_problem(own.post(PREVIEW, {"cart": "external:deal-1"}, key=""), 409, "not-on-invoice")
    assert_problem(own.post("checkouts", order), 409, "not-on-invoice")
    factories.rule("billing.payment_days", 30)
    factories.rule("billing.credit_limit", 15_999)
    shown = own.post(PREVIEW, {"cart": "external:deal-1"}, key="").json()
    assert (shown["has_room"], shown["limit_us_cents"], shown["open_us_cents"]) == (False, 15_999, 0)
    beyond = assert_problem(own.post("checkouts", order), 409, "beyond-credit")
    assert (beyond["limit_us_cents"], beyond["open_us_cents"], beyond["order_minor"]) == (15_999, 0, 16_000)
    assert (beyond["seats_that_fit"], shown["seats_that_fit"]) == (8, 8), "nine cost more than ten: the volume price"
    assert own.patch("carts/external:deal-1", {"seats": 8}).status_code == 200
    assert own.post(PREVIEW, {"cart": "external:deal-1"}, key="").json()["has_room"]
    assert not Subscription.objects.exists()


def test_switched_to_invoices_and_back(shop, own):
    row = shop.kept("bought", lambda: shop.buy(seats=10))
    assert own.get(COLLECTION).json()["invoice_days"] is None
    assert_problem(own.patch(COLLECTION, ON_INVOICE), 409, "not-on-invoice")
    factories.rule("billing.payment_days", 14)
    assert assert_problem(own.patch(COLLECTION, ON_INVOICE), 409, "billing-details-missing")["fields"] == ["line1", "city"]
    complete(shop)
    asked = own.get(COLLECTION).json()
    assert (asked["invoice_days"], asked["days_until_due"], asked["missing_details"]) == (14, None, [])
    said = own.patch(COLLECTION, ON_INVOICE).json()
    assert (said["collection_method"], said["days_until_due"], said["bank_account"]["kind"]) == ("send_invoice", 14, "aba")
    assert own.patch(COLLECTION, ON_INVOICE).json() == said, "twice is once"
    assert own.patch(COLLECTION, CHARGED).json()["collection_method"] == "charge_automatically"
    assert shop.at_stripe(row).collection_method == "charge_automatically"
    own.patch(COLLECTION, ON_INVOICE)
    Customer.objects.update(payment_method_id="")
    assert_problem(own.patch(COLLECTION, CHARGED), 409, "no-payment-method")
    Subscription.objects.update(status="past_due")
    assert_problem(own.patch(COLLECTION, ON_INVOICE | CHARGED), 409, "collection-fixed")


def test_a_bank_account_is_debited_again_after_invoices(shop, cast):
    row = test_debits.bought(shop)
    shop.advance(days=12)
    factories.rule("billing.payment_days", 14)
    complete(shop)
    for method in ("send_invoice", "charge_automatically"):
        collecting.switch(shop.fresh(row), collecting.Collection(method), origin=shop.origin, at=clock.now())
    assert list(shop.at_stripe(row).payment_settings.payment_method_types) == ["card", "sepa_debit"]


def test_an_open_one_is_corrected_once_a_key(shop, own, bought):
    old = Invoice.objects.get()
    place = f"invoices/{old.stripe_id}/corrections"
    assert_problem(own.post(place, {"country": "FR"}), 400, "invalid", "#/country")
    assert_problem(own.post(place, {}), 409, "nothing-changes")
    made = own.post(place, {"purchase_order": "PO-8"}, key="once")
    assert made.status_code == 201, made.content
    assert own.post(place, {"purchase_order": "PO-8"}, key="once").json() == made.json()
    shop.settle()
    new = own.get(f"invoices/{made.json()['replaced_by']}").json()
    assert (new["purchase_order"], new["replaces"], new["remaining_minor"]) == ("PO-8", old.number, 16_000)
    note = own.get(f"credit-notes/{made.json()['credit_note']}").json()
    assert note["invoice"] == old.stripe_id
    again = assert_problem(own.post(place, {"purchase_order": "PO-7"}), 409, "invoice-not-replaceable")
    assert again["reason"] == "not_as_sent"
    on_terms.transfer(shop.fresh(bought), 16_000)
    shop.settle()
    paid = f"invoices/{new['id']}/corrections"
    assert assert_problem(own.post(paid, {"purchase_order": "PO-7"}), 409, "invoice-not-replaceable")["reason"] == "paid"
