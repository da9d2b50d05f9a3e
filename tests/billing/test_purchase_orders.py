"""Purchase orders: on the very first invoice and on each later one, wherever an invoice is read."""

import pytest
import requests

from accounts.models import Journal, OutgoingMail
from billing import gateway
from billing.models import BillingDetails, CheckoutAttempt, Customer, Invoice
from billing.rules import purchase_orders
from billing.rules.stripe_events import Kind
from billing.services.changes import seats
from billing.services.mirroring import invoices
from billing.services.reconciliation import reconciling_looks
from billing.services.selling import checkout
from billing.services.tax import tax_details
from config import clock
from tests.billing.calling import Program, assert_problem
from tests.shop import text

ORDER = "PO 4711 & 4712"


@pytest.fixture
def buyer(client, cast):
    client.force_login(cast.owner)
    return client


def save(shop, order):
    tax_details.save(shop.organization, {"purchase_order": order}, origin=shop.origin, at=clock.now())


def test_the_very_first_invoice_bears_it_and_so_does_each_place_that_shows_it(shop, buyer):
    cart = shop.cart(seats=10)
    assert 'name="purchase_order"' in text(buyer.get("/cart/"))
    form = {"cart": cart.public_id, "accept": "yes", "purchase_order": f" {ORDER}\n"}
    shop.pay(buyer.post("/checkout/", form)["Location"])
    shop.settle()
    first = Invoice.objects.get()
    assert (first.status, first.purchase_order) == ("paid", ORDER)
    assert requests.get(invoices.hosted_url(first), timeout=30).text.count("PO 4711 &amp; 4712") == 1
    assert requests.get(invoices.pdf_url(first), timeout=30).content.count(b"PO 4711 & 4712") == 1
    assert ORDER in text(buyer.get("/invoices/"))
    assert ORDER in buyer.get("/invoices/file/").content.decode().splitlines()[1]
    receipt = OutgoingMail.objects.get(kind="billing/receipt", recipient=shop.owner.email)
    assert receipt.context["purchase_order"] == ORDER
    assert Journal.objects.filter(kind="billing.details.changed", data={"fields": ["purchase_order"]}).exists()


def test_a_later_one_is_on_what_comes_later_and_on_what_is_drafted(shop, buyer):
    bought = shop.kept("bought", lambda: shop.buy(seats=10))
    save(shop, "A")
    offer = seats.offer(bought, seats=100, at=clock.now())  # so many are billed at once
    seats.confirm(bought, token=offer.token, origin=shop.origin, at=clock.now())
    shop.advance_to(shop.fresh(bought).period_ends_at)
    assert sorted(Invoice.objects.values_list("status", "purchase_order")) == [("draft", "A"), ("paid", ""), ("paid", "A")]
    buyer.post("/settings/billing/", {"country": "DE", "purchase_order": "B"})
    shop.advance(hours=2)
    renewal = Invoice.objects.get(billing_reason="subscription_cycle")
    assert (renewal.status, renewal.purchase_order) == ("paid", "B")
    shop.organization.locale = "de"
    shop.organization.save()
    save(shop, "C")
    (field,) = gateway.customer(Customer.objects.get().stripe_id).invoice_settings.custom_fields
    assert (field.name, field.value) == ("Bestellnummer", "C")
    save(shop, "")
    assert not gateway.customer(Customer.objects.get().stripe_id).invoice_settings.custom_fields


def test_one_that_staff_typed_at_stripe_becomes_ours(shop):
    shop.kept("bought", lambda: shop.buy(seats=10))
    customer = Customer.objects.get().stripe_id
    fields = [{"name": "Project", "value": "Apollo"}, {"name": "PO number", "value": "C"}]
    gateway.update_customer(customer, {"invoice_settings": {"custom_fields": fields}}, key="staff")
    shop.settle()
    assert BillingDetails.objects.get().purchase_order == "C"
    told = Journal.objects.get(kind="billing.details.changed")
    assert (told.source, told.data) == ("stripe", {"fields": ["purchase_order"]})
    BillingDetails.objects.update(purchase_order="B")  # as if the event had been lost
    assert reconciling_looks.customers([gateway.customer(customer)]).stale == [(Kind.CUSTOMER, customer)]


def test_what_changes_while_the_customer_is_being_made_is_told_too(shop, cast):
    cart = shop.cart(seats=5)
    shop.control("POST", "faults", match="POST /v1/checkout/sessions", kind="429", times=3)
    checkout.start(cart=cart, organization=shop.organization, origin=shop.origin, at=clock.now(), purchase_order="A")
    save(shop, "B")
    shop.organization.stripe_commands.update(due_at=clock.wall())
    shop.settle()
    assert purchase_orders.read(gateway.customer(Customer.objects.get().stripe_id).invoice_settings.custom_fields) == "B"


def test_what_cannot_be_bought_changes_nothing(shop, buyer):
    shop.kept("bought", lambda: shop.buy(seats=10))
    cart = shop.cart(seats=5)
    buyer.post("/checkout/", {"cart": cart.public_id, "accept": "yes", "purchase_order": "PO 1"})
    assert not BillingDetails.objects.exclude(purchase_order="").exists()


def test_by_the_api(shop, cast):
    own = Program(cast.organization_key)
    asked = {"cart": shop.cart(seats=5).public_id, "accepted_by": cast.membership(cast.owner).pk}
    answer = own.post("checkouts", asked | {"purchase_order": "7" * 141})
    assert_problem(answer, 400, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "#/purchase_order"
    assert not CheckoutAttempt.objects.exists()
    shop.pay(own.post("checkouts", asked | {"purchase_order": ORDER}).json()["url"])
    shop.settle()
    assert own.get("invoices").json()["data"][0]["purchase_order"] == ORDER
    assert own.get("billing-details").json()["purchase_order"] == ORDER
