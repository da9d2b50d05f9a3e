"""What a cart and a checkout say is charged first: what Stripe's payment page then asks for, to the cent."""

from dataclasses import replace

import pytest

from billing import gateway
from billing.models import Cart, CheckoutAttempt
from billing.rules import tax
from tests import shelf
from tests.billing.calling import Program

CART = {"plan": "fieldnote/team", "seats": 7, "interval": "month", "currency": "eur"}


@pytest.fixture
def own(cast):
    return Program(cast.organization_key)


def put_tax(shop, mode):
    shop.sell(replace(shelf.read(), tax=tax.Settings(tax.Mode(mode), "DE", (tax.Rate("DE", "VAT", "19"),))))
    shop.organization.country = "DE"
    shop.organization.save()
    shop.settle()


def test_with_a_code_and_an_add_on_and_tax(own, shop, cast):
    put_tax(shop, "rates")
    made = own.post("carts", CART | {"promotion_code": "welcome20"}).json()
    Cart.objects.update(addons={"blueprints": 1})
    charge = own.get(f"carts/{made['id']}").json()["charge"]
    assert charge["subtotal_minor"] > made["charge"]["subtotal_minor"] == made["total_minor"]
    assert (charge["discount_minor"], charge["is_before_tax"]) == (charge["subtotal_minor"] // 5, False)
    assert charge["taxes"][0]["percent"] == "19"
    assert charge["taxes"][0]["taxable_minor"] == charge["subtotal_minor"] - charge["discount_minor"]
    assert charge["due_now_minor"] == charge["total_minor"] == charge["taxes"][0]["taxable_minor"] + charge["tax_minor"]

    asked = {"cart": made["id"], "accepted_by": cast.membership(cast.owner).pk}
    opened = own.post("checkouts", asked).json()
    assert opened["charge"] == charge == own.get(f"checkouts/{opened['id']}").json()["charge"]
    session = gateway.session(CheckoutAttempt.objects.get().stripe_session_id)
    assert session.amount_total == charge["due_now_minor"]


def test_what_is_not_known_yet_and_what_is_not_due_yet(own, shop):
    put_tax(shop, "stripe")
    charge = own.post("carts", CART | {"is_trial": True}).json()["charge"]
    assert (charge["is_before_tax"], charge["tax_minor"], charge["due_now_minor"]) == (True, 0, 0)
    assert charge["total_minor"] == charge["subtotal_minor"] > 0
