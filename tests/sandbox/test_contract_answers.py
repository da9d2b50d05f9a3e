"""Answers against the contract: skeletons have every declared field, and differences are named by their path."""

import pytest
from stripe._object_classes import get_object_class

from billing.sandbox import contract
from billing.sandbox.contract import objects

STORE_OBJECTS = [
    "charge",
    "checkout.session",
    "coupon",
    "customer",
    "customer_balance_transaction",
    "discount",
    "event",
    "invoice",
    "invoice_payment",
    "invoiceitem",
    "line_item",
    "payment_intent",
    "payment_method",
    "price",
    "product",
    "promotion_code",
    "refund",
    "setup_intent",
    "subscription",
    "subscription_item",
    "subscription_schedule",
    "tax_id",
    "tax_rate",
    "test_helpers.test_clock",
    "webhook_endpoint",
]


@pytest.mark.parametrize("name", STORE_OBJECTS)
def test_a_skeleton_has_the_fields_of_the_resource_class(name):
    declared = get_object_class("V1", name)
    runtime = {
        field for field in declared.__annotations__ if not field.startswith("_") and field not in {"OBJECT_NAME", "deleted"}
    }
    assert contract.fields(name) == runtime
    skeleton = contract.skeleton(name)
    assert skeleton.keys() == runtime
    assert skeleton["object"] == name
    assert contract.missing(skeleton) == []


def test_every_object_of_the_api_can_be_read():
    assert len(objects._classes()) > 140
    for name in objects._classes():
        assert contract.skeleton(name).keys() == contract.fields(name)


def test_a_skeleton_is_neutral_where_it_can_be_and_null_where_code_must_speak():
    invoice = contract.skeleton("invoice")
    assert invoice["lines"] == {"object": "list", "data": [], "has_more": False, "url": ""}
    assert invoice["status_transitions"] == {
        "finalized_at": None,
        "marked_uncollectible_at": None,
        "paid_at": None,
        "voided_at": None,
    }
    assert (invoice["total"], invoice["livemode"], invoice["metadata"], invoice["discounts"]) == (0, False, {}, [])
    assert (invoice["created"], invoice["period_end"], invoice["currency"]) == (None, None, None)


def test_a_skeleton_is_fresh():
    contract.skeleton("invoice")["status_transitions"]["paid_at"] = 1
    contract.skeleton("invoice")["lines"]["data"].append("line")
    assert contract.skeleton("invoice")["status_transitions"]["paid_at"] is None
    assert contract.skeleton("invoice")["lines"]["data"] == []


def tax_id() -> dict:
    return contract.skeleton("tax_id") | {"id": "txi_1", "created": 1_800_000_000, "type": "eu_vat", "value": "DE123456789"}


def test_a_finished_object_has_no_violation():
    assert contract.violations(tax_id()) == []


def test_fields_absent_at_any_depth_are_named_by_their_path():
    price = contract.skeleton("price") | {"recurring": {"interval": "month", "interval_count": 1, "trial_period_days": None}}
    del price["nickname"]
    subscription = contract.skeleton("subscription")
    subscription["items"]["data"] = [contract.skeleton("subscription_item") | {"price": price}]
    page = {"object": "list", "data": [subscription], "url": "/v1/subscriptions"}
    absent = ["has_more", "data[0].items.data[0].price.nickname", "data[0].items.data[0].price.recurring.usage_type"]
    assert contract.missing(page) == absent
    assert sorted(contract.missing(page, strict=True)) == sorted([*absent, "data[0].items.data[0].price.recurring.meter"])


def test_an_events_object_is_walked_too():
    event = contract.skeleton("event")
    event["data"]["object"] = {"object": "tax_id", "id": "txi_1"}
    assert "data.object.verification" in contract.missing(event)


def test_a_part_is_a_fresh_hash_from_inside_an_object():
    recurring = contract.part("price", "recurring")
    assert recurring.keys() == {"interval", "interval_count", "meter", "trial_period_days", "usage_type"}
    assert contract.part("payment_intent", "payment_method_options", "card")["network"] is None
    assert contract.part("price", "tiers")["up_to"] is None
    recurring["interval"] = "month"
    assert contract.part("price", "recurring")["interval"] is None
    with pytest.raises(LookupError, match="no hash at nickname"):
        contract.part("price", "nickname")


def test_an_expanded_object_is_walked_and_an_id_is_not():
    invoice = contract.skeleton("invoice") | {"customer": "cus_1"}
    assert contract.missing(invoice) == []
    customer = contract.skeleton("customer")
    del customer["email"]
    assert contract.missing(invoice | {"customer": customer}) == ["customer.email"]


def test_fields_that_come_on_expansion_only_may_be_absent():
    customer = contract.skeleton("customer")
    for name in contract.ON_EXPANSION["customer"]:
        del customer[name]
    assert contract.missing(customer) == []
    for name, optional in contract.ON_EXPANSION.items():
        assert optional <= contract.fields(name)


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ({"created": None}, "created: null"),
        ({"created": "today"}, "created: ill-typed str"),
        ({"livemode": 0}, "livemode: ill-typed int"),
        ({"customer": 7}, "customer: ill-typed int"),
        ({"verification": []}, "verification: ill-typed list"),
        ({"vat": "x"}, "vat: not declared"),
        ({"object": "taxid"}, "object: 'taxid' is no object of the API"),
        (
            {"verification": {"status": "odd", "verified_address": None, "verified_name": None}},
            "verification.status: 'odd' is none of",
        ),
    ],
)
def test_violations_say_where_and_what(change, violation):
    assert str(contract.violations(tax_id() | change)[0]).startswith(violation)


def test_a_deleted_objects_stub_is_whole_with_id_and_object():
    assert contract.missing({"object": "customer", "id": "cus_1", "deleted": True}) == []
    assert contract.missing({"object": "customer", "deleted": True}) == ["id"]


def test_decimals_travel_as_strings_and_percentages_as_numbers():
    price = contract.skeleton("price") | {"unit_amount_decimal": 12}
    assert "unit_amount_decimal: ill-typed int" in [str(each) for each in contract.violations(price)]
    coupon = contract.skeleton("coupon") | {"percent_off": "12.5"}
    assert "percent_off: ill-typed str" in [str(each) for each in contract.violations(coupon)]


def test_an_unknown_object_has_no_skeleton():
    with pytest.raises(LookupError, match="no object 'sandwich'"):
        contract.skeleton("sandwich")
